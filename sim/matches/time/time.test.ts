import { expect, test } from "vitest";
import {
	testMatch,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "../../extension/test-host.ts";
import { time } from "./time.ts";

/** Does the match hold at that moment? The gateway was started a minute before. */
function holds(options: string, moment: string): boolean {
	const ports = testPorts({ epochMs: Date.parse(moment) - 60_000 });
	const matches = testMatch(time, options, ports);
	ports.clock.nowMs = 60_000;
	return matches(testSkb());
}

test.each([
	["", "2026-11-23T06:18:46Z", true],
	["--timestart 08:00 --timestop 18:00", "2026-11-23T08:00:00Z", true],
	["--timestart 08:00 --timestop 18:00", "2026-11-23T07:59:59Z", false],
	["--timestart 08:00 --timestop 18:00", "2026-11-23T18:00:00.999Z", true],
	["--timestart 08:00 --timestop 18:00", "2026-11-23T18:00:01Z", false],
	["--timestart 23:00 --timestop 01:00", "2026-11-23T23:30:00Z", true],
	["--timestart 23:00 --timestop 01:00", "2026-11-23T00:30:00Z", true],
	["--timestart 23:00 --timestop 01:00", "2026-11-23T12:00:00Z", false],
	// 2026-11-23 is a Monday.
	["--weekdays Mon", "2026-11-23T12:00:00Z", true],
	// -1 is taken for a day that no octet has room for: no day is left.
	["--weekdays -1", "2026-11-23T12:00:00Z", false],
	["--weekdays Mon", "2026-11-22T23:59:59Z", false],
	["--weekdays Sun", "2026-11-22T23:59:59Z", true],
	["! --weekdays Sat,Sun", "2026-11-22T12:00:00Z", false],
	["--monthdays 29", "2028-02-29T12:00:00Z", true],
	["--monthdays 1", "2027-03-01T00:00:00Z", true],
	["--monthdays 31", "2026-12-31T23:59:59Z", true],
	["! --monthdays 31", "2026-12-31T23:59:59Z", false],
	["--datestart 2026-11-23", "2026-11-22T23:59:59Z", false],
	["--datestart 2026-11-23", "2026-11-23T00:00:00Z", true],
	["--datestop 2026-11-23T06:00", "2026-11-23T06:00:00Z", true],
	["--datestop 2026-11-23T06:00", "2026-11-23T06:00:01Z", false],
	// Without an end, the end is that of 31 bits.
	["", "2038-01-19T03:14:08Z", false],
])("%s at %s: %s", (options, moment, expected) => {
	expect(holds(options, moment)).toBe(expected);
});

test("across midnight, --contiguous counts the night to the day it began on", () => {
	const night = "--timestart 22:00 --timestop 06:00 --weekdays Mon";
	const tuesday = "2026-11-24T01:00:00Z";
	const monday = "2026-11-23T01:00:00Z";
	expect([holds(night, monday), holds(night, tuesday)]).toEqual([true, false]);
	const contiguous = `${night} --contiguous`;
	expect([holds(contiguous, monday), holds(contiguous, tuesday)]).toEqual([
		false,
		true,
	]);
});

test("the clock goes on while the gateway runs", () => {
	const ports = testPorts({ epochMs: Date.parse("2026-11-23T17:59:00Z") });
	const matches = testMatch(time, "--timestart 08:00 --timestop 18:00", ports);
	expect(matches(testSkb())).toBe(true);
	ports.clock.nowMs = 61_000;
	expect(matches(testSkb())).toBe(false);
});

test("the kernel's time zone is not known", () => {
	expect(() => holds("--kerneltz", "2026-11-23T12:00:00Z")).toThrow(
		UnknownOutcome,
	);
});
