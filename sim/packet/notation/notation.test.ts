import fc from "fast-check";
import { expect, test } from "vitest";
import { icmpError, tcp } from "../build.ts";
import { ACK, PSH, SYN } from "../packet.ts";
import { PacketError } from "../packet-error.ts";
import { anyPacket } from "../test-packets.ts";
import { parsePacket, printPacket } from "./notation.ts";

const CLIENT = "10.0.0.10";
const SERVICE = "10.0.0.1";
const ports = {
	source: CLIENT,
	sourcePort: 40000,
	destination: SERVICE,
	destinationPort: 25,
};

test("what is printed reads back to the same packet", () => {
	fc.assert(
		fc.property(anyPacket, (packet) => {
			expect(parsePacket(printPacket(packet))).toEqual(packet);
		}),
	);
});

test.each([
	"tcp 10.0.0.10:40000 > 10.0.0.1:25 S",
	"tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000 <mss 1460,wscale 7,sackOK>",
	"tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 4294967295 ack 1001 win 65160 ttl 63 tos 0x10 ipid 7 DF",
	'tcp 10.0.0.1:25 > 10.0.0.10:40000 PA seq 1 ack 1 data "220 \\"mail1\\"\\r\\n" <ts 100 4294967295,sack 1:2,sack 3:4>',
	"tcp 10.0.0.10:40000 > 10.0.0.1:25 none",
	"tcp 10.0.0.10:40000 > 10.0.0.1:25 SFRPAUEW",
	"udp 10.0.0.10:5353 > 10.0.0.1:53 len 12",
	"sctp 10.0.0.10:40000 > 10.0.0.1:36412 INIT itag 1",
	"sctp 10.0.0.10:40000 > 10.0.0.1:36412 ABORT/1 vtag 7 badsum ttl 3",
	"proto 132 10.0.0.10 > 10.0.0.1 len 20",
	"icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1",
	"icmp 10.0.0.1 > 10.0.0.10 host-unreachable tos 0xc0 (tcp 10.0.0.10:40000 > 10.0.0.1:25 S)",
	"icmp 10.0.0.1 > 10.0.0.10 fragmentation-needed mtu 1400 (udp 10.0.0.10:1 > 10.0.0.1:2 DF len 1472)",
	"icmp 10.0.0.1 > 10.0.0.10 type 3 code 77 rest 0xffffffff",
	"proto 47 10.0.0.10 > 10.0.0.1 len 8",
	"tcp 10.0.0.10:40000 > 10.0.0.1:25 S badsum <mss 1460>",
	"udp 10.0.0.10:5353 > 10.0.0.1:53 DF nosum len 12",
	"icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 badsum",
	'proto 17 10.0.0.10 > 10.0.0.1 ipid 7 MF data "\\x9c@\\x005\\x00\\x08\\x00\\x00"',
	"proto 1 10.0.0.10 > 10.0.0.1 ttl 63 ipid 7 DF frag 8 len 3",
	"icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-reassembly (proto 6 10.0.0.10 > 10.0.0.1 ipid 7 MF len 24)",
])("%s prints as it was written", (line) => {
	expect(printPacket(parsePacket(line))).toBe(line);
});

test("the shortest form is a whole packet", () => {
	expect(parsePacket("tcp 10.0.0.10:40000 > 10.0.0.1:25 S")).toEqual(
		tcp(ports),
	);
});

test("a fragment may be written as the part of a packet that it is", () => {
	const whole = "udp 10.0.0.10:40000 > 10.0.0.1:53 ipid 7 len 24";
	expect(printPacket(parsePacket(`${whole} part 0-8`))).toBe(
		'proto 17 10.0.0.10 > 10.0.0.1 ipid 7 MF data "\\x9c@\\x005\\x00 O."',
	);
	expect(printPacket(parsePacket(`${whole} part 24-32`))).toBe(
		"proto 17 10.0.0.10 > 10.0.0.1 ipid 7 frag 24 len 8",
	);
});

test("of a fragment's octets the sum is shown where they are not", () => {
	const fragment = parsePacket(
		'proto 17 1.1.1.1 > 2.2.2.2 MF data "\\x9c@\\x00\\x00\\x00\\x00\\x00\\x00"',
	);
	expect(printPacket(fragment, { payload: "length" })).toBe(
		"proto 17 1.1.1.1 > 2.2.2.2 MF sum 0x63bf len 8",
	);
});

test("fields stand in any order, flags too, and defaults are not printed", () => {
	expect(
		printPacket(
			parsePacket(
				"tcp 10.0.0.10:40000 > 10.0.0.1:25 AP ttl 64 <sackOK> DF win 64240 ack 5 seq 0",
			),
		),
	).toBe("tcp 10.0.0.10:40000 > 10.0.0.1:25 PA ack 5 DF <sackOK>");
});

test("a payload is shortened only when that is asked for", () => {
	const packet = tcp({ ...ports, flags: PSH | ACK, payload: "QUIT\r\n" });
	expect(printPacket(packet)).toContain('data "QUIT\\r\\n"');
	expect(printPacket(packet, { payload: "length" })).toMatch(/ len 6$/);
	const error = icmpError(packet, { type: 3, code: 1, from: SERVICE });
	expect(printPacket(error, { payload: "length" })).toMatch(/ len 6\)$/);
});

test("a SYN prints its sequence number unsigned", () => {
	expect(printPacket(tcp({ ...ports, flags: SYN, seq: -1 }))).toContain(
		"seq 4294967295",
	);
});

test.each([
	["", 1, "expected one of tcp, udp, icmp, sctp, proto"],
	["tpc 10.0.0.10:1 > 10.0.0.1:25 S", 1, "expected one of tcp"],
	["tcp 10.0.0.10 > 10.0.0.1:25 S", 5, "expected ADDRESS:PORT"],
	["tcp 10.0.0.10:65536 > 10.0.0.1:25 S", 5, "expected ADDRESS:PORT"],
	["tcp 10.0.0.300:1 > 10.0.0.1:25 S", 5, "expected ADDRESS:PORT"],
	["tcp 10.0.0.10:1 10.0.0.1:25 S", 17, "expected >"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25", 30, "expected TCP flags"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 SX", 31, "expected TCP flags"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 SS", 31, "expected TCP flags"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S ttl 256", 37, "expected ttl (0 to 255)"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S DF DF", 36, "given twice"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S mtu 5", 33, "expected one of ttl"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S <mss>", 37, "expected a segment size"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S <mss 1", 39, "expected >"],
	['udp 10.0.0.10:1 > 10.0.0.1:25 data "x', 36, "never closed"],
	['udp 10.0.0.10:1 > 10.0.0.1:25 data "\\q"', 37, "escapes"],
	['udp 10.0.0.10:1 > 10.0.0.1:25 data "€"', 37, "one octet"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 constructor 1", 31, "expected one of"],
	["tcp 10.0.0.10:1 > 10.0.0.1:25 S nosum", 33, "expected one of ttl"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 badsum nosum", 43, "exclude each other"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 part 0-8", 39, "a part of what is there"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 part 4-8", 36, "a multiple of 8"],
	["proto 17 10.0.0.10 > 10.0.0.1 frag 4", 37, "a multiple of 8"],
	["proto 6 10.0.0.10 > 10.0.0.1", 7, "goes by its name"],
	["icmp 10.0.0.10 > 10.0.0.1 ping", 27, "name of an ICMP message"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 )", 31, "expected the end"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 len 65508", 31, "has 65536 octets"],
	["udp 10.0.0.10:1 > 10.0.0.1:25 len 65508 part 0-8", 31, "IPv4 takes 65535"],
	[
		"icmp 10.0.0.1 > 10.0.0.2 host-unreachable (udp 10.0.0.2:1 > 10.0.0.3:2 len 65500)",
		72,
		"has 65556 octets",
	],
])("%j is refused at column %i: %s", (line, column, words) => {
	const refusal = refusalOf(line);
	expect(refusal.place).toBe(column);
	expect(refusal.message).toContain(words);
	expect(refusal.message).toContain("for example: ");
	expect(refusal.message.endsWith(`\n  ${" ".repeat(column - 1)}^`)).toBe(true);
});

function refusalOf(line: string): PacketError {
	let error: unknown;
	try {
		parsePacket(line);
	} catch (thrown) {
		error = thrown;
	}
	expect(error).toBeInstanceOf(PacketError);
	return error as PacketError;
}

test("of a long line, what stands around the fault is shown", () => {
	const line = `icmp 1.1.1.1 > 2.2.2.2 host-unreachable (${"\n".repeat(500)}nonsense ${"x".repeat(5000)})`;
	const { message } = refusalOf(line);
	const [, shown = "", caret = "", ...more] = message.split("\n");
	expect(more).toEqual([]);
	expect(shown.length).toBeLessThan(110);
	expect(shown.slice(caret.indexOf("^"))).toMatch(/^nonsense x+…$/);
});

test("packets nested too deeply are refused, not run out of stack on", () => {
	const line = "icmp 1.1.1.1 > 2.2.2.2 host-unreachable (".repeat(100_000);
	expect(() => parsePacket(line)).toThrow(PacketError);
});

test("any line at all is a packet or a PacketError", () => {
	const words = fc.constantFrom(
		...'tcp udp icmp proto 10.0.0.1:25 10.0.0.1 > < > ( ) , S SA seq ttl len data DF MF frag part 0-8 badsum nosum 47 0x10 -1 65536 mss sack 1:2 type code host-unreachable "x" "'.split(
			" ",
		),
	);
	const line = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.array(words).map((some) => some.join(" ")),
		fc
			.tuple(anyPacket, fc.nat(), fc.string({ maxLength: 2 }))
			.map(([packet, at, text]) => {
				const whole = printPacket(packet);
				const cut = at % whole.length;
				return whole.slice(0, cut) + text + whole.slice(cut + 1);
			}),
	);
	fc.assert(
		fc.property(line, (text) => {
			try {
				const packet = parsePacket(text);
				expect(parsePacket(printPacket(packet))).toEqual(packet);
			} catch (error) {
				expect(error).toBeInstanceOf(PacketError);
			}
		}),
		{ numRuns: 2000 },
	);
});
