import { describe, expect, it } from "vitest";
import type { Choice } from "../../../sim/chance/choice.ts";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import { kernelDifferences } from "../../suites/linux/kernels.ts";
import { judgeAllDraws } from "../verdict.ts";
import { compareScenario } from "./compare-scenario.ts";
import { addDraws, drawsIn, judgeDraws } from "./draw-counts.ts";
import { DrawTally } from "./draw-tally.ts";
import { chanceBelow } from "./port-draws.ts";
import { driverWith } from "./test-driver.ts";

const RANGE = "nat destination port from 7701";

/** A tally of draws from a range. */
function tallyOf(count: number, offsets: readonly number[]): DrawTally {
	const tally = new DrawTally();
	for (const offset of offsets) tally.port(RANGE, count, offset);
	return tally;
}

/** Numbers of 16 bits, as a kernel has them. */
function random16(draws: number, seed = 1): readonly number[] {
	const { pick } = seededChoice(seed);
	return Array.from({ length: draws }, () => pick(65_536, ""));
}

describe("what a kernel draws", () => {
	it.each([1, 2, 3, 10, 424, 64_512, 65_536])(
		"is as likely as 16 bits and a remainder make it: %i",
		(count) => {
			for (let seed = 1; seed <= 20; seed++) {
				const offsets = random16(4_000, seed).map((one) => one % count);
				expect(tallyOf(count, offsets).divergences(0)).toEqual([]);
			}
			expect(chanceBelow(count, count)).toBe(1);
		},
	);

	it("is not always the first one, though each draw by itself may be", () => {
		const [one, ...others] = tallyOf(4, Array(48).fill(0)).divergences(9);
		expect(one).toMatchObject({
			kind: "draws",
			atMs: 9,
			asked: "48 draws for nat destination port of 4",
			kernel: expect.arrayContaining(["0: 48 times"]),
		});
		expect(others).toHaveLength(1);
	});

	it("is no turn, though each outcome comes as often as it should", () => {
		const turns = Array.from({ length: 100 }, (_, index) => index % 10);
		expect(tallyOf(10, turns).divergences(0)).toMatchObject([
			{
				asked: "99 draws for nat destination port of 10, from one to the next",
			},
		]);
	});

	it("cries no wolf over a few draws", () => {
		expect(tallyOf(4, [0, 0, 0, 0, 0]).divergences(0)).toEqual([]);
	});

	it("shows over several plays what none of them shows", () => {
		const plays = Array.from({ length: 12 }, () => tallyOf(4, [0, 0, 0]));
		for (const play of plays) expect(play.divergences(0)).toEqual([]);
		const together = addDraws(plays.map(({ counts }) => counts));
		expect(drawsIn(together[0] ?? expect.fail())).toBe(36);
		expect(judgeDraws(together).map(({ isAsLikely }) => isAsLikely)).toEqual([
			false,
			false,
		]);
	});

	it("is counted by probability where rules draw", () => {
		const tally = new DrawTally();
		for (let draw = 0; draw < 100; draw++) {
			tally.match("mangle:PREROUTING:rule:1", 0.5, draw % 2 === 0);
			tally.match("mangle:PREROUTING:rule:2", 0.5, true);
		}
		expect(tally.divergences(0)).toMatchObject([
			{
				asked:
					"100 draws for mangle:PREROUTING:rule:2, which matches with a probability of 0.5",
			},
		]);
		expect(tally.counts).toMatchObject([
			{ outcomes: [{ times: 150 }, { times: 50 }] },
		]);
	});
});

describe("a comparison", () => {
	const spreads = kernelDifferences.find(
		({ name }) => name === "port-range-spreads",
	) as PlayableScenario;
	const compareWith = (port?: Choice["pick"]) =>
		compareScenario(spreads, { driver: driverWith((ask) => ask, {}, port) });

	it("agrees with a kernel that draws its own ports", async () => {
		const comparison = await compareWith();
		expect(comparison.divergences).toEqual([]);
		expect(comparison.draws).toBe(48);
		const [ports] = judgeAllDraws([comparison, comparison]);
		expect(ports).toMatchObject({
			of: "nat destination port of 4",
			isAsLikely: true,
		});
		expect(ports && drawsIn(ports)).toBe(96);
	});

	it("does not with one that always takes the first port of a range", async () => {
		const { divergences, unknown } = await compareWith(() => 0);
		expect(unknown).toBeNull();
		expect(divergences.map(({ kind }) => kind)).toEqual(["draws", "draws"]);
	});
});
