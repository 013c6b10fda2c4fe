/**
 * The gateway under test, as everything around it sees it. The model (`model-gateway.ts`) is one
 * implementation; a kernel in a virtual machine is another. It is told what happens to it and
 * answers with the packets that come out.
 */

import type { Linux } from "../linux/linux.ts";
import type { Address, Packet } from "../packet/packet.ts";
import type { HookName } from "../packet/skb/skb.ts";
import type { DropReason } from "./drop-reason.ts";
import type { TableName } from "./ruleset.ts";
import type { SctpStateName } from "./sctp-state-name.ts";
import type { TcpStateName } from "./tcp-state-name.ts";

/** How the gateway is wired. @public */
export interface GatewaySetup {
	readonly interfaces: readonly InterfaceSetup[];
	/** Besides those that follow from the interfaces' own networks. `via: null` is on the link. */
	readonly routes: readonly RouteSetup[];
	/** By their names below `net.` without the prefix: `netfilter.nf_conntrack_tcp_loose`, `ipv4.ip_forward` … */
	readonly sysctls: Readonly<Record<string, number>>;
	/**
	 * Commands of iproute2, run in this order once interfaces and routes stand: `ip rule add fwmark 11 table 111`,
	 * `ip route add default via 203.0.113.1 dev isp2 table 111`, `ip addr add …`. Left out: none.
	 */
	readonly ip?: readonly string[];
	/**
	 * Sets as `ipset save` prints them, restored before the ruleset is loaded; rules may name these alone. Left out:
	 * nothing is known of sets, and a packet that meets a rule with one has an unknown outcome.
	 */
	readonly sets?: string;
	/**
	 * Addresses of countries for `-m geoip`, by code: ranges that ascend, `192.0.2.0/24` or `192.0.2.1-192.0.2.9`. A
	 * packet that meets a rule with another country has an unknown outcome.
	 */
	readonly geoip?: Readonly<Record<string, readonly string[]>>;
	/** Ports of the gateway itself on which a process listens; all others answer RST or port-unreachable. */
	readonly listeners: readonly {
		readonly protocol: "tcp" | "udp";
		readonly port: number;
	}[];
	/** Which Linux it is; left out: Debian 12 with iptables-legacy. */
	readonly linux?: Linux;
	/** Wall-clock time of virtual time 0, ms since 1970 (UTC). */
	readonly epochMs: number;
}

/** An interface of the gateway. @public */
export interface InterfaceSetup {
	readonly name: string;
	/** `10.0.0.1/8`, the primary one first. */
	readonly addresses: readonly string[];
	/** Octets. */
	readonly mtu: number;
}

/** A route of the gateway; `via: null` is a network on the link. @public */
export interface RouteSetup {
	/** `0.0.0.0/0`, `192.168.0.0/24` … */
	readonly destination: string;
	readonly via: string | null;
	readonly interface: string;
}

/** Something that is done to the gateway while it runs. @public */
export type Operation =
	/** `iptables-restore [--noflush] [--counters]` of a text. */
	| {
			readonly kind: "restore";
			readonly text: string;
			/** For messages. */
			readonly file: string;
			readonly noflush: boolean;
			readonly counters: boolean;
	  }
	/** One command line: `iptables -t mangle -A PREROUTING …`, `-D`, `-F`, `-Z`, `-N`, `-X`, `-P`, `-I`, `-R`, `-E`. */
	| { readonly kind: "iptables"; readonly command: string }
	/** Writes a text into `/proc/net/nf_condition/NAME`. */
	| {
			readonly kind: "condition";
			readonly name: string;
			readonly write: string;
	  }
	/** `conntrack -D` with a filter, which fails where no entry fits; `orNone`: that is no failure. */
	| {
			readonly kind: "evict";
			readonly filter: ConntrackFilter;
			readonly orNone?: true;
	  }
	| { readonly kind: "sysctl"; readonly name: string; readonly value: number }
	/** One command line of iproute2: `ip rule add …`, `ip route replace …`, `ip addr del …`. */
	| { readonly kind: "ip"; readonly command: string }
	/** One command line of ipset: `add blocked 10.0.0.1 timeout 60`, `swap new old`; `input` is what `restore` reads. */
	| {
			readonly kind: "ipset";
			readonly command: string;
			readonly input?: string;
	  }
	| { readonly kind: "link"; readonly interface: string; readonly up: boolean }
	/** Forgets what it knows of a neighbour (`ip neigh flush to`). */
	| { readonly kind: "forget-neighbour"; readonly address: string }
	/** A second gateway with the same ruleset and conditions, and an empty conntrack table, takes the addresses over. */
	| { readonly kind: "take-over" };

/** What a step of a scenario does: an eviction that finds nothing has failed there. @public */
export type StepOperation =
	| Exclude<Operation, { readonly kind: "evict" }>
	| Omit<Extract<Operation, { readonly kind: "evict" }>, "orNone">;

/** How an operation went: what the command would have printed, where it failed. @public */
export type OperationOutcome =
	| { readonly ok: true; readonly count?: number }
	| {
			readonly ok: false;
			readonly message: string;
			/** What iptables or iptables-restore ended with; left out: another program. */
			readonly exitCode?: number;
	  };

/** All that are given must hold. Addresses dotted. @public */
export interface ConntrackFilter {
	readonly protocol?: "tcp" | "udp" | "icmp" | "sctp";
	readonly originalSource?: string;
	readonly originalDestination?: string;
	readonly replySource?: string;
	readonly replyDestination?: string;
	readonly originalSourcePort?: number;
	readonly originalDestinationPort?: number;
	readonly mark?: number;
	/** Of TCP. */
	readonly state?: TcpStateName | SctpStateName;
}

/** A packet that came out of the gateway. @public */
export interface Emission {
	readonly atMs: number;
	readonly interface: string;
	readonly packet: Packet;
	/** The neighbour on the link that it is for: the next router, or its destination itself. Left out: not known. */
	readonly nextHop?: Address;
}

/** What became of a packet that went in. @public */
export type Fate =
	| { readonly kind: "forwarded"; readonly interface: string }
	| { readonly kind: "delivered" }
	| { readonly kind: "dropped"; readonly by: DroppedBy }
	/** Waiting for the neighbour's address, for the rest of its fragments, or in a race to be confirmed. */
	| {
			readonly kind: "queued";
			readonly waitsFor: "neighbour" | "fragments" | "race";
	  }
	| { readonly kind: "unknown"; readonly unknown: Unknown };

export function dropped(by: DroppedBy): Fate {
	return { kind: "dropped", by };
}

/** What becomes of a fragment that makes no whole packet. */
export function fragmentFate(is: "waits" | "dropped"): Fate {
	return is === "waits"
		? { kind: "queued", waitsFor: "fragments" }
		: dropped("broken fragment");
}

/** A rule or a policy as the kernel's TRACE spells it, `filter:INPUT:rule:3`; or the stack, with its reason. @public */
export type DroppedBy = DropReason | `${TableName}:${string}`;

/** The model does not know what a kernel would do here; nothing after it may be trusted. @public */
export interface Unknown {
	/** `table:CHAIN:rule:N`, or "" when it was not a rule. */
	readonly rule: string;
	/** The rule as iptables-save prints it, or "". */
	readonly text: string;
	/** Line of the rules file; 0 when there is none. */
	readonly line: number;
	readonly reason: string;
}

/** What a gateway shows of itself. Everything in the kernel's spelling. @public */
export interface Observation {
	/** `iptables-save -c`, comment lines left out. */
	readonly ruleset: string;
	readonly conntrack: readonly ConntrackLine[];
	/** Value by name. */
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	/**
	 * `ipset save`, without `hashsize` and `initval`, the elements of hashes in alphabetical order: all else is chance
	 * in a kernel. Left out: there are no sets.
	 */
	readonly sets?: string;
}

/** A conntrack entry. `text` is the line of `/proc/net/nf_conntrack`; the rest is the same, taken apart. @public */
export interface ConntrackLine {
	readonly text: string;
	readonly protocol: string;
	/** Conntrack state of TCP or SCTP, "" for other protocols. */
	readonly state: string;
	readonly timeoutS: number;
	readonly original: ConntrackTuple;
	readonly reply: ConntrackTuple;
	readonly unreplied: boolean;
	readonly assured: boolean;
	readonly mark: number;
}

/** One direction of a conntrack entry. @public */
export interface ConntrackTuple {
	readonly source: string;
	readonly destination: string;
	/** ICMP: the identifier; 0 for protocols without ports. */
	readonly sourcePort: number;
	readonly destinationPort: number;
}

/** One step of a packet's path: a rule that matched, the end of a chain, or a policy. @public */
export interface TraceEvent {
	/** In a race, the place of the packet among those that race, from 0; 0 for every other packet. */
	readonly racer: number;
	readonly table: TableName;
	readonly chain: string;
	readonly hook: HookName;
	/** As the kernel's TRACE says it. */
	readonly kind: "rule" | "return" | "policy";
	/** From 1, in its chain. */
	readonly number: number;
	/** What it decided: on to the next rule, into a chain and out of it, or what becomes of the packet. */
	readonly verdict: TracedVerdict;
	/** The packet as it stood there. */
	readonly packet: Packet;
	readonly inInterface: string;
	readonly outInterface: string;
	readonly markBefore: number;
	readonly markAfter: number;
	readonly connmark: number | null;
	/**
	 * What the packet was to its connection when the rule was reached, as `--ctstate` names it; `null`
	 * while it is not tracked: in raw, and where no rule asks for tracking.
	 */
	readonly ctstate: CtState | null;
	/** The packet met `-j TRACE` before: a kernel would log this event. */
	readonly traced: boolean;
	/** What `LOG` or `NFLOG` wrote here; `null` for every other target. */
	readonly log: LogEntry | null;
	/** `-A CHAIN …`; `-P CHAIN POLICY` for a policy; "" for the end of a user-defined chain. */
	readonly text: string;
}

/** What a rule decided of a packet, as `xtables-monitor` names it. @public */
export type TracedVerdict =
	| "ACCEPT"
	| "DROP"
	| "QUEUE"
	| "STOLEN"
	| "CONTINUE"
	| "JUMP"
	| "GOTO"
	| "RETURN";

/** A line in the kernel's log, or a message for a program that listens. @public */
export interface LogEntry {
	readonly kind: "LOG" | "NFLOG";
	readonly prefix: string;
}

/** How a packet relates to its connection, as `--ctstate` names it. @public */
export type CtState =
	| "NEW"
	| "ESTABLISHED"
	| "RELATED"
	| "INVALID"
	| "UNTRACKED";

/** Receives each step of each packet's path, as it happens. @public */
export type TraceSink = (event: TraceEvent) => void;
