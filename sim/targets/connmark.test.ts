import { describe, expect, test } from "vitest";
import { testEntry, testPorts, testSkb } from "../extension/test-host.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { connmark } from "./connmark.ts";
import { targetAction, targetCheck } from "./test-target.ts";

/** Marks of packet and connection after a packet has met the target. */
function meet(text: string, marks: { packet: number; connection: number }) {
	const entry = testEntry({ mark: marks.connection });
	const skb = testSkb({ entry: 0, mark: marks.packet });
	const verdict = targetAction(
		connmark,
		text,
		testPorts({ entries: [entry] }),
	)(skb);
	expect(verdict).toBe(XT_CONTINUE);
	return { packet: skb.mark, connection: entry.mark };
}

test("restore-mark gives the packet its connection's mark, so all packets go one way", () => {
	expect(meet("--restore-mark", { packet: 0, connection: 2 })).toEqual({
		packet: 2,
		connection: 2,
	});
});

test("restore-mark of a connection without a mark clears the packet's", () => {
	expect(meet("--restore-mark", { packet: 7, connection: 0 }).packet).toBe(0);
});

test("save-mark remembers the choice for the connection", () => {
	expect(meet("--save-mark", { packet: 1, connection: 2 })).toEqual({
		packet: 1,
		connection: 1,
	});
});

describe("masks", () => {
	test("restore-mark --mask leaves the packet's other bits", () => {
		expect(
			meet("--restore-mark --mask 0xff", {
				packet: 0x1203,
				connection: 0x4501,
			}).packet,
		).toBe(0x1201);
	});

	test("save-mark --mask leaves the connection's other bits", () => {
		expect(
			meet("--save-mark --mask 0xff", { packet: 0x1203, connection: 0x4501 })
				.connection,
		).toBe(0x4503);
	});

	test("with two masks, bits that are copied and not cleared are turned over", () => {
		expect(
			meet("--restore-mark --nfmask 0 --ctmask 0xff", {
				packet: 0x1203,
				connection: 0x4501,
			}).packet,
		).toBe(0x1202);
	});
});

test.each([
	["--set-mark 5", 5],
	["--set-mark 0x10/0xf0", 0x1f],
	["--set-xmark 0x3/0x1", 0xfd],
	["--and-mark 0x0f", 0x0f],
	["--or-mark 0x100", 0x1ff],
	["--xor-mark 0x101", 0x1fe],
	["--set-mark 1 --left-shift-mark 4", 0x10],
	["--set-mark 0xffffffff --right-shift-mark 28", 0xf],
])(
	"CONNMARK %s makes of 0xff %i, and leaves the packet alone",
	(text, mark) => {
		expect(meet(text, { packet: 3, connection: 0xff })).toEqual({
			packet: 3,
			connection: mark,
		});
	},
);

test("shifted, a mark is copied to another place", () => {
	const marks = { packet: 0x2, connection: 0x301 };
	expect(meet("--save-mark --mask 0xff --left-shift-mark 8", marks)).toEqual({
		packet: 0x2,
		// Only what the mask clears is free: the rest is turned over.
		connection: 0x100,
	});
	expect(
		meet("--restore-mark --ctmask 0xff00 --right-shift-mark 8", marks).packet,
	).toBe(3);
});

test("a packet without a connection goes on as it is", () => {
	const skb = testSkb({ mark: 3 });
	for (const text of ["--restore-mark", "--save-mark", "--set-mark 1"])
		expect(targetAction(connmark, text)(skb)).toBe(XT_CONTINUE);
	expect(skb.mark).toBe(3);
});

test("iptables takes a shift by 32 bits, the kernel does not", () => {
	expect(targetCheck(connmark, "--save-mark --left-shift-mark 31")).toBeNull();
	expect(targetCheck(connmark, "--save-mark --left-shift-mark 32")).toContain(
		"shift",
	);
});
