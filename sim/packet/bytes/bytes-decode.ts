/** Octets as packets: everything that is malformed is refused, with its offset. */

import { isIcmpError } from "../icmp-names.ts";
import {
	type FragmentPlace,
	ICMP,
	type OtherPacket,
	type Packet,
	TCP,
	UDP,
} from "../packet.ts";
import { PacketError } from "../packet-error.ts";
import {
	FRAGMENT_UNIT,
	ICMP_HEADER_LENGTH,
	IP_HEADER_LENGTH,
	TCP_HEADER_LENGTH,
	UDP_HEADER_LENGTH,
} from "../packet-length.ts";
import { decodeTcp, type IpFields } from "./bytes-decode-tcp.ts";
import { transportChecksum } from "./bytes-encode.ts";
import { latin1, malformed, octetsOf, viewOf } from "./bytes-read.ts";
import { internetChecksum } from "./checksum.ts";

interface IpHeader extends IpFields, FragmentPlace {
	readonly protocol: number;
	/** What the header says, not what there is. */
	readonly totalLength: number;
}

/**
 * The packet that octets from the IPv4 header on stand for. Octets behind its total length (the
 * padding of short Ethernet frames) are ignored.
 * The packet quoted in an ICMP error may be cut off: it then has as much payload as there is, and
 * nobody knows whether its checksum was right, which is taken for it.
 * @throws PacketError for IP options and everything malformed
 */
export function decodePacket(bytes: Uint8Array): Packet {
	const header = decodeIpHeader(bytes);
	if (header.totalLength > bytes.length)
		return malformed(
			2,
			`the header says ${header.totalLength} octets, there are ${bytes.length}`,
		);
	const body = bytes.subarray(IP_HEADER_LENGTH, header.totalLength);
	return summed(decodeBody(header, body), body);
}

/** The packet, saying so if the checksum behind its IPv4 header is not right. */
function summed(packet: Packet, segment: Uint8Array): Packet {
	if (packet.kind === "other" || packet.checksum === "none") return packet;
	const sum =
		packet.kind === "icmp"
			? internetChecksum(segment)
			: transportChecksum(packet, segment);
	return isRight(sum) ? packet : { ...packet, checksum: "wrong" };
}

/** Whether the checksum of the IPv4 header is right; what it is of what stands behind it, the packet says. */
export function hasRightHeader(bytes: Uint8Array): boolean {
	return isRight(internetChecksum(bytes.subarray(0, IP_HEADER_LENGTH)));
}

/** The sum over what contains its own checksum. Of nothing but zeros, it is the other zero. */
function isRight(sum: number): boolean {
	return sum === 0 || sum === 0xffff;
}

/**
 * What fragments are, put together.
 * @param segment what stands behind the IPv4 header, one character per octet
 * @throws PacketError when it is malformed
 */
export function decodeSegment(
	header: Omit<OtherPacket, "kind" | "payload" | "fragment">,
	segment: string,
): Packet {
	const body = octetsOf(segment);
	const totalLength = IP_HEADER_LENGTH + body.length;
	const fields = { ...header, totalLength, offset: 0, more: false };
	return summed(decodeBody(fields, body), body);
}

/**
 * What the header of a packet's first fragment says.
 * @returns `null` when it is not there in full, or the protocol has none that is known
 */
export function decodeHeader(first: OtherPacket): Packet | null {
	const { kind: _, payload, fragment: __, ...fields } = first;
	const body = octetsOf(payload);
	// As if nothing came behind it.
	if (fields.protocol === UDP && body.length >= UDP_HEADER_LENGTH)
		viewOf(body).setUint16(4, body.length);
	const totalLength = IP_HEADER_LENGTH + body.length;
	try {
		return decodeBody({ ...fields, totalLength, offset: 0, more: false }, body);
	} catch (error) {
		if (error instanceof PacketError) return null;
		throw error;
	}
}

function decodeIpHeader(bytes: Uint8Array): IpHeader {
	if (bytes.length < IP_HEADER_LENGTH)
		return malformed(
			0,
			`an IPv4 header has 20 octets, there are ${bytes.length}`,
		);
	const view = viewOf(bytes);
	const version = view.getUint8(0);
	if (version >> 4 !== 4) return malformed(0, "the IP version is not 4");
	if ((version & 15) !== 5)
		return malformed(
			0,
			"IP options are not modelled, the header length is not 5",
		);
	const fragment = view.getUint16(6);
	const totalLength = view.getUint16(2);
	if (totalLength < IP_HEADER_LENGTH)
		return malformed(2, "the total length is less than the header's");
	return {
		source: view.getInt32(12),
		destination: view.getInt32(16),
		ttl: view.getUint8(8),
		tos: view.getUint8(1),
		id: view.getUint16(4),
		dontFragment: (fragment & 0x4000) !== 0,
		offset: (fragment & 0x1fff) * FRAGMENT_UNIT,
		more: (fragment & 0x2000) !== 0,
		protocol: view.getUint8(9),
		totalLength,
	};
}

function decodeBody(header: IpHeader, body: Uint8Array): Packet {
	const { protocol, totalLength: _, offset, more, ...fields } = header;
	if (offset > 0 || more) {
		const fragment = { offset, more };
		const payload = latin1(body);
		return { kind: "other", ...fields, protocol, payload, fragment };
	}
	switch (protocol) {
		case TCP:
			return decodeTcp(fields, body);
		case UDP:
			return decodeUdp(fields, body);
		case ICMP:
			return decodeIcmp(fields, body);
		default:
			return { kind: "other", ...fields, protocol, payload: latin1(body) };
	}
}

function decodeUdp(fields: IpFields, body: Uint8Array): Packet {
	if (body.length < UDP_HEADER_LENGTH)
		return malformed(IP_HEADER_LENGTH, "the UDP header is cut off");
	const view = viewOf(body);
	const length = view.getUint16(4);
	if (length < UDP_HEADER_LENGTH || length > body.length)
		return malformed(IP_HEADER_LENGTH + 4, "the UDP length is wrong");
	return {
		kind: "udp",
		...fields,
		sourcePort: view.getUint16(0),
		destinationPort: view.getUint16(2),
		payload: latin1(body.subarray(UDP_HEADER_LENGTH, length)),
		...(view.getUint16(6) === 0 ? { checksum: "none" } : {}),
	};
}

function decodeIcmp(fields: IpFields, body: Uint8Array): Packet {
	if (body.length < ICMP_HEADER_LENGTH)
		return malformed(IP_HEADER_LENGTH, "the ICMP header is cut off");
	const view = viewOf(body);
	const type = view.getUint8(0);
	const rest = body.subarray(ICMP_HEADER_LENGTH);
	const about = isIcmpError(type) ? decodeQuoted(rest) : null;
	return {
		kind: "icmp",
		...fields,
		type,
		code: view.getUint8(1),
		rest: view.getInt32(4),
		about: about?.packet ?? null,
		payload: latin1(rest.subarray(about?.length ?? 0)),
	};
}

/**
 * The packet that an ICMP error quotes. RFC 792 asks for its first eight octets only, so what is
 * missing of its header is taken for zeros, and what is missing of its payload for not being there.
 */
function decodeQuoted(
	bytes: Uint8Array,
): { packet: Packet; length: number } | null {
	try {
		const header = decodeIpHeader(bytes);
		const length = Math.min(header.totalLength, bytes.length);
		const body = bytes.subarray(IP_HEADER_LENGTH, length);
		const packet = decodeBody(header, completed(header, body));
		const isWhole = length === header.totalLength;
		return { packet: isWhole ? summed(packet, body) : packet, length };
	} catch (error) {
		// What cannot be read as a packet stays what it is: octets of the error's payload.
		if (error instanceof PacketError) return null;
		throw error;
	}
}

/** A quoted segment with as long a header as its protocol has, and lengths that fit what is left. */
function completed(header: IpHeader, body: Uint8Array): Uint8Array {
	const known = header.totalLength - IP_HEADER_LENGTH;
	if (header.offset > 0 || header.more) return body;
	if (known <= body.length || body.length < 8) return body;
	if (header.protocol === TCP) {
		const told = body.length > 12 ? ((body[12] as number) >> 4) * 4 : 0;
		const whole = told >= TCP_HEADER_LENGTH && told <= body.length;
		if (whole) return body;
		const segment = new Uint8Array(TCP_HEADER_LENGTH);
		segment.set(body.subarray(0, TCP_HEADER_LENGTH));
		segment[12] = 0x50;
		return segment;
	}
	if (header.protocol === UDP) {
		// Not `slice`, with which a Buffer of Node's would share its octets.
		const datagram = new Uint8Array(body);
		viewOf(datagram).setUint16(4, datagram.length);
		return datagram;
	}
	return body;
}
