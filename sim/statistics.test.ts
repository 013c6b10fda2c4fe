import { describe, expect, it } from "vitest";
import {
	binomialBand,
	binomialProbability,
	evenBand,
	multinomialBands,
	probabilityOfAtMost,
} from "./statistics.ts";

/** The definition itself, in whole numbers: the oracle for chances that are a half or a quarter. */
function exactAtMost(
	successes: number,
	trials: number,
	numerator: bigint,
	denominator: bigint,
): number {
	let sum = 0n;
	let choose = 1n;
	for (let k = 0; k <= successes; k++) {
		sum +=
			choose *
			numerator ** BigInt(k) *
			(denominator - numerator) ** BigInt(trials - k);
		choose = (choose * BigInt(trials - k)) / BigInt(k + 1);
	}
	const digits = 10n ** 18n;
	return Number((sum * digits) / denominator ** BigInt(trials)) / 1e18;
}

describe("binomial probabilities", () => {
	// Computed with scipy 1.17 (scipy.stats.binom.pmf and cdf).
	it.each([
		[500_000, 1_000_000, 0.5, 0.0007978843613317499],
		[3, 10, 0.25, 0.2502822875976561],
		[900, 1_000_000, 0.001, 7.482795215494169e-5],
	])("of exactly %i of %i with chance %d is %d", (k, n, p, known) => {
		expect(binomialProbability(k, n, p) / known).toBeCloseTo(1, 9);
	});

	it("agree with whole-number arithmetic in the tails", () => {
		for (const [k, n, top] of [
			[1, 10, 1n],
			[39, 100, 2n],
			[60, 100, 2n],
			[210, 1000, 1n],
		] as const)
			expect(probabilityOfAtMost(k, n, Number(top) / 4)).toBeCloseTo(
				exactAtMost(k, n, top, 4n),
				12,
			);
	});

	it("of everything together are one", () => {
		let sum = 0;
		for (let k = 0; k <= 50; k++) sum += binomialProbability(k, 50, 1 / 3);
		expect(sum).toBeCloseTo(1, 12);
	});
});

describe("the band of a confidence", () => {
	// Computed with scipy 1.17: the widest cut-off tails of at most (1 - confidence) / 2.
	it.each([
		[10, 0.5, 0.95, 2, 8],
		[20, 0.5, 0.95, 6, 14],
		[100, 0.5, 0.95, 40, 60],
		[1000, 0.5, 0.999, 448, 552],
		[1000, 0.75, 0.999, 704, 794],
		[200, 1 / 3, 0.9, 56, 78],
		[1_000_000, 0.5, 0.999999, 497_554, 502_446],
		[1_000_000, 0.001, 0.99, 920, 1082],
	])(
		"for %i connections, share %d, confidence %d is %i … %i",
		(n, p, c, low, high) => {
			expect(binomialBand(n, p, c)).toEqual({ low, high });
		},
	);

	it("leaves no room where there is no chance", () => {
		expect(binomialBand(50, 0, 0.99)).toEqual({ low: 0, high: 0 });
		expect(binomialBand(50, 1, 0.99)).toEqual({ low: 50, high: 50 });
		expect(binomialBand(0, 0.5, 0.99)).toEqual({ low: 0, high: 0 });
	});

	it("gets wider with more shares, since any one of them could stray", () => {
		const shares = [0.25, 0.25, 0.25, 0.25];
		const [of4] = multinomialBands(100, shares, 0.95);
		const [of2] = multinomialBands(100, [0.25, 0.75], 0.95);
		expect(of2).toEqual(binomialBand(100, 0.25, 0.95));
		expect(of4?.high).toBeGreaterThan(of2?.high ?? 0);
	});

	it("of an exact split is floor and ceiling", () => {
		expect(evenBand(10, 3, 4)).toEqual({ low: 7, high: 8 });
		expect(evenBand(8, 1, 2)).toEqual({ low: 4, high: 4 });
	});
});
