import { expect, it } from "vitest";
import { tickTime, timeTicks } from "./axes.ts";

it.each<[number, number, number, readonly number[]]>([
	[0, 450, 10, [0, 50, 100, 150, 200, 250, 300, 350, 400, 450]],
	[-0.3, 1.1, 4, [0, 0.5, 1]],
	[30, 15_450, 8, [2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000]],
	// Minutes and hours as clocks have them.
	[0, 200_000, 5, [0, 60_000, 120_000, 180_000]],
	[0, 7_000_000, 5, [0, 1_800_000, 3_600_000, 5_400_000]],
])(
	"ticks from %d to %d ms, at most about %d, are at round times",
	(from, to, room, ticks) => {
		expect(timeTicks(from, to, room)).toEqual(ticks);
	},
);

it("has one unit for all of an axis", () => {
	expect([0, 500, 1_500].map((ms) => tickTime(ms, 2_000))).toEqual([
		"0 s",
		"0.5 s",
		"1.5 s",
	]);
	expect(tickTime(90_000, 200_000)).toBe("1.5 min");
	expect(tickTime(50, 900)).toBe("50 ms");
});
