/** Reads the one-line notation of packets; `notation.ts` describes and prints it. */
import { icmp, other, tcp, udp } from "../build.ts";
import { fragmentOf } from "../bytes/fragment.ts";
import { icmpByName } from "../icmp-names.ts";
import type { Packet } from "../packet.ts";
import { FRAGMENT_UNIT, MOST_OCTETS, packetLength } from "../packet-length.ts";
import {
	type Cursor,
	expect,
	peek,
	readAddress,
	readEndpoint,
	readNumber,
	refuse,
	take,
} from "./notation-cursor.ts";
import {
	checksumField,
	type Fields,
	ICMP_FIELDS,
	ipFields,
	OTHER_FIELDS,
	readFields,
	TCP_FIELDS,
	UDP_FIELDS,
} from "./notation-fields.ts";
import { lexNotation, refuseNotation } from "./notation-lexer.ts";
import { readSctp, SCTP_EXAMPLE } from "./notation-sctp.ts";
import { FLAG_LETTERS } from "./tcp-flags.ts";

/** How deep errors about errors may be nested: no host sends more than one level. */
const MAX_DEPTH = 8;

const TCP_EXAMPLE = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S";
const ICMP_EXAMPLE = "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1";

/**
 * Reads a packet from its one-line form: `parsePacket("tcp 10.0.0.10:40000 > 10.0.0.1:25 S")`.
 * @throws PacketError naming the column, what was expected there, and an example
 * @public
 */
export function parsePacket(line: string): Packet {
	const cursor: Cursor = { line, tokens: lexNotation(line), at: 0 };
	const packet = readPacket(cursor, 0);
	if (peek(cursor).kind !== "end")
		return refuse(cursor, "expected the end of the packet", TCP_EXAMPLE);
	return packet;
}

function readPacket(cursor: Cursor, depth: number): Packet {
	const kind = peek(cursor);
	if (depth > MAX_DEPTH)
		return refuse(cursor, "packets are nested too deeply", ICMP_EXAMPLE);
	switch (kind.kind === "word" ? kind.text : "") {
		case "tcp":
			take(cursor);
			return readTcp(cursor);
		case "udp":
			take(cursor);
			return readUdp(cursor);
		case "icmp":
			take(cursor);
			return readIcmp(cursor, depth);
		case "sctp":
			take(cursor);
			return readSctp(cursor, readPorts(cursor, SCTP_EXAMPLE));
		case "proto":
			take(cursor);
			return readOther(cursor);
		default:
			return refuse(
				cursor,
				"expected one of tcp, udp, icmp, sctp, proto",
				TCP_EXAMPLE,
			);
	}
}

function readPorts(cursor: Cursor, example: string) {
	const from = readEndpoint(cursor, example);
	expect(cursor, ">", example);
	const to = readEndpoint(cursor, example);
	return {
		source: from.address,
		sourcePort: from.port,
		destination: to.address,
		destinationPort: to.port,
	};
}

function readAddresses(cursor: Cursor, example: string) {
	const source = readAddress(cursor, example);
	expect(cursor, ">", example);
	return { source, destination: readAddress(cursor, example) };
}

function readTcp(cursor: Cursor): Packet {
	const ports = readPorts(cursor, TCP_EXAMPLE);
	const flags = readFlags(cursor);
	const fields = readFields(cursor, TCP_FIELDS, TCP_EXAMPLE, null);
	const packet = tcp({
		...ports,
		...ipFields(fields),
		flags,
		...(fields.seq === undefined ? {} : { seq: fields.seq }),
		...(fields.ack === undefined ? {} : { ack: fields.ack }),
		...(fields.win === undefined ? {} : { window: fields.win }),
		...(fields.options === undefined ? {} : { options: fields.options }),
		...(fields.badsum ? { checksum: "wrong" } : {}),
	});
	return partOf(cursor, packet, fields);
}

function readUdp(cursor: Cursor): Packet {
	const example = "udp 10.0.0.10:5353 > 10.0.0.1:53 len 12";
	const ports = readPorts(cursor, example);
	const fields = readFields(cursor, UDP_FIELDS, example, null);
	const packet = udp({
		...ports,
		...ipFields(fields),
		...checksumField(cursor, fields),
	});
	return partOf(cursor, packet, fields);
}

function readOther(cursor: Cursor): Packet {
	const example = "proto 47 10.0.0.10 > 10.0.0.1 len 8";
	const token = peek(cursor);
	const protocol = readNumber(cursor, "a protocol number", 255, example);
	const addresses = readAddresses(cursor, example);
	const fields = readFields(cursor, OTHER_FIELDS, example, null);
	const { frag: offset = 0, MF: more = false } = fields;
	const isNamed = protocol === 1 || protocol === 6 || protocol === 17;
	if (offset % FRAGMENT_UNIT !== 0)
		return refuse(cursor, "a fragment begins at a multiple of 8", "frag 8");
	const isWhole = offset === 0 && !more;
	if (isNamed && isWhole)
		return refuse(
			cursor,
			"this protocol goes by its name: icmp, tcp or udp",
			TCP_EXAMPLE,
			token,
		);
	const packet = other({
		...addresses,
		...ipFields(fields),
		protocol,
		...(isWhole ? {} : { fragment: { offset, more } }),
	});
	return partOf(cursor, packet, fields);
}

function readIcmp(cursor: Cursor, depth: number): Packet {
	const addresses = readAddresses(cursor, ICMP_EXAMPLE);
	const { type, code } = readIcmpKind(cursor);
	const fields = readFields(cursor, ICMP_FIELDS, ICMP_EXAMPLE, () =>
		readPacket(cursor, depth + 1),
	);
	const rest =
		fields.rest ?? fields.mtu ?? ((fields.id ?? 0) << 16) | (fields.seq ?? 0);
	const packet = icmp({
		...addresses,
		...ipFields(fields),
		type,
		code,
		rest,
		about: fields.about ?? null,
		...(fields.badsum ? { checksum: "wrong" } : {}),
	});
	return partOf(cursor, packet, fields);
}

/** The whole packet, or the part of it that is asked for. */
function partOf(cursor: Cursor, packet: Packet, { part }: Fields): Packet {
	mustFit(cursor, packet);
	if (part === undefined) return packet;
	const found = fragmentOf(packet, ...part);
	const isPart = found.fragment?.offset !== 0 || found.fragment.more;
	if (isPart && found.payload !== "") return found;
	return refuse(cursor, "expected a part of what is there", "part 0-8");
}

/** Also of what only a part is taken of: its whole has to be a packet. */
function mustFit(cursor: Cursor, packet: Packet): void {
	const length = packetLength(packet);
	if (length <= MOST_OCTETS) return;
	const { tokens, line } = cursor;
	const told = tokens
		.slice(0, cursor.at)
		.findLast(({ text }) => text === "len");
	refuseNotation(
		line,
		(told ?? peek(cursor)).column,
		`the packet has ${length} octets, and IPv4 takes ${MOST_OCTETS}`,
		"len 1472",
	);
}

function readIcmpKind(cursor: Cursor) {
	const token = peek(cursor);
	const named = icmpByName(token.text);
	if (named) {
		take(cursor);
		return named;
	}
	if (token.text !== "type")
		return refuse(
			cursor,
			"expected the name of an ICMP message, or type N code N",
			ICMP_EXAMPLE,
		);
	take(cursor);
	const type = readNumber(cursor, "an ICMP type", 255, "type 3 code 1");
	if (peek(cursor).text !== "code") return { type, code: 0 };
	take(cursor);
	const code = readNumber(cursor, "an ICMP code", 255, "type 3 code 1");
	return { type, code };
}

function readFlags(cursor: Cursor): number {
	const { text, kind } = peek(cursor);
	if (kind === "word" && text === "none") {
		take(cursor);
		return 0;
	}
	let flags = 0;
	for (const letter of kind === "word" ? text : "?") {
		const bit = FLAG_LETTERS.find(([known]) => known === letter)?.[1] ?? 0;
		if (bit === 0 || flags & bit)
			return refuse(
				cursor,
				"expected TCP flags, letters of SFRPAUEW or none",
				TCP_EXAMPLE,
			);
		flags |= bit;
	}
	take(cursor);
	return flags;
}
