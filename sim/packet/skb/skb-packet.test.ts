import fc from "fast-check";
import { expect, test } from "vitest";
import { icmpEcho, tcp } from "../build.ts";
import { packetLength } from "../packet-length.ts";
import { anyPacket } from "../test-packets.ts";
import { CTINFO_INVALID, NO_ENTRY } from "./skb.ts";
import { packetOf, skbOf } from "./skb-packet.ts";

const SYN = tcp({
	source: "10.0.0.10",
	sourcePort: 40000,
	destination: "10.0.0.1",
	destinationPort: 25,
	options: { mss: 1460 },
});

test("a packet that nobody wrote to is the very packet that came in", () => {
	expect(packetOf(skbOf(SYN))).toBe(SYN);
});

test("without it, the record alone gives an equal packet and knows its length", () => {
	fc.assert(
		fc.property(anyPacket, (packet) => {
			const skb = skbOf(packet);
			expect(skb.length).toBe(packetLength(packet));
			skb.original = null;
			expect(packetOf(skb)).toEqual(packet);
		}),
	);
});

test("a record that is used again is as good as a new one", () => {
	fc.assert(
		fc.property(anyPacket, anyPacket, (before, after) => {
			const used = skbOf(before);
			used.mark = 1;
			used.entry = 5;
			used.traced = true;
			used.hotdrop = true;
			used.local = true;
			used.inInterface = 2;
			expect(skbOf(after, used)).toBe(used);
			expect(used).toEqual(skbOf(after));
		}),
	);
});

test("nothing is known of a packet that has just come in", () => {
	expect(skbOf(icmpEcho({ source: 1, destination: 2 }))).toMatchObject({
		inInterface: 0,
		outInterface: 0,
		mark: 0,
		entry: NO_ENTRY,
		ctinfo: CTINFO_INVALID,
		template: null,
		traced: false,
	});
});
