/** What a ruleset balances. */
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Drive, Split } from "../split/split.ts";
import type { Decision, RuleRef } from "../walk/decision.ts";

/** Closed intervals of addresses or ports, ascending, as unsigned numbers; `null`: any. */
export type Ranges =
	| readonly (readonly [least: number, greatest: number])[]
	| null;

/** Where connections of a service go. */
export interface Backend {
	/** `10.20.0.11:80`, `port 8080 of the gateway`, `mark 0x1`, `from 198.51.100.7`: unique in its service. */
	readonly key: string;
	/** Dotted; `null` where the backend is a mark. */
	readonly address: string | null;
	readonly port: number | null;
	/** That routing reads. */
	readonly mark: number | null;
	/** Conditions that belong to it. */
	readonly conditions: readonly string[];
	/** Rules that send connections there. */
	readonly rules: readonly RuleRef[];
}

/** What a condition does to a service. @public */
export interface ConditionRole {
	readonly name: string;
	/** Backends that get nothing at the value that is not `alive`. */
	readonly backends: readonly string[];
	/** The value at which they get connections; `null`: each value has backends of its own, or it has no effect. */
	readonly alive: 0 | 1 | null;
}

/** Has its key, its name or the key of a backend this text in it? */
export function isCalled(
	{ key, name, backends }: Pick<Service, "key" | "name" | "backends">,
	text: string,
): boolean {
	return (
		key.includes(text) ||
		name?.includes(text) === true ||
		backends.some((backend) => backend.key.includes(text))
	);
}

/** Values of conditions, and what they come to. */
export interface VectorSplit {
	/** `all alive`, `10.20.0.11:80 dead`, `all dead`, or the values. */
	readonly name: string;
	readonly kind: "alive" | "dead" | "all-dead" | "other";
	/** Backends whose conditions say that they are dead. */
	readonly dead: readonly string[];
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	readonly split: Split;
}

/** Clients that the ruleset treats alike. */
export interface ClientClass {
	/** `all clients`, `clients of 10.0.0.0/8`, `clients at eth1`. */
	readonly name: string;
	readonly sources: Ranges;
	/** The interface by which the packet that stands for them came in. */
	readonly interface: string;
	/** The first packet that stands for them. */
	readonly packet: Packet;
	readonly decision: Decision;
	/** All alive first. */
	readonly vectors: readonly VectorSplit[];
}

/** Addresses and ports that clients know, and what becomes of their connections. */
export interface Service {
	/** `tcp 203.0.113.1:80`: unique in its ruleset. */
	readonly key: string;
	/** What comments of its rules call it (`default/web:http`); `null`: nothing. */
	readonly name: string | null;
	readonly protocol: "tcp" | "udp" | "icmp" | "other" | "any";
	readonly addresses: Ranges;
	readonly ports: Ranges;
	/** By which interfaces; `null`: any. */
	readonly interfaces: readonly string[] | null;
	/** Whose connections they are: those of clients around, of the gateway's own programs, or of both alike. */
	readonly openedBy: "clients" | "gateway" | "both";
	/** What differs between backends: where connections go, the mark that routing reads, or the address they come from. */
	readonly balances: "destination" | "mark" | "source";
	readonly backends: readonly Backend[];
	readonly conditions: readonly ConditionRole[];
	readonly classes: readonly ClientClass[];
	/** The first packet that was walked for it. */
	readonly sample: { readonly interface: string; readonly packet: Packet };
	/** Shares that the order of classes can drive; [] when it cannot. */
	readonly drives: readonly Drive[];
}

/** The key of a part that no backend gets: `nobody: delivered to the gateway itself`, `nobody: dropped by filter:FORWARD:rule:3`. */
export const NO_BACKEND = "no backend";
