/** Octets as packets: everything that is malformed is refused, with its offset. */
import { transportChecksum } from "./bytes-encode.ts";
import { internetChecksum } from "./checksum.ts";
import { isIcmpError } from "./icmp-names.ts";
import {
	ICMP,
	type OtherPacket,
	type Packet,
	TCP,
	type TcpOptions,
	UDP,
} from "./packet.ts";
import { PacketError } from "./packet-error.ts";
import {
	ICMP_HEADER_LENGTH,
	IP_HEADER_LENGTH,
	NO_TCP_OPTIONS,
	TCP_HEADER_LENGTH,
	UDP_HEADER_LENGTH,
} from "./packet-length.ts";

type IpFields = Omit<OtherPacket, "kind" | "protocol" | "payload">;

interface IpHeader extends IpFields {
	readonly protocol: number;
	/** What the header says, not what there is. */
	readonly totalLength: number;
}

/** How a checksum can be: absent is UDP's zero, or a protocol that the model knows nothing of. */
export type ChecksumState = "right" | "wrong" | "absent";

/**
 * The packet that octets from the IPv4 header on stand for. Octets behind its total length (the
 * padding of short Ethernet frames) are ignored; so are wrong checksums, see `checksumStates`.
 * The packet quoted in an ICMP error may be cut off: it then has as much payload as there is.
 * @throws PacketError for fragments, IP options and everything malformed
 */
export function decodePacket(bytes: Uint8Array): Packet {
	const header = decodeIpHeader(bytes);
	if (header.totalLength > bytes.length)
		return malformed(
			2,
			`the header says ${header.totalLength} octets, there are ${bytes.length}`,
		);
	return decodeBody(
		header,
		bytes.subarray(IP_HEADER_LENGTH, header.totalLength),
	);
}

/**
 * Whether the checksums of a packet's IPv4 header and of its TCP, UDP or ICMP part are right.
 * @throws PacketError for whatever `decodePacket` refuses
 */
export function checksumStates(bytes: Uint8Array): {
	readonly ip: ChecksumState;
	readonly transport: ChecksumState;
} {
	const packet = decodePacket(bytes);
	const { totalLength } = decodeIpHeader(bytes);
	const segment = bytes.subarray(IP_HEADER_LENGTH, totalLength);
	const state = (sum: number): ChecksumState => (sum === 0 ? "right" : "wrong");
	const ip = state(internetChecksum(bytes.subarray(0, IP_HEADER_LENGTH)));
	if (packet.kind === "icmp")
		return { ip, transport: state(internetChecksum(segment)) };
	const unsummed =
		packet.kind === "other" ||
		(packet.kind === "udp" && segment[6] === 0 && segment[7] === 0);
	return {
		ip,
		transport: unsummed ? "absent" : state(transportChecksum(packet, segment)),
	};
}

function malformed(offset: number, problem: string): never {
	throw new PacketError({
		code: "bytes",
		message: `not a packet that can be read: at octet ${offset}, ${problem}`,
		place: offset,
		remedy:
			"The octets have to begin with the IPv4 header, without the frame's.",
	});
}

function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function latin1(bytes: Uint8Array): string {
	const chunks: string[] = [];
	// Arguments of one call are limited, so not all octets at once.
	for (let at = 0; at < bytes.length; at += 0x1000)
		chunks.push(String.fromCharCode(...bytes.subarray(at, at + 0x1000)));
	return chunks.join("");
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
	if (fragment & 0x3fff) return malformed(6, "fragments are not modelled");
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
		protocol: view.getUint8(9),
		totalLength,
	};
}

function decodeBody(header: IpHeader, body: Uint8Array): Packet {
	const { protocol, totalLength: _, ...fields } = header;
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

function decodeTcp(fields: IpFields, body: Uint8Array): Packet {
	if (body.length < TCP_HEADER_LENGTH)
		return malformed(IP_HEADER_LENGTH, "the TCP header is cut off");
	const view = viewOf(body);
	const headerLength = (view.getUint8(12) >> 4) * 4;
	if (headerLength < TCP_HEADER_LENGTH || headerLength > body.length)
		return malformed(IP_HEADER_LENGTH + 12, "the TCP header length is wrong");
	return {
		kind: "tcp",
		...fields,
		sourcePort: view.getUint16(0),
		destinationPort: view.getUint16(2),
		flags: view.getUint8(13),
		seq: view.getInt32(4),
		ack: view.getInt32(8),
		window: view.getUint16(14),
		options: decodeOptions(body.subarray(TCP_HEADER_LENGTH, headerLength)),
		payload: latin1(body.subarray(headerLength)),
	};
}

/** Unknown options are passed over, as every host has to (RFC 1122, 4.2.2.5). */
function decodeOptions(bytes: Uint8Array): TcpOptions {
	if (bytes.length === 0) return NO_TCP_OPTIONS;
	const view = viewOf(bytes);
	const options: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {
		...NO_TCP_OPTIONS,
	};
	let at = 0;
	while (at < bytes.length) {
		const kind = view.getUint8(at);
		if (kind === 0) break;
		if (kind === 1) {
			at += 1;
			continue;
		}
		const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0;
		if (length < 2 || at + length > bytes.length)
			return malformed(
				IP_HEADER_LENGTH + TCP_HEADER_LENGTH + at,
				"the length of a TCP option is wrong",
			);
		if (kind === 2 && length === 4) options.mss = view.getUint16(at + 2);
		if (kind === 3 && length === 3) options.windowScale = view.getUint8(at + 2);
		if (kind === 4 && length === 2) options.sackPermitted = true;
		if (kind === 8 && length === 10)
			options.timestamp = {
				value: view.getInt32(at + 2),
				echo: view.getInt32(at + 6),
			};
		if (kind === 5 && length % 8 === 2)
			options.sack = decodeSack(view, at + 2, at + length);
		at += length;
	}
	return options;
}

function decodeSack(
	view: DataView,
	from: number,
	end: number,
): TcpOptions["sack"] {
	const blocks: (readonly [number, number])[] = [];
	for (let at = from; at < end; at += 8)
		blocks.push([view.getInt32(at), view.getInt32(at + 4)]);
	return blocks;
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
		return { packet: decodeBody(header, completed(header, body)), length };
	} catch (error) {
		// What cannot be read as a packet stays what it is: octets of the error's payload.
		if (error instanceof PacketError) return null;
		throw error;
	}
}

/** A quoted segment with as long a header as its protocol has, and lengths that fit what is left. */
function completed(header: IpHeader, body: Uint8Array): Uint8Array {
	const known = header.totalLength - IP_HEADER_LENGTH;
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
		const datagram = body.slice();
		viewOf(datagram).setUint16(4, datagram.length);
		return datagram;
	}
	return body;
}
