/** Fragments as records: of the first of a packet, what stands in its header is known. */
import { decodeHeader } from "../bytes/bytes-decode.ts";
import { type FragmentPlace, ICMP, type OtherPacket, TCP } from "../packet.ts";
import {
	ICMP_HEADER_LENGTH,
	TCP_HEADER_LENGTH,
	UDP_HEADER_LENGTH,
} from "../packet-length.ts";
import type { Skb } from "./skb.ts";

/** Writes the place, and of a first fragment whatever its header says. */
export function fillFragment(
	skb: Skb,
	packet: OtherPacket,
	place: FragmentPlace,
): void {
	skb.fragment = place;
	const header = place.offset === 0 ? decodeHeader(packet) : null;
	switch (header?.kind) {
		case "tcp":
			skb.sourcePort = header.sourcePort;
			skb.destinationPort = header.destinationPort;
			skb.tcpFlags = header.flags;
			skb.seq = header.seq;
			skb.ack = header.ack;
			skb.window = header.window;
			skb.tcpOptions = header.options;
			break;
		case "udp":
			skb.sourcePort = header.sourcePort;
			skb.destinationPort = header.destinationPort;
			break;
		case "icmp":
			skb.icmpType = header.type;
			skb.icmpCode = header.code;
			skb.icmpRest = header.rest;
			break;
		default:
			if (place.offset === 0) fillCutHeader(skb, packet.payload);
	}
}

/** Ports and flags of a header of which the rest is missing. */
function fillCutHeader(skb: Skb, payload: string): void {
	const octet = (at: number) => payload.charCodeAt(at) || 0;
	skb.sourcePort = (octet(0) << 8) | octet(1);
	skb.destinationPort = (octet(2) << 8) | octet(3);
	skb.tcpFlags = octet(FLAGS_AT) & ALL_FLAGS;
}

/** Where TCP's flags stand, and the six that there are names for. */
const FLAGS_AT = 13;
const ALL_FLAGS = 0x3f;

/** Whether a first fragment is long enough for its header (without TCP's options). */
export function hasHeader({ protocol, payload }: Skb): boolean {
	const needed =
		protocol === TCP
			? TCP_HEADER_LENGTH
			: protocol === ICMP
				? ICMP_HEADER_LENGTH
				: UDP_HEADER_LENGTH;
	return payload.length >= needed;
}
