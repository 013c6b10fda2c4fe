/**
 * What is to happen, before it is known how: who says what to whom. Which packets that makes depends on
 * what the gateway does with the ones before, so plans are turned into packets by playing them
 * (`../case-to-scenario.ts`). Plans are what is shrunk.
 */
import type { Operation } from "../../../sim/contract/gateway.ts";
import type { TcpOptions } from "../../../sim/packet/packet.ts";
import type { InterfaceName, Place } from "../world/topology.ts";

/** A conversation that may come about. */
export interface FlowPlan {
	readonly protocol: "tcp" | "udp" | "icmp";
	readonly client: Place;
	/** Whom the client means; rules may send it elsewhere. */
	readonly target: string;
	/** Of ICMP: the identifier. */
	readonly clientPort: number;
	readonly targetPort: number;
	/** Initial sequence numbers. */
	readonly clientSeq: number;
	readonly serverSeq: number;
}

export type Side = "client" | "server";

/** What a flow of TCP speaks. */
export interface SpokenPlan {
	readonly speaks: "smtp" | "http" | "echo" | "silent";
	/** Over one connection, and the client closes; else one thing alone. */
	readonly isLong: boolean;
	/** The program turns its clients away. */
	readonly isUnavailable: boolean;
}

/** States of conntrack that a few packets lead to; both ways of closing are there. */
export type ReachableState =
	| "SYN_SENT"
	| "SYN_SENT2"
	| "SYN_RECV"
	| "ESTABLISHED"
	| "FIN_WAIT"
	| "CLOSE_WAIT"
	| "LAST_ACK"
	| "TIME_WAIT"
	| "CLOSE";

/** Where a segment's numbers lie, seen from what its sender has sent and heard. */
type SeqPlan = "next" | "again" | "before" | "old" | "beyond";
type AckPlan = "heard" | "old" | "future";

/** `none` is UDP's alone; others are right then. */
export type ChecksumPlan = "right" | "wrong" | "none";

export interface SegmentPlan {
	readonly flags: number;
	readonly seq: SeqPlan;
	readonly ack: AckPlan;
	readonly octets: number;
	readonly window: number;
	readonly options: Partial<TcpOptions>;
	readonly checksum: ChecksumPlan;
}

export type StepPlan = { readonly afterMs: number } & StepPlanKind;

export type StepPlanKind =
	/** Packets in order, until conntrack should be there; and a segment that meets it in that state. */
	| {
			readonly kind: "reach";
			readonly flow: number;
			readonly state: ReachableState;
			readonly next: {
				readonly side: Side;
				readonly segment: SegmentPlan;
			} | null;
	  }
	| {
			readonly kind: "segment";
			readonly flow: number;
			readonly side: Side;
			readonly segment: SegmentPlan;
	  }
	/** One packet of the flow's protocol, as it goes on by itself: data, a datagram, an echo request or reply. */
	| {
			readonly kind: "message";
			readonly flow: number;
			readonly side: Side;
			readonly octets: number;
			readonly ttl: number;
			readonly tos: number;
			readonly checksum: ChecksumPlan;
	  }
	/** A client asks again and again, as resolvers and tunnels do; each time the server answers, or it does not. */
	| {
			readonly kind: "exchange";
			readonly flow: number;
			readonly rounds: number;
			/** Between one round and the next. */
			readonly everyMs: number;
			readonly isAnswered: boolean;
			readonly octets: number;
	  }
	/** The same as a message, in two fragments. */
	| {
			readonly kind: "fragments";
			readonly flow: number;
			readonly side: Side;
			readonly octets: number;
			/** Length of the first one, in units of eight octets. */
			readonly units: number;
			readonly isBackwards: boolean;
			/** The second one never comes. */
			readonly isTorn: boolean;
	  }
	/** An ICMP error about what last reached this side, or about a packet that was never sent. */
	| {
			readonly kind: "error";
			readonly flow: number;
			readonly side: Side;
			readonly type: number;
			readonly code: number;
			readonly isInvented: boolean;
			/** From a router on the way, not from the end itself. */
			readonly isFromAfar: boolean;
	  }
	/** First packets at once, each of a conversation of its own, that may well clash; and answers to them. */
	| {
			readonly kind: "race";
			readonly flows: readonly FlowPlan[];
			readonly isAnswered: boolean;
	  }
	/** A whole conversation of TCP: what clients and programs of scenarios say, with the handshake before it. */
	| {
			readonly kind: "dialogue";
			readonly flow: number;
			readonly spoken: SpokenPlan;
	  }
	/** A packet that belongs to nothing, in one-line notation. */
	| {
			readonly kind: "stray";
			readonly interface: string;
			readonly packet: string;
	  }
	| { readonly kind: "observe" }
	/** A program of the box's own that may end, if there is one: its place among them. */
	| {
			readonly kind: "program";
			readonly place: number;
			readonly becomes: "refuse" | "up";
	  }
	/** A link loses its carrier while its interface stays up, or gets it back. */
	| {
			readonly kind: "carrier";
			readonly interface: InterfaceName;
			readonly becomes: "lost" | "back";
	  }
	/** The router of the default route dies while its link stays up, or comes back. */
	| {
			readonly kind: "neighbour";
			readonly becomes: "vanish" | "silent" | "up";
	  }
	/** An address goes to another router on its link, or comes back: it is removed or added, and announced. */
	| {
			readonly kind: "announce";
			readonly address: string;
			readonly by: "gateway" | "other";
	  }
	| { readonly kind: "operation"; readonly operation: Operation }
	/** The ruleset once more, as it stands in the setup, or another one in its place. */
	| {
			readonly kind: "reload";
			readonly ruleset: string | null;
			readonly noflush: boolean;
			readonly counters: boolean;
			/** It ends at this line, which stands where this part of the text ends; `null`: it does not. */
			readonly fault: { readonly line: string; readonly part: number } | null;
	  }
	/** The table is full, of entries that cannot make room, for the next steps. */
	| { readonly kind: "full"; readonly steps: readonly StepPlan[] };
