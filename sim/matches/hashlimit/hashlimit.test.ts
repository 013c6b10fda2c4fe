import { expect, test } from "vitest";
import type { Test } from "../../extension/extension.ts";
import {
	ip,
	type TestPorts,
	testMatch,
	testPorts,
	testSkb,
} from "../../extension/test-host.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { hashlimit } from "./hashlimit.ts";

function passed(
	matches: Test,
	{ clock }: TestPorts,
	packets: number,
	everyMs: number,
	fields: Partial<Skb> = {},
): number {
	let count = 0;
	for (let index = 0; index < packets; index++) {
		if (matches(testSkb(fields))) count++;
		clock.nowMs += everyMs;
	}
	return count;
}

const from = (address: string): Partial<Skb> => ({ source: ip(address) });

test("each source has a burst and a rate of its own", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 10/sec --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name a",
		ports,
	);
	expect(passed(matches, ports, 9, 0, from("10.0.0.10"))).toBe(3);
	expect(passed(matches, ports, 9, 0, from("10.0.0.11"))).toBe(3);
	ports.clock.nowMs += 99;
	expect(matches(testSkb(from("10.0.0.10")))).toBe(false);
	ports.clock.nowMs += 1;
	expect(matches(testSkb(from("10.0.0.10")))).toBe(true);
	expect(matches(testSkb(from("10.0.0.10")))).toBe(false);
});

test("`above` is what `upto` is not", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-above 1/min --hashlimit-burst 2 --hashlimit-name a",
		ports,
	);
	expect(passed(matches, ports, 10, 0)).toBe(8);
});

test("a mask makes one of many sources", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 1/min --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name a",
		ports,
	);
	expect(matches(testSkb(from("10.0.0.10")))).toBe(true);
	expect(matches(testSkb(from("10.0.0.99")))).toBe(false);
	expect(matches(testSkb(from("10.0.1.10")))).toBe(true);
});

test("ports and destinations tell packets apart when asked for", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 1/min --hashlimit-burst 1 --hashlimit-mode dstip,dstport --hashlimit-name a",
		ports,
	);
	expect(matches(testSkb())).toBe(true);
	expect(matches(testSkb({ sourcePort: 1, source: 1 }))).toBe(false);
	expect(matches(testSkb({ destinationPort: 26 }))).toBe(true);
	expect(matches(testSkb({ destination: ip("10.0.0.2") }))).toBe(true);
});

test("over an hour the rate is held, to the packet", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 7/min --hashlimit-burst 5 --hashlimit-name a",
		ports,
	);
	expect(passed(matches, ports, 36000, 100)).toBe(5 + 419);
});

test("an idle source is forgotten, and has a full burst again", () => {
	const ports = testPorts();
	const options =
		"--hashlimit-upto 1/hour --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name a --hashlimit-htable-expire 5000";
	const matches = testMatch(hashlimit, options, ports);
	expect(matches(testSkb())).toBe(true);
	ports.clock.nowMs = 4900;
	// Each packet puts the end off.
	expect(matches(testSkb())).toBe(false);
	ports.clock.nowMs = 9899;
	expect(matches(testSkb())).toBe(false);
	// Expired since 14899 ms, but the collector comes by each full second.
	ports.clock.nowMs = 14_950;
	expect(matches(testSkb())).toBe(false);
	ports.clock.nowMs = 20_000;
	expect(matches(testSkb())).toBe(true);
});

test("rules with one name share a table, and it outlives a reload", () => {
	const ports = testPorts();
	const options =
		"--hashlimit-upto 1/min --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name a";
	expect(testMatch(hashlimit, options, ports)(testSkb())).toBe(true);
	expect(testMatch(hashlimit, options, ports)(testSkb())).toBe(false);
	const other = options.replace("-name a", "-name b");
	expect(testMatch(hashlimit, other, ports)(testSkb())).toBe(true);
});

test("a full table drops what it cannot count", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 1/min --hashlimit-mode srcip --hashlimit-name a --hashlimit-htable-size 1 --hashlimit-htable-max 1",
		ports,
	);
	expect(matches(testSkb(from("10.0.0.10")))).toBe(true);
	const second = testSkb(from("10.0.0.11"));
	expect([matches(second), second.hotdrop]).toEqual([false, true]);
});

test("octets are paid for in pieces of 16", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 1kb/s --hashlimit-name a",
		ports,
	);
	// 1024 octets are 64 pieces and one more for the rest: 65 of the 64 that a second earns.
	expect(passed(matches, ports, 20, 0, { length: 127 })).toBe(8);
	expect(passed(matches, ports, 20, 0, { length: 15 })).toBe(1);
	ports.clock.nowMs += 1000;
	expect(passed(matches, ports, 20, 0, { length: 127 })).toBe(8);
});

test("a burst of octets fills the credit up again", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 1kb/s --hashlimit-burst 2kb --hashlimit-name a",
		ports,
	);
	expect(passed(matches, ports, 60, 0, { length: 127 })).toBe(8 * 3);
});

test("rate-match looks at whole intervals, and holds nothing back", () => {
	const ports = testPorts();
	const matches = testMatch(
		hashlimit,
		"--hashlimit-upto 10/sec --hashlimit-burst 5 --hashlimit-rate-match --hashlimit-name a --hashlimit-htable-expire 60000",
		ports,
	);
	// In the first second, rate and burst together.
	expect(passed(matches, ports, 20, 0)).toBe(15);
	// That was too much, so nothing matches in the second one …
	ports.clock.nowMs = 1000;
	expect(passed(matches, ports, 5, 0)).toBe(0);
	// … which saw so little that the third one is fine.
	ports.clock.nowMs = 2000;
	expect(passed(matches, ports, 5, 0)).toBe(5);
});

test.each([
	["--hashlimit-upto 20kb/s", 14],
	["--hashlimit-upto 20kb/s --hashlimit-burst 40kb", 29],
])(
	"rate-match with %s takes %i packets of 1400 octets at once",
	(rate, expected) => {
		// Counted on 6.1.192.
		const ports = testPorts();
		const matches = testMatch(
			hashlimit,
			`${rate} --hashlimit-rate-match --hashlimit-name a`,
			ports,
		);
		expect(passed(matches, ports, 120, 0, { length: 1400 })).toBe(expected);
	},
);
