/**
 * All ways that the first packet of a connection can take through a ruleset: a graph without circles,
 * whose inner nodes are what decides and whose leaves are what becomes of the packet. Ways that lead to
 * the same state of the walk share a node, so a cascade of a hundred backends has some hundred nodes.
 */
import type { HashOf } from "../../../sim/chance/choice.ts";
import type { Fate } from "../../../sim/contract/gateway.ts";
import type { Question } from "../../../sim/extension/traits.ts";
import type { Packet } from "../../../sim/packet/packet.ts";

/** A rule as the kernel names it, as iptables-save prints it, and its line (0: it came from no file). @public */
export interface RuleRef {
	/** `mangle:PREROUTING:rule:2` */
	readonly rule: string;
	/** `-A PREROUTING …` */
	readonly text: string;
	readonly line: number;
}

/** A rule that no packet which was walked matched. @public */
export interface UnmetRule extends RuleRef {
	/** It asks for something that was given or assumed: what is in a set, say. That tells why. */
	readonly isTold: boolean;
}

/** What decides at a node. */
export type Asked =
	| (Exclude<Question, { readonly kind: "condition" }> & {
			/** Which state it is: the same key, the same counter. */
			readonly key: string;
			readonly at: RuleRef;
	  })
	| {
			readonly kind: "condition";
			/** `condition NAME` */
			readonly key: string;
			readonly name: string;
			/** The first rule that asks on this way. */
			readonly at: RuleRef;
	  }
	/** A choice among equals: an address or a port of a range. */
	| {
			readonly kind: "spread";
			readonly key: string;
			readonly at: RuleRef;
			/** `hash`: follows from the client's address, so each has an equal part of the clients and not of the connections. */
			readonly by: "hash" | "draw";
			readonly count: number;
			/** Of what the hash is. */
			readonly of?: HashOf;
			/** The way of this packet, where a hash of its addresses says which. */
			readonly own?: number;
	  };

export type Decision =
	| {
			readonly kind: "fork";
			readonly asked: Asked;
			/**
			 * A match: what comes when it does not hold, and when it does. A condition: when it is 0, and when it is
			 * 1. A spread: one for each of `count`.
			 */
			readonly ways: readonly Decision[];
	  }
	| { readonly kind: "leaf"; readonly end: End };

/** What became of the packet. */
export interface End {
	readonly fate: Fate;
	/** As it left the gateway, or was delivered; as it stood where it was dropped; `null` when that is unknown. */
	readonly packet: Packet | null;
	/** Its mark when it was routed: what `ip rule fwmark` sees. */
	readonly routingMark: number;
	readonly mark: number;
	readonly connmark: number;
	/** The interface by which routing sends it, also where a rule drops it behind that; `null`: by none. */
	readonly towards: string | null;
	/** A rule has exempted it from conntrack, and so from NAT. */
	readonly isUntracked: boolean;
	/** Rules with a target that it matched on the first way that leads here, in order. */
	readonly rules: readonly RuleRef[];
	/** How many of `rules` it met before it was routed: the last of these has sent it where it goes. */
	readonly beforeRouting: number;
	/** A rule has given it a destination, which may be the one that it had. */
	readonly isTranslated: boolean;
	/** A list that rules remember clients in was written on the way: the next connection of the client may go elsewhere. */
	readonly remembers: boolean;
	/** A list or a set to which packets write was asked on the way: a client that is in it may go elsewhere. */
	readonly asksWhoCame: boolean;
	/** Which of several next hops it takes is chance, and the first stands for all of them here. */
	readonly drawsHop: boolean;
	/** What the gateway sent back, in packet notation: a reset, an ICMP error. */
	readonly answered: string | null;
	/** By which ways the walk came here: those that were taken at the forks, from the root. */
	readonly ways: readonly number[];
}
