/** Which shares a balancer means, as whole numbers, and how many connections show them. */
import {
	compareRationals,
	leastCommonMultiple,
	type Rational,
	toNumber,
	ZERO,
} from "../../../sim/rational.ts";
import type { Split } from "../split/split.ts";

/** Weights by backend: its key. */
export type Weights = ReadonlyMap<string, number>;

/** Weights have no more than so many parts in all; other shares are rounded to thousandths. */
const MOST_PARTS = 1_000n;
/** Shares of probabilities in 2⁻³¹, that are equal but for the rounding. */
const ROUNDING = 1e-6;

/**
 * @param keys the backends
 * @returns `null` where their shares are not known exactly
 */
export function exactWeights(
	{ parts }: Split,
	keys: readonly string[],
): Weights | null {
	const shares: (readonly [string, Rational])[] = [];
	for (const { key, share } of parts) {
		if (!keys.includes(key)) continue;
		if (share.kind !== "exact") return null;
		if (compareRationals(share.value, ZERO) > 0)
			shares.push([key, share.value]);
	}
	return new Map(asWhole(shares));
}

function asWhole(
	shares: readonly (readonly [string, Rational])[],
): readonly (readonly [string, number])[] {
	const numbers = shares.map(([, share]) => toNumber(share));
	const isEven = numbers.every(
		(one) => Math.abs(one - (numbers[0] ?? 0)) < ROUNDING,
	);
	if (isEven) return shares.map(([key]) => [key, 1]);
	const parts = shares.reduce(
		(lcm, [, { denominator }]) =>
			lcm > MOST_PARTS ? lcm : leastCommonMultiple(lcm, denominator),
		1n,
	);
	if (parts > MOST_PARTS)
		return shares.map(([key], index) => [
			key,
			Math.max(1, Math.round((numbers[index] ?? 0) * 1_000)),
		]);
	return shares.map(([key, { numerator, denominator }]) => [
		key,
		Number((numerator * parts) / denominator),
	]);
}

/** The same weight for each. */
export function equalWeights(keys: readonly string[]): Weights {
	return new Map(keys.map((key) => [key, 1]));
}

/** Of these backends alone: their proportions stay. */
export function among(weights: Weights, keys: readonly string[]): Weights {
	const left = [...weights].filter(([key]) => keys.includes(key));
	const divisor = left.reduce(
		(gcd, [, weight]) => commonDivisor(gcd, weight),
		0,
	);
	return new Map(left.map(([key, weight]) => [key, weight / divisor]));
}

function sum(weights: Weights): number {
	return [...weights.values()].reduce((total, one) => total + one, 0);
}

function commonDivisor(one: number, other: number): number {
	return other === 0 ? one : commonDivisor(other, one % other);
}

/** With fewer, a wrong split may look right. */
const FEWEST = 12;
const MOST_IN_TURN = 240;
/** Where chance decides: enough for each backend to be told from one with half or twice as much. */
const FEWEST_DRAWN = 200;
const DRAWN_EACH = 50;
const MOST_DRAWN = 3_000;

/** So many connections that all shares of them are whole numbers. */
export function connectionsFor(
	weights: Weights,
	{ byChance, period }: Pick<Split, "byChance" | "period">,
): number {
	const parts = Math.max(1, sum(weights));
	if (byChance) {
		const wanted = Math.max(FEWEST_DRAWN, DRAWN_EACH * weights.size);
		return Math.min(MOST_DRAWN, multipleFrom(wanted, parts));
	}
	const both = leastCommonMultiple(BigInt(parts), period ?? 1n);
	const turn = both <= BigInt(MOST_IN_TURN) ? Number(both) : parts;
	return multipleFrom(FEWEST, turn);
}

function multipleFrom(least: number, of: number): number {
	return Math.ceil(least / of) * of;
}
