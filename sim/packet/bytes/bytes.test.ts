import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { icmpEcho, icmpError, tcp, udp } from "../build.ts";
import { parsePacket, printPacket } from "../notation/notation.ts";
import { PacketError } from "../packet-error.ts";
import { packetLength } from "../packet-length.ts";
import { anyPacket } from "../test-packets.ts";
import { decodePacket, encodePacket, hasRightHeader } from "./bytes.ts";
import { withWholeChecksum } from "./bytes-encode.ts";

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

// Computed by a program of its own, from the RFCs.
const GOLDEN = [
	[
		"tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000 ipid 4660 DF <mss 1460,wscale 7,sackOK,ts 100 0>",
		"4500003c123440004006147e0a00000a0a0000019c400019000003e800000000a002faf0985f0000020405b40402080a000000640000000001030307",
	],
	[
		'tcp 10.0.0.1:25 > 10.0.0.10:40000 PA seq 4294967295 ack 1001 win 502 ttl 63 tos 0x10 data "220 mail1\\r\\n"',
		"45100033000000003f0667ab0a0000010a00000a00199c40ffffffff000003e9501801f685510000323230206d61696c310d0a",
	],
	[
		'udp 10.0.0.10:5353 > 10.0.0.1:53 data "abc"',
		"4500001f00000000401166c40a00000a0a00000114e90035000b124d616263",
	],
	// Its sum is zero, which UDP sends as all ones.
	[
		'udp 10.0.0.10:1 > 10.0.0.1:2 data "\\xeb\\xcc"',
		"4500001e00000000401166c50a00000a0a00000100010002000affffebcc",
	],
	[
		'icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1 data "ping"',
		"4500002000000000400166d30a00000a0a000001080019270007000170696e67",
	],
	[
		"icmp 10.0.0.1 > 10.0.0.10 host-unreachable tos 0xc0 (tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000)",
		"45c0004400000000400165ef0a0000010a00000a0301c7cc0000000045000028000000004006b01d0a00000ac0a800019c400019000003e8000000005002faf049fd0000",
	],
	[
		"proto 47 10.0.0.10 > 10.0.0.1 len 8",
		"4500001c00000000402f66a90a00000a0a0000010000000000000000",
	],
] as const;

test.each(GOLDEN)("%s", (line, hex) => {
	expect(hexOf(encodePacket(parsePacket(line)))).toBe(hex);
	expect(decodePacket(bytesOf(hex))).toEqual(parsePacket(line));
});

test("what is encoded decodes to the same packet, and has its length and a right header", () => {
	fc.assert(
		fc.property(anyPacket, (packet) => {
			const bytes = encodePacket(packet);
			expect(bytes.length).toBe(packetLength(packet));
			expect(decodePacket(bytes)).toEqual(packet);
			expect(hasRightHeader(bytes)).toBe(true);
		}),
	);
});

test("any octets at all decode or end in a PacketError", () => {
	fc.assert(
		fc.property(anyPacket, fc.nat(), fc.nat(255), (packet, where, octet) => {
			const bytes = encodePacket(packet);
			bytes[where % bytes.length] = octet;
			try {
				decodePacket(bytes.subarray(0, where % 3 ? undefined : where % 60));
			} catch (error) {
				expect(error).toBeInstanceOf(PacketError);
			}
		}),
		{ numRuns: 1000 },
	);
});

describe("checksums", () => {
	const segment = tcp({
		source: "10.0.0.10",
		sourcePort: 1,
		destination: "10.0.0.1",
		destinationPort: 2,
		payload: "x",
	});

	test("one changed octet of the payload is seen, and the packet read all the same", () => {
		const bytes = encodePacket(segment);
		bytes[40] = "y".charCodeAt(0);
		expect(hasRightHeader(bytes)).toBe(true);
		expect(decodePacket(bytes)).toEqual({
			...segment,
			payload: "y",
			checksum: "wrong",
		});
	});

	test("one changed octet of the IPv4 header makes both wrong where the pseudo header has it", () => {
		const bytes = encodePacket(segment);
		bytes[12] = 11;
		expect(hasRightHeader(bytes)).toBe(false);
		expect(decodePacket(bytes)).toMatchObject({ checksum: "wrong" });
	});

	test("UDP may go without", () => {
		const datagram = udp({
			source: "10.0.0.10",
			sourcePort: 1,
			destination: "10.0.0.1",
			destinationPort: 2,
		});
		const bytes = encodePacket(datagram);
		bytes.set([0, 0], 26);
		expect(decodePacket(bytes)).toEqual({ ...datagram, checksum: "none" });
	});

	test("a wrong one stays wrong when a router takes changes of the header into account", () => {
		const broken = { ...segment, checksum: "wrong" as const };
		const bytes = encodePacket(broken);
		// RFC 1624: ~(~HC + ~m + m'), here for the destination port.
		const view = new DataView(bytes.buffer);
		const sum = (~view.getUint16(36) & 0xffff) + (~2 & 0xffff) + 3;
		view.setUint16(36, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
		view.setUint16(22, 3);
		expect(bytes).toEqual(encodePacket({ ...broken, destinationPort: 3 }));
	});
});

describe("quoted packets", () => {
	const about = tcp({
		source: "10.0.0.10",
		sourcePort: 40000,
		destination: "10.0.0.1",
		destinationPort: 25,
		seq: 1000,
		payload: "x".repeat(1000),
	});

	test("an error quotes so much that it is 576 octets long", () => {
		const error = icmpError(about, { type: 3, code: 1, from: "10.0.0.1" });
		expect(encodePacket(error).length).toBe(576);
		expect(error.tos).toBe(0xc0);
		expect(error.destination).toBe(about.source);
	});

	test("an old router's eight octets give ports and sequence number", () => {
		const error = encodePacket(
			icmpError(about, { type: 3, code: 1, from: "10.0.0.1" }),
		).slice(0, 20 + 8 + 20 + 8);
		new DataView(error.buffer).setUint16(2, error.length);
		// Nobody has summed up what is left.
		expect(printPacket(decodePacket(error))).toBe(
			"icmp 10.0.0.1 > 10.0.0.10 host-unreachable tos 0xc0 badsum (tcp 10.0.0.10:40000 > 10.0.0.1:25 none seq 1000 win 0)",
		);
	});
});

test("fragments are octets, whatever their protocol is", () => {
	const bytes = encodePacket(
		parsePacket("udp 10.0.0.10:1 > 10.0.0.1:2 len 24 part 8-24"),
	);
	expect(hexOf(bytes.subarray(6, 8))).toBe("2001");
	expect(printPacket(decodePacket(bytes))).toBe(
		"proto 17 10.0.0.10 > 10.0.0.1 frag 8 MF len 16",
	);
});

test("the padding of a short frame is not payload", () => {
	const echo = icmpEcho({ source: "10.0.0.10", destination: "10.0.0.1" });
	const frame = new Uint8Array(46);
	frame.set(encodePacket(echo));
	expect(decodePacket(frame)).toEqual(echo);
});

test.each([
	["", 0, "20 octets"],
	["60".padEnd(40, "0"), 0, "version"],
	["46".padEnd(40, "0"), 0, "IP options"],
	["450000150000000040060000".padEnd(40, "0"), 2, "21 octets"],
	["450000140000000040060000".padEnd(40, "0"), 20, "TCP header"],
])("%s is refused at octet %i: %s", (hex, place, words) => {
	expect(() => decodePacket(bytesOf(hex))).toThrow(
		expect.objectContaining({
			code: "bytes",
			place,
			message: expect.stringContaining(words),
		}),
	);
});

test("a packet that IPv4 cannot carry is not encoded", () => {
	const packet = udp({
		source: "10.0.0.10",
		sourcePort: 1,
		destination: "10.0.0.1",
		destinationPort: 2,
		payload: "x".repeat(65508),
	});
	expect(() => encodePacket(packet)).toThrow(PacketError);
});

test("a checksum of the pseudo header alone is completed, and no other one is", () => {
	for (const line of [
		"tcp 10.0.0.1:25 > 10.0.0.10:40000 RA seq 0 ack 1",
		'udp 10.0.0.1:53 > 10.0.0.10:40000 data "abc"',
	]) {
		const packet = parsePacket(line);
		const right = encodePacket(packet);
		expect(withWholeChecksum(packet, right)).toEqual(right);
		const length = right.length - 20;
		// 0x0a00 + 0x0001 + 0x0a00 + 0x000a, the protocol and the length: nothing to fold.
		const pseudo = 0x140b + (packet.kind === "tcp" ? 6 : 17) + length;
		const partial = right.slice();
		new DataView(partial.buffer).setUint16(
			20 + (packet.kind === "tcp" ? 16 : 6),
			pseudo,
		);
		expect(decodePacket(partial)).toHaveProperty("checksum", "wrong");
		expect(withWholeChecksum(packet, partial)).toEqual(right);
		const wrong = encodePacket(parsePacket(`${line} badsum`));
		expect(withWholeChecksum(packet, wrong)).toEqual(wrong);
	}
});
