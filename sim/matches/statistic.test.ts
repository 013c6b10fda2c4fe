import { expect, test } from "vitest";
import { testMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { statistic } from "./statistic.ts";

const packet = testSkb();

/** `1` for each packet that matches. */
function turns(options: string, packets: number): string {
	const matches = testMatch(statistic, options);
	return Array.from({ length: packets }, () => +matches(packet)).join("");
}

test.each([
	["--every 2 --packet 0", "10101010"],
	["--every 2 --packet 1", "01010101"],
	["--every 3 --packet 0", "100100100"],
	["--every 3 --packet 1", "010010010"],
	["--every 3 --packet 2", "001001001"],
	["! --every 3 --packet 2", "110110110"],
	["--every 1 --packet 0", "1111"],
	["--every 4294967295 --packet 4294967294", "0000"],
])("nth %s matches %s", (options, expected) => {
	expect(turns(`--mode nth ${options}`, expected.length)).toBe(expected);
});

test("a packet counts when it reaches the match, and at no other time", () => {
	const matches = testMatch(statistic, "--mode nth --every 2 --packet 0");
	expect(matches(packet)).toBe(true);
	// Whatever else is sent meanwhile is stopped by a match on the left of this one.
	expect(matches(packet)).toBe(false);
	expect(matches(packet)).toBe(true);
});

test("each use counts for itself, and anew after any change of its table", () => {
	const first = testMatch(statistic, "--mode nth --every 2 --packet 0");
	const second = testMatch(statistic, "--mode nth --every 2 --packet 0");
	expect([first(packet), second(packet)]).toEqual([true, true]);
});

test("random compares a draw of 2^31 with the probability, exactly", () => {
	const at = (draw: number, options: string) =>
		testMatch(
			statistic,
			`--mode random ${options}`,
			testPorts({ draws: [draw] }),
		)(packet);
	const half = 2 ** 30;
	expect(at(half - 1, "--probability 0.5")).toBe(true);
	expect(at(half, "--probability 0.5")).toBe(false);
	expect(at(half, "! --probability 0.5")).toBe(true);
	expect(at(0, "--probability 0")).toBe(false);
	expect(at(2 ** 31 - 1, "--probability 1")).toBe(true);
	// 0.33 is no whole number of 2^31sts: it is rounded to the next.
	expect(at(708669603, "--probability 0.33")).toBe(true);
	expect(at(708669604, "--probability 0.33")).toBe(false);
});

test("random draws with the kernel's odds", () => {
	const odds: number[][] = [];
	const matches = testMatch(
		statistic,
		"--mode random --probability 0.25",
		testPorts({
			choice: {
				pick: () => 0,
				happens(numerator, denominator) {
					odds.push([numerator, denominator]);
					return true;
				},
			},
		}),
	);
	expect(matches(packet)).toBe(true);
	expect(odds).toEqual([[2 ** 29, 2 ** 31]]);
});
