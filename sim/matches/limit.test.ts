import { expect, test } from "vitest";
import type { Test } from "../extension/extension.ts";
import {
	type TestPorts,
	testMatch,
	testPorts,
	testSkb,
} from "../extension/test-host.ts";
import { behaviourOf } from "../linux/behaviour.ts";
import { DEFAULT_LINUX, parseLinux } from "../linux/linux.ts";
import { limit } from "./limit.ts";

const packet = testSkb();

/** How many of `packets` pass, one every `everyMs`. */
function passed(
	matches: Test,
	{ clock }: TestPorts,
	packets: number,
	everyMs: number,
): number {
	let count = 0;
	for (let index = 0; index < packets; index++) {
		if (matches(packet)) count++;
		clock.nowMs += everyMs;
	}
	return count;
}

test("the burst passes at once, then one packet for each period", () => {
	const ports = testPorts();
	const matches = testMatch(limit, "--limit 10/sec --limit-burst 3", ports);
	expect(passed(matches, ports, 10, 0)).toBe(3);
	ports.clock.nowMs += 99;
	expect(matches(packet)).toBe(false);
	ports.clock.nowMs += 1;
	expect(matches(packet)).toBe(true);
	expect(matches(packet)).toBe(false);
});

test("over an hour the rate is held, to the packet", () => {
	const ports = testPorts();
	const matches = testMatch(limit, "--limit 7/min --limit-burst 5", ports);
	// 36000 packets in 3600 s less 0.1 s: 5 at once, and 7 a minute.
	expect(passed(matches, ports, 36000, 100)).toBe(5 + 419);
});

test("idle time earns no more than the burst", () => {
	const ports = testPorts();
	const matches = testMatch(limit, "--limit 1/sec --limit-burst 2", ports);
	ports.clock.nowMs += 3_600_000;
	expect(passed(matches, ports, 10, 0)).toBe(2);
});

test("time is counted in ticks of 4 ms", () => {
	const ports = testPorts();
	const matches = testMatch(limit, "--limit 250/sec --limit-burst 1", ports);
	expect(matches(packet)).toBe(true);
	ports.clock.nowMs = 3.9;
	expect(matches(packet)).toBe(false);
	ports.clock.nowMs = 4;
	expect(matches(packet)).toBe(true);
});

test("the default is 3/hour after 5", () => {
	const ports = testPorts();
	const matches = testMatch(limit, "", ports);
	expect(passed(matches, ports, 9, 0)).toBe(5);
	expect(passed(matches, ports, 61, 60_000)).toBe(3);
});

test("a new table begins with a full burst", () => {
	const ports = testPorts();
	const before = testMatch(limit, "--limit-burst 1", ports);
	expect([before(packet), before(packet)]).toEqual([true, false]);
	expect(testMatch(limit, "--limit-burst 1", ports)(packet)).toBe(true);
});

test("under iptables-nft, time is counted in nanoseconds, at the rate that is printed", () => {
	const behaviour = behaviourOf(parseLinux("bookworm/nft") ?? DEFAULT_LINUX);
	const ports = { ...testPorts(), behaviour };
	const matches = testMatch(limit, "--limit 300/sec --limit-burst 1", ports);
	expect(matches(packet)).toBe(true);
	// Of 10000 parts of a second, 33: 303 packets a second.
	ports.clock.nowMs = 1000 / 303 - 0.001;
	expect(matches(packet)).toBe(false);
	ports.clock.nowMs = 1000 / 303;
	expect(matches(packet)).toBe(true);
	ports.clock.nowMs += 3_600_000;
	expect(passed(matches, ports, 5, 0)).toBe(1);
});
