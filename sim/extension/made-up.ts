/**
 * A walk that takes every way makes a packet up, which stands for all that clients and hosts send in its place. What
 * they are assumed to send is written down here:
 *
 * - a client's port is one of 1024 to 65535, and none that a rule names alone: that is a service's, or it is asked
 *   for by the clients that the rule is for;
 * - the first segment of a TCP connection is a SYN alone of 40 to 80 octets, with an MSS of 536 to 65495, and
 *   with other options or without; a SYN/ACK is the same;
 * - other segments have up to 1500 octets and are ACK, PSH|ACK or FIN|ACK; resets are what they are;
 * - datagrams and other packets have up to 1500 octets, the first ones as well;
 * - any TOS, any hardware address, a TTL of 1 to 255 when it comes in;
 * - no IPv4 option, no fragment, addressed to one host.
 *
 * A match that holds for all of these, or for none, is decided. One that does not is asked about, and the walk goes
 * both ways. What rules have written over is what they have written.
 */
import { LOOPBACK_IFINDEX } from "../kernel.ts";
import { ACK, FIN, type Packet, PSH, RST, SYN } from "../packet/packet.ts";
import type { Skb } from "../packet/skb/skb.ts";

/** Closed intervals, ascending, with gaps between them. */
export type Numbers = readonly (readonly [least: number, greatest: number])[];

/** A packet that a walk has made up. */
export interface MadeUp {
	/** As it came in. */
	readonly packet: Packet;
	/** A host answers: its destination port is the client's. */
	readonly isAnswer: boolean;
}

/** A value of a packet that is made up. */
export interface Value {
	/** In words: `the TTL of the packet`. */
	readonly on: string;
	/** Equal for matches that ask for the same value of the same packet. */
	readonly key: string;
	/** What it may be. */
	readonly may: Numbers;
	/** It is the same in all packets of a connection that come from there. */
	readonly lasts?: true;
}

/** What a match asks for: it holds where the value is one of these. */
export interface ValueAsked extends Value {
	readonly holds: Numbers;
}

/** Of a packet; `null`: the packet tells it. */
export type ValueOf = (skb: Skb, made: MadeUp) => Value | null;

const PORTS: Numbers = [[1024, 65535]];
const MSS: Numbers = [[536, 65495]];
const OCTET = 255;
const MOST_OCTETS = 1500;
const SYN_OCTETS: Numbers = [[40, 80]];
const HEADERS = { tcp: 40, udp: 28, icmp: 28, other: 20 } as const;
const EITHER: Numbers = [[0, 1]];
export const NO: Numbers = [[0, 0]];
export const YES: Numbers = [[1, 1]];

export const madeUp = {
	/** A host that sends it says it; each router takes one away. */
	ttl(skb, { packet, isAnswer }) {
		const passed = packet.ttl - skb.ttl;
		if (passed !== 0 && passed !== 1) return null;
		const may: Numbers = [[1, OCTET - passed]];
		const key = `ttl ${passed}${sideOf(isAnswer)}`;
		return { on: "the TTL of the packet", key, may, lasts: true };
	},
	tos(skb, { packet }) {
		if (skb.tos !== packet.tos) return null;
		const may: Numbers = [[0, OCTET]];
		return { on: "the TOS of the packet", key: "tos", may };
	},
	length(skb, { packet }) {
		if (skb.fragment !== null) return null;
		const { kind } = packet;
		const isSyn = kind === "tcp" && (skb.tcpFlags & SYN) !== 0;
		const may: Numbers = isSyn ? SYN_OCTETS : [[HEADERS[kind], MOST_OCTETS]];
		return { on: "the length of the packet", key: "length", may };
	},
	/** Of a segment that neither opens nor resets a connection. */
	flags(skb, { packet }) {
		if (packet.kind !== "tcp" || skb.tcpFlags !== packet.flags) return null;
		const { flags } = packet;
		if ((flags & (SYN | RST)) !== 0 || (flags & ACK) === 0) return null;
		const closes = FIN | ACK;
		const may =
			(flags & FIN) === 0 ? [ACK, closes, ACK | PSH] : [closes, closes | PSH];
		return {
			on: "the flags of the segment",
			key: "flags",
			may: may.map((one) => [one, one]),
		};
	},
	/** A client's own, in its packets. */
	sourcePort(skb, { packet, isAnswer }) {
		if (isAnswer || !hasPorts(packet)) return null;
		if (skb.sourcePort !== packet.sourcePort) return null;
		return clientPort(packet.sourcePort);
	},
	/** The same in answers. */
	destinationPort(skb, { packet, isAnswer }) {
		if (!isAnswer || !hasPorts(packet)) return null;
		return clientPort(skb.destinationPort);
	},
	mss(skb, { packet }) {
		if (packet.kind !== "tcp" || (skb.tcpFlags & SYN) === 0) return null;
		if (skb.tcpOptions.mss !== packet.options.mss) return null;
		return { on: "the MSS of the client", key: "mss", may: MSS };
	},
	mac: (skb, { isAnswer }) =>
		skb.inInterface > LOOPBACK_IFINDEX
			? {
					on: "the hardware address of the sender",
					key: `mac${sideOf(isAnswer)}`,
					lasts: true,
					may: [[0, 2 ** 48 - 1]],
				}
			: null,
} as const satisfies Readonly<Record<string, ValueOf>>;

function sideOf(isAnswer: boolean): string {
	return isAnswer ? " of the host" : "";
}

function hasPorts(
	packet: Packet,
): packet is Extract<Packet, { readonly kind: "tcp" | "udp" }> {
	return packet.kind === "tcp" || packet.kind === "udp";
}

/** One that no client has by itself was made up since rules ask for it. */
function clientPort(own: number): Value | null {
	return lies(own, PORTS)
		? { on: "the client's port", key: `port ${own}`, may: PORTS, lasts: true }
		: null;
}

/** @param fits which TOS octets a match takes */
export function askedOfTos(
	fits: (tos: number) => boolean,
): (skb: Skb, made: MadeUp) => ValueAsked | null {
	const holds = fitting([[0, OCTET]], fits);
	return (skb, made) => {
		const value = madeUp.tos(skb, made);
		return value && { ...value, holds };
	};
}

/** A value of its own, which is there or not: an option, a bit. @param key begins with what it is of */
export function yesOrNo(on: string, key: string): Value {
	return { on, key, may: EITHER };
}

/** Values that fit, of few. */
export function fitting(
	may: Numbers,
	fits: (value: number) => boolean,
): Numbers {
	const found: [number, number][] = [];
	for (const [least, greatest] of may)
		for (let value = least; value <= greatest; value++) {
			if (!fits(value)) continue;
			const last = found.at(-1);
			if (last !== undefined && last[1] === value - 1) last[1] = value;
			else found.push([value, value]);
		}
	return found;
}

/** What lies in one range, or not in it. */
export function inRange(
	least: number,
	greatest: number,
	inverted: boolean,
): Numbers {
	if (!inverted) return least > greatest ? [] : [[least, greatest]];
	const sides: Numbers = [
		[Number.NEGATIVE_INFINITY, least - 1],
		[greatest + 1, Number.POSITIVE_INFINITY],
	];
	return least > greatest
		? [[Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]]
		: sides;
}

function lies(value: number, numbers: Numbers): boolean {
	return numbers.some(([least, most]) => value >= least && value <= most);
}

/** What two have in common. */
export function both(some: Numbers, others: Numbers): Numbers {
	return some.flatMap(([least, greatest]) =>
		others.flatMap(([from, to]) => {
			const common = [Math.max(least, from), Math.min(greatest, to)] as const;
			return common[0] <= common[1] ? [common] : [];
		}),
	);
}

/** Whole numbers of the one that are not of the other. */
export function without(some: Numbers, others: Numbers): Numbers {
	return others.reduce<Numbers>(
		(left, [from, to]) =>
			left.flatMap(([least, greatest]): Numbers => {
				if (to < least || from > greatest) return [[least, greatest]];
				return [
					...(least < from ? [[least, from - 1] as const] : []),
					...(greatest > to ? [[to + 1, greatest] as const] : []),
				];
			}),
		some,
	);
}
