/** Packets as octets: an IPv4 header without options, and what belongs behind it. */
import { unreachable } from "../../invariant.ts";
import {
	type Checksum,
	ICMP,
	type IcmpPacket,
	type Packet,
	TCP,
	type TcpOptions,
	type TcpPacket,
	UDP,
} from "../packet.ts";
import { PacketError } from "../packet-error.ts";
import {
	IP_HEADER_LENGTH,
	MAX_TCP_OPTIONS_LENGTH,
	packetLength,
	TCP_HEADER_LENGTH,
	tcpOptionsLength,
} from "../packet-length.ts";
import { internetChecksum } from "./checksum.ts";

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const NOP = 1;

/**
 * The packet as it goes over the wire from the IPv4 header on, with right lengths, and with the
 * checksums that it says.
 * @throws PacketError for more than 65535 octets, or more than 40 octets of TCP options
 */
export function encodePacket(packet: Packet): Uint8Array {
	const length = packetLength(packet);
	if (length > 0xffff)
		return tooLong(`the packet has ${length} octets, IPv4 takes 65535`);
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, 0x45);
	view.setUint8(1, packet.tos);
	view.setUint16(2, length);
	view.setUint16(4, packet.id);
	view.setUint16(6, fragmentField(packet));
	view.setUint8(8, packet.ttl);
	view.setUint8(9, protocolOf(packet));
	view.setInt32(12, packet.source);
	view.setInt32(16, packet.destination);
	view.setUint16(10, internetChecksum(bytes.subarray(0, IP_HEADER_LENGTH)));
	const rest = bytes.subarray(IP_HEADER_LENGTH);
	switch (packet.kind) {
		case "tcp":
			encodeTcp(packet, rest);
			break;
		case "udp": {
			writePayload(packet.payload, rest, 8);
			const header = viewOf(rest);
			header.setUint16(0, packet.sourcePort);
			header.setUint16(2, packet.destinationPort);
			header.setUint16(4, rest.length);
			if (packet.checksum === "none") break;
			// RFC 768: a sum of zero goes out as all ones, since zero means that there is none.
			const sum = transportChecksum(packet, rest) || 0xffff;
			header.setUint16(6, checksumOf(packet, sum));
			break;
		}
		case "icmp":
			encodeIcmp(packet, rest);
			break;
		case "other":
			writePayload(packet.payload, rest, 0);
			break;
		default:
			return unreachable(packet);
	}
	return bytes;
}

function fragmentField(packet: Packet): number {
	const field = packet.dontFragment ? DONT_FRAGMENT : 0;
	if (packet.kind !== "other" || packet.fragment === undefined) return field;
	const { offset, more } = packet.fragment;
	return field | (offset / 8) | (more ? MORE_FRAGMENTS : 0);
}

/** Protocol number of a packet. */
export function protocolOf(packet: Packet): number {
	switch (packet.kind) {
		case "tcp":
			return TCP;
		case "udp":
			return UDP;
		case "icmp":
			return ICMP;
		case "other":
			return packet.protocol;
		default:
			return unreachable(packet);
	}
}

/**
 * The octets of a packet as they go out: what a kernel sends to itself may have the sum over its pseudo header alone
 * in place of its checksum (`CHECKSUM_PARTIAL`), which a card would complete.
 */
export function withWholeChecksum(
	packet: Packet,
	bytes: Uint8Array,
): Uint8Array {
	if (packet.kind !== "tcp" && packet.kind !== "udp") return bytes;
	const whole = Uint8Array.from(bytes);
	const segment = whole.subarray(IP_HEADER_LENGTH);
	const view = viewOf(segment);
	const at = packet.kind === "tcp" ? 16 : 6;
	const pseudo = pseudoHeaderSum(packet, segment.length);
	const partial = ~internetChecksum(new Uint8Array(), pseudo) & 0xffff;
	if (view.getUint16(at) !== partial) return bytes;
	view.setUint16(at, 0);
	view.setUint16(at, internetChecksum(segment, pseudo) || 0xffff);
	return whole;
}

/** Checksum of a TCP segment or UDP datagram with its pseudo header (RFC 793, RFC 768). */
export function transportChecksum(
	packet: Pick<Packet, "source" | "destination" | "kind">,
	segment: Uint8Array,
): number {
	return internetChecksum(segment, pseudoHeaderSum(packet, segment.length));
}

function pseudoHeaderSum(
	{
		source,
		destination,
		kind,
	}: Pick<Packet, "source" | "destination" | "kind">,
	length: number,
): number {
	return (
		(source >>> 16) +
		(source & 0xffff) +
		(destination >>> 16) +
		(destination & 0xffff) +
		(kind === "tcp" ? TCP : UDP) +
		length
	);
}

function tooLong(problem: string): never {
	throw new PacketError({
		code: "bytes",
		message: `not a packet that can be sent: ${problem}`,
		place: 0,
		remedy: "Take something away from it.",
	});
}

function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function writePayload(payload: string, into: Uint8Array, from: number): void {
	for (let index = 0; index < payload.length; index++)
		into[from + index] = payload.charCodeAt(index);
}

function encodeTcp(packet: TcpPacket, into: Uint8Array): void {
	const optionsLength = tcpOptionsLength(packet.options);
	if (optionsLength > MAX_TCP_OPTIONS_LENGTH)
		tooLong(
			`its TCP options have ${optionsLength} octets, the header has room for 40`,
		);
	const headerLength = TCP_HEADER_LENGTH + optionsLength;
	const view = viewOf(into);
	view.setUint16(0, packet.sourcePort);
	view.setUint16(2, packet.destinationPort);
	view.setInt32(4, packet.seq);
	view.setInt32(8, packet.ack);
	view.setUint8(12, (headerLength / 4) << 4);
	view.setUint8(13, packet.flags);
	view.setUint16(14, packet.window);
	encodeOptions(packet.options, view);
	writePayload(packet.payload, into, headerLength);
	view.setUint16(16, checksumOf(packet, transportChecksum(packet, into)));
}

/** In the order, and with the padding, of `tcp_options_write` (net/ipv4/tcp_output.c, 6.1). */
function encodeOptions(options: TcpOptions, view: DataView): void {
	let at = TCP_HEADER_LENGTH;
	const put = (...octets: readonly number[]) => {
		for (const octet of octets) view.setUint8(at++, octet);
	};
	const put32 = (value: number) => {
		view.setInt32(at, value);
		at += 4;
	};
	if (options.mss !== null) put(2, 4, options.mss >> 8, options.mss & 0xff);
	if (options.timestamp !== null) {
		if (options.sackPermitted) put(4, 2);
		else put(NOP, NOP);
		put(8, 10);
		put32(options.timestamp.value);
		put32(options.timestamp.echo);
	} else if (options.sackPermitted) put(NOP, NOP, 4, 2);
	if (options.windowScale !== null) put(NOP, 3, 3, options.windowScale);
	if (options.sack.length > 0) {
		put(NOP, NOP, 5, 2 + 8 * options.sack.length);
		for (const [left, right] of options.sack) {
			put32(left);
			put32(right);
		}
	}
}

function encodeIcmp(packet: IcmpPacket, into: Uint8Array): void {
	const view = viewOf(into);
	view.setUint8(0, packet.type);
	view.setUint8(1, packet.code);
	view.setInt32(4, packet.rest);
	const quoted = packet.about ? encodePacket(packet.about) : new Uint8Array(0);
	into.set(quoted, 8);
	writePayload(packet.payload, into, 8 + quoted.length);
	view.setUint16(2, checksumOf(packet, internetChecksum(into)));
}

/**
 * One that is wrong is greater by one, and stays so when a router takes changes of the header into
 * account, as it does without looking at the rest (RFC 1624). It is never zero.
 */
function checksumOf(packet: { checksum?: Checksum }, right: number): number {
	if (packet.checksum !== "wrong") return right;
	return right === 0xffff ? 1 : right + 1;
}
