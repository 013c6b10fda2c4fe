/**
 * Rewriting packets as their entry's mapping says (`nf_nat_manip_pkt`,
 * `nf_nat_icmp_reply_translation`, net/netfilter/nf_nat_proto.c, 6.1). Checksums follow
 * what changes, so a wrong one stays wrong.
 */
import { SCTP } from "../../kernel.ts";
import { latin1, octetsOf, viewOf } from "../../packet/bytes/bytes-read.ts";
import { replaced } from "../../packet/bytes/checksum.ts";
import { withSctpPort } from "../../packet/bytes/sctp.ts";
import {
	ICMP,
	type OtherPacket,
	type Packet,
	TCP,
	UDP,
} from "../../packet/packet.ts";
import { TCP_HEADER_LENGTH } from "../../packet/packet-length.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import {
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	TUPLE_SOURCE,
} from "../table/layout.ts";
import { icmpHasIdentifier, type Tuple } from "../table/tuple.ts";
import type { Manip } from "./nat-unique-tuple.ts";

/** Gives a packet one half of a tuple. */
export function rewriteSkb(skb: Skb, target: Tuple, manip: Manip): void {
	if (manip === "source") {
		skb.source = target.source;
		if (hasPorts(target.protocol)) skb.sourcePort = target.ports >>> 16;
	} else {
		skb.destination = target.destination;
		if (hasPorts(target.protocol)) skb.destinationPort = target.ports & 0xffff;
	}
	if (target.protocol === SCTP) rewriteSctp(skb, manip === "source");
	if (target.protocol === ICMP && icmpHasIdentifier(skb.icmpType))
		skb.icmpRest = (target.ports & 0xffff0000) | (skb.icmpRest & 0xffff);
	skb.original = null;
}

const hasPorts = (protocol: number) =>
	protocol === TCP || protocol === UDP || protocol === SCTP;

/** The port stands in the octets, and a checksum that is made anew, whatever it was. */
function rewriteSctp(skb: Skb, isSource: boolean): void {
	const port = isSource ? skb.sourcePort : skb.destinationPort;
	skb.payload = withSctpPort(skb.payload, isSource ? 0 : 2, port);
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
	const isWithPorts = hasPorts(skb.protocol);
	if (isSource) {
		skb.source = words[answer + TUPLE_DESTINATION] as number;
		if (isWithPorts) skb.sourcePort = ports & 0xffff;
	} else {
		skb.destination = words[answer + TUPLE_SOURCE] as number;
		if (isWithPorts) skb.destinationPort = ports >>> 16;
	}
	if (skb.protocol === SCTP) rewriteSctp(skb, isSource);
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
			if (packet.kind !== "other") return addressed;
			if (packet.protocol === SCTP && packet.fragment === undefined) {
				const port =
					manip === "source" ? target.ports >>> 16 : target.ports & 0xffff;
				const at = manip === "source" ? 0 : 2;
				return {
					...addressed,
					payload: withSctpPort(packet.payload, at, port),
				};
			}
			if (packet.fragment === undefined) return addressed;
			const payload = rewriteFragment(packet, target, manip);
			return payload === null ? null : { ...addressed, payload };
		}
	}
}

/** Octets of a quoted header that have to be there. */
const LEAST_OCTETS = 8;
/** Where the checksum stands in the header, and what a datagram says that has none. */
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const ICMP_CHECKSUM = 2;
const ICMP_IDENTIFIER = 4;
const NO_CHECKSUM = 0;
/** Written for a sum of zero, which would say that there is no checksum (CSUM_MANGLED_0). */
const MANGLED_0 = 0xffff;

/**
 * The first fragment of a packet that an ICMP error quotes: its header is among its octets, and is
 * translated there, checksum and all (`l4proto_manip_pkt`).
 * @returns the octets with this half of the tuple in them; `null` when there are too few to be written
 */
function rewriteFragment(
	packet: OtherPacket,
	target: Tuple,
	manip: Manip,
): string | null {
	if (packet.payload.length < LEAST_OCTETS) return null;
	const octets = octetsOf(packet.payload);
	const view = viewOf(octets);
	const isSource = manip === "source";
	const port = isSource ? target.ports >>> 16 : target.ports & 0xffff;
	const portAt = isSource ? 0 : 2;
	const before = view.getUint16(portAt);
	/** A checksum covers the addresses too. */
	const renewed = (sum: number) => {
		const addressed = isSource
			? replaced(sum, packet.source, target.source)
			: replaced(sum, packet.destination, target.destination);
		return replaced(addressed, before, port);
	};
	switch (packet.protocol) {
		case TCP:
			view.setUint16(portAt, port);
			if (octets.length >= TCP_HEADER_LENGTH)
				view.setUint16(TCP_CHECKSUM, renewed(view.getUint16(TCP_CHECKSUM)));
			break;
		case UDP: {
			view.setUint16(portAt, port);
			const sum = view.getUint16(UDP_CHECKSUM);
			if (sum !== NO_CHECKSUM)
				view.setUint16(UDP_CHECKSUM, renewed(sum) || MANGLED_0);
			break;
		}
		case ICMP: {
			if (!icmpHasIdentifier(view.getUint8(0))) break;
			const sum = view.getUint16(ICMP_CHECKSUM);
			const identifier = view.getUint16(ICMP_IDENTIFIER);
			const wanted = target.ports >>> 16;
			view.setUint16(ICMP_CHECKSUM, replaced(sum, identifier, wanted));
			view.setUint16(ICMP_IDENTIFIER, wanted);
		}
	}
	return latin1(octets);
}
