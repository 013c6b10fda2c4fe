/**
 * Rewriting packets as their entry's mapping says (`nf_nat_manip_pkt`,
 * `nf_nat_icmp_reply_translation`, net/netfilter/nf_nat_proto.c, 6.1). Checksums follow
 * what changes, so a wrong one stays wrong.
 */

import { ICMP, type Packet, TCP, UDP } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import {
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	TUPLE_SOURCE,
} from "../table/layout.ts";
import { icmpHasIdentifier, type Tuple } from "../table/tuple.ts";
import { rewriteFragment } from "./nat-fragment.ts";
import type { Manip } from "./nat-unique-tuple.ts";

/** Gives a packet one half of a tuple. */
export function rewriteSkb(skb: Skb, target: Tuple, manip: Manip): void {
	if (manip === "source") {
		skb.source = target.source;
		if (target.protocol === TCP || target.protocol === UDP)
			skb.sourcePort = target.ports >>> 16;
	} else {
		skb.destination = target.destination;
		if (target.protocol === TCP || target.protocol === UDP)
			skb.destinationPort = target.ports & 0xffff;
	}
	if (target.protocol === ICMP && icmpHasIdentifier(skb.icmpType))
		skb.icmpRest = (target.ports & 0xffff0000) | (skb.icmpRest & 0xffff);
	skb.original = null;
}

/**
 * The same straight from the entry, for every packet of every translated connection but ICMP's.
 * @param answer first word of the tuple that answers to the packet have
 */
export function rewriteFromAnswer(
	skb: Skb,
	words: Int32Array,
	answer: number,
	isSource: boolean,
): void {
	const ports = words[answer + TUPLE_PORTS] as number;
	const hasPorts = skb.protocol === TCP || skb.protocol === UDP;
	if (isSource) {
		skb.source = words[answer + TUPLE_DESTINATION] as number;
		if (hasPorts) skb.sourcePort = ports & 0xffff;
	} else {
		skb.destination = words[answer + TUPLE_SOURCE] as number;
		if (hasPorts) skb.destinationPort = ports >>> 16;
	}
	skb.original = null;
}

/**
 * The same for a packet that an ICMP error is about, which stays as it is: a new one is made.
 * @returns `null` when there is too little of it
 */
export function rewriteQuoted(
	packet: Packet,
	target: Tuple,
	manip: Manip,
): Packet | null {
	const { source, destination } = target;
	const addressed =
		manip === "source" ? { ...packet, source } : { ...packet, destination };
	switch (addressed.kind) {
		case "tcp":
		case "udp":
			return manip === "source"
				? { ...addressed, sourcePort: target.ports >>> 16 }
				: { ...addressed, destinationPort: target.ports & 0xffff };
		case "icmp":
			return icmpHasIdentifier(addressed.type)
				? {
						...addressed,
						rest: (target.ports & 0xffff0000) | (addressed.rest & 0xffff),
					}
				: addressed;
		default: {
			if (packet.kind !== "other" || packet.fragment === undefined)
				return addressed;
			const payload = rewriteFragment(packet, target, manip);
			return payload === null ? null : { ...addressed, payload };
		}
	}
}
