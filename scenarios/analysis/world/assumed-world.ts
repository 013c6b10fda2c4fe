/** The machine around a ruleset, as far as it is known: what it was told, and what is assumed. */
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";

/** Something about the machine that rules do not tell, and that was taken to be so. @public */
export interface Assumption {
	readonly kind: "interface" | "address" | "route" | "mark-route" | "sysctl";
	/** `eth0 has 203.0.113.1/24` */
	readonly text: string;
	/** Why: `the rule in line 4 balances connections to it`. */
	readonly because: string;
	/** What tells it: `--addresses`. */
	readonly given: string;
}

/** A routing rule that looks at marks: `ip rule add fwmark 0x1/0xff lookup uplink1`. @public */
export interface MarkRoute {
	readonly priority: number;
	readonly mark: number;
	readonly mask: number;
	/** Its name, or its number. */
	readonly table: string;
	/** The default route of that table; `null`: it has none. */
	readonly via: string | null;
	readonly interface: string | null;
}

/** @public */
export interface AssumedWorld {
	readonly setup: GatewaySetup;
	readonly assumptions: readonly Assumption[];
	/** By priority; empty when no routing rules are known. */
	readonly markRoutes: readonly MarkRoute[];
	/** By which interface clients come: those of `-i`, or the one with the default route. */
	readonly clientInterfaces: readonly string[];
}
