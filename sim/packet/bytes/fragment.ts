/**
 * Fragments (RFC 791, 3.2): parts of what stands behind an IPv4 header, under headers of their own.
 * A fragment is a packet of the kind `other`, whatever its protocol is: most have no ports.
 */

import type { OtherPacket, Packet } from "../packet.ts";
import {
	FRAGMENT_UNIT,
	IP_HEADER_LENGTH,
	packetLength,
} from "../packet-length.ts";
import { encodePacket, protocolOf } from "./bytes-encode.ts";

/** What stands behind the packet's IPv4 header, one character per octet. */
function segmentOf(packet: Packet): string {
	if (packet.kind === "other") return packet.payload;
	const bytes = encodePacket(packet).subarray(IP_HEADER_LENGTH);
	let segment = "";
	for (const octet of bytes) segment += String.fromCharCode(octet);
	return segment;
}

/**
 * A packet cut into parts of these lengths; a part of a fragment is a fragment of the same whole.
 * @param lengths octets of each part, multiples of 8 but for the last one
 */
export function cutInto(
	packet: Packet,
	lengths: readonly number[],
): readonly OtherPacket[] {
	const segment = segmentOf(packet);
	let from = 0;
	return lengths.map((length) => {
		const part = partOf(packet, segment, from, from + length);
		from += length;
		return part;
	});
}

/** The octets `from` to `to` of what stands behind its header; nothing else is looked at. */
export function fragmentOf(
	packet: Packet,
	from: number,
	to: number,
): OtherPacket {
	return partOf(packet, segmentOf(packet), from, to);
}

function partOf(
	packet: Packet,
	segment: string,
	from: number,
	to: number,
): OtherPacket {
	const { source, destination, ttl, tos, id, dontFragment } = packet;
	const whole = packet.kind === "other" ? packet.fragment : undefined;
	return {
		kind: "other",
		source,
		destination,
		ttl,
		tos,
		id,
		dontFragment,
		protocol: protocolOf(packet),
		payload: segment.slice(from, to),
		fragment: {
			offset: (whole?.offset ?? 0) + from,
			more: to < segment.length || (whole?.more ?? false),
		},
	};
}

/** Lengths of the parts that fit a link (`ip_frag_next`, net/ipv4/ip_output.c, 6.1). */
export function lengthsFor(packet: Packet, mtu: number): readonly number[] {
	const lengths: number[] = [];
	const room = mtu - IP_HEADER_LENGTH;
	let left = packetLength(packet) - IP_HEADER_LENGTH;
	for (; left > room; left -= lengths[lengths.length - 1] as number)
		lengths.push(room - (room % FRAGMENT_UNIT));
	lengths.push(left);
	return lengths;
}
