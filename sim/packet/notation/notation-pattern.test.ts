import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { anyPacket } from "../test-packets.ts";
import { parsePacket, printPacket } from "./notation.ts";
import { mayFitPacket, withFlagsAsPrinted } from "./notation-pattern.ts";

describe("a pattern that a packet fits is found to be one", () => {
	it("of every packet, whatever its star stands for", () => {
		fc.assert(
			fc.property(anyPacket, fc.nat(), fc.nat(), (packet, one, other) => {
				const line = printPacket(packet, { payload: "length" });
				const [from = 0, to = 0] = [one, other]
					.map((at) => at % (line.length + 1))
					.sort((a, b) => a - b);
				expect(mayFitPacket(line)).toBe(true);
				expect(mayFitPacket(`${line.slice(0, from)}*${line.slice(to)}`)).toBe(
					true,
				);
			}),
		);
	});

	it.each([
		"sctp 10.0.0.10:40000 > 10.0.0.1:36412 ABORT/1 COOKIE_ACK vtag 7 badsum ttl 3",
		"icmp 10.0.0.1 > 10.0.0.10 host-unreachable (icmp 10.0.0.1 > 10.0.0.10 type 77 code 1 ttl 1)",
	])("%s", (line) => {
		expect(printPacket(parsePacket(line), { payload: "length" })).toBe(line);
		expect(mayFitPacket(line)).toBe(true);
	});
});

test.each([
	["*", true],
	["tcp *", true],
	["* R *", true],
	["tcp *:25 S*", true],
	["udp * > 10.0.0.1:53", true],
	["*:25)", true],
	["tcp * > 10.0.0.1:25 * ttl 63 *", true],
	["tcp * ack 1* win 65160*", true],
	["TCP *", false],
	["hello world *", false],
	["tcp * > 10.0.0.1:25", false],
	["tcp * > 10.0.0.1:25 *AS *", false],
	["* AS *", false],
	["tcp * s *", false],
	["tcp * > 10.0.0.1 S *", false],
	["tcp 10.0.0.300:* > *", false],
	["tcp *:65536 > *", false],
	["tcp *:065 > *", false],
	["udp * > *:53 S *", false],
	["udp *data*", false],
	["tcp * ttl 64 *", false],
	["tcp * ttl 63 seq 1 *", false],
	["icmp * ping*", false],
	["tcp  * > *", false],
	["tcp * > 10.0.0.1:25 ", false],
])("may a packet fit %j: %s", (pattern, may) => {
	expect(mayFitPacket(pattern)).toBe(may);
});

test.each([
	["tcp * > 10.0.0.10:* AS *", "tcp * > 10.0.0.10:* SA *"],
	["* s *", "* S *"],
	["tcp * SS ack 1*", "tcp * SS ack 1*"],
])("flags of %j are printed as in %j", (pattern, printed) => {
	expect(withFlagsAsPrinted(pattern)).toBe(printed);
});
