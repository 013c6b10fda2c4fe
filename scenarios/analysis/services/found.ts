/** What is found on the way to services. */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import type { Links } from "../spaces/links.ts";
import type { Space } from "../spaces/space.ts";
import type { Decision } from "../walk/decision.ts";
import type { Arrival, Walker } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import type { ClassOfClients } from "./client-classes.ts";
import type { Service } from "./service.ts";

/** Packets that move counters or draw, and that nothing balances. */
export interface OtherTraffic {
	/** `tcp to any address, port 25, by eth0` */
	readonly name: string;
	readonly arrival: Arrival;
	readonly decision: Decision;
}

/** Packets that rules exempt from conntrack, whichever way they take, and that nothing balances. */
export interface ExemptTraffic {
	readonly space: Space;
	readonly decision: Decision;
}

/** Packets of one service, with its classes of clients. */
export interface Found {
	readonly balances: Service["balances"];
	/** They differ in addresses alone, or in ports alone. */
	readonly spaces: readonly Space[];
	/** The classes of clients of each space. */
	readonly classesOf: readonly (readonly ClassOfClients[])[];
	readonly arrival: Arrival;
	/** Those of the first space. */
	readonly classes: readonly ClassOfClients[];
	/** Equal for spaces whose clients take the same ways to the same ends. */
	readonly signature: string;
	/** The same of each class of the first space, without its name. */
	readonly decisions: readonly string[];
	readonly openedBy: Service["openedBy"];
}

/** What services are found with. */
export interface Context {
	readonly ruleset: Ruleset;
	readonly walker: Walker;
	readonly links: Links;
	readonly world: AssumedWorld;
	readonly gaps: string[];
	/** Rules name each address that the gateway has. */
	readonly namesOwn: boolean;
	/** Marks are for routing to read, not only for rules. */
	readonly areForRouting: boolean;
	/** Has a rule of a table a part in what is balanced? */
	matters(
		balances: Service["balances"],
	): (table: string, rule: Rule) => boolean;
}
