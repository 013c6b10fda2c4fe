/**
 * How far a right ruleset may stray by chance. Exact: the allowed band comes from the binomial
 * distribution itself, never from a normal approximation, so that it also means what it says for
 * twenty connections. Fast: a tail is a sum of about √n terms, so a million connections are fine.
 */
import { invariant } from "./invariant.ts";

/** Numbers of connections, both ends inclusive. @public */
export interface Band {
	/** Least number. */
	readonly low: number;
	/** Greatest number. */
	readonly high: number;
}

/** n! = √(2πn) (n/e)ⁿ e^δ(n): δ for small n, where Stirling's series is not yet exact enough. */
const SMALL_STIRLING_ERRORS = stirlingErrorsUpTo(15);

/**
 * The probability that exactly `successes` of `trials` succeed. Works on logarithms of deviances
 * (Loader's saddle-point form), since differences of log-factorials lose eight digits at a million.
 */
export function binomialProbability(
	successes: number,
	trials: number,
	chance: number,
): number {
	checkArguments(trials, chance);
	if (successes < 0 || successes > trials) return 0;
	if (chance === 0) return successes === 0 ? 1 : 0;
	if (chance === 1) return successes === trials ? 1 : 0;
	if (successes === 0) return Math.exp(trials * Math.log1p(-chance));
	if (successes === trials) return Math.exp(trials * Math.log(chance));
	const failures = trials - successes;
	const exponent =
		stirlingError(trials) -
		stirlingError(successes) -
		stirlingError(failures) -
		deviance(successes, trials * chance) -
		deviance(failures, trials * (1 - chance));
	const scale = Math.sqrt(trials / (2 * Math.PI * successes * failures));
	return scale * Math.exp(exponent);
}

/** The probability of at most `successes`. */
export function probabilityOfAtMost(
	successes: number,
	trials: number,
	chance: number,
): number {
	if (successes < 0) return 0;
	if (successes >= trials) return 1;
	if (successes > trials * chance)
		return 1 - probabilityOfAtMost(trials - successes - 1, trials, 1 - chance);
	let term = binomialProbability(successes, trials, chance);
	let sum = term;
	// Left of the mean the terms only shrink; once they no longer change the sum, nothing after does.
	for (let k = successes; k > 0 && term > sum * 1e-17; k--) {
		term *= (k / (trials - k + 1)) * ((1 - chance) / chance);
		sum += term;
	}
	return sum;
}

/**
 * The numbers of successes that a right ruleset leaves with a probability of at most
 * `1 - confidence`: the same share of that on either side.
 *
 * @example binomialBand(100, 0.5, 0.95) // { low: 40, high: 60 }
 * @public
 */
export function binomialBand(
	trials: number,
	chance: number,
	confidence: number,
): Band {
	checkArguments(trials, chance);
	invariant(
		confidence > 0 && confidence < 1,
		`a confidence is between 0 and 1, not ${confidence}`,
	);
	const tail = (1 - confidence) / 2;
	return {
		low: lowestAllowed(trials, chance, tail),
		high: trials - lowestAllowed(trials, 1 - chance, tail),
	};
}

/**
 * One band for each share of a multinomial, so that a right ruleset leaves *any* of them with a
 * probability of at most `1 - confidence`. Two shares are one question (what one lacks the other
 * has); from three on every band gets an equal part of the doubt (the union bound: exact in what it
 * promises, a little wider than it would have to be).
 * @public
 */
export function multinomialBands(
	trials: number,
	shares: readonly number[],
	confidence: number,
): readonly Band[] {
	const questions = shares.length > 2 ? shares.length : 1;
	const each = 1 - (1 - confidence) / questions;
	return shares.map((share) => binomialBand(trials, share, each));
}

/** The numbers that are as near to the share as whole numbers get: its floor and its ceiling. */
export function evenBand(trials: number, weight: number, total: number): Band {
	const exact = (trials * weight) / total;
	return { low: Math.floor(exact), high: Math.ceil(exact) };
}

/** The largest `low` with P(fewer than low) ≤ tail, by halving: the tail only grows with it. */
function lowestAllowed(trials: number, chance: number, tail: number): number {
	let allowed = 0;
	let tooHigh = trials + 1;
	while (tooHigh - allowed > 1) {
		const middle = Math.floor((allowed + tooHigh) / 2);
		if (probabilityOfAtMost(middle - 1, trials, chance) <= tail)
			allowed = middle;
		else tooHigh = middle;
	}
	return allowed;
}

/** observed·ln(observed/expected) + expected − observed, exact also where the two are close. */
function deviance(observed: number, expected: number): number {
	const difference = observed - expected;
	if (Math.abs(difference) >= 0.1 * (observed + expected))
		return observed * Math.log(observed / expected) - difference;
	// With v = (o − e)/(o + e) the logarithm is 2·(v + v³/3 + v⁵/5 + …): no digits cancel.
	const ratio = difference / (observed + expected);
	let sum = difference * ratio;
	let term = 2 * observed * ratio;
	for (let odd = 3; odd < 1000; odd += 2) {
		term *= ratio * ratio;
		const next = sum + term / odd;
		if (next === sum) return next;
		sum = next;
	}
	return sum;
}

function stirlingError(n: number): number {
	const small = SMALL_STIRLING_ERRORS[n];
	if (small !== undefined) return small;
	const square = n * n;
	return (
		(1 / 12 -
			(1 / 360 -
				(1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) /
				square) /
		n
	);
}

function stirlingErrorsUpTo(last: number): readonly number[] {
	const errors = [0];
	let factorial = 1;
	for (let n = 1; n <= last; n++) {
		factorial *= n;
		errors.push(
			Math.log(factorial) -
				(n + 0.5) * Math.log(n) +
				n -
				Math.log(2 * Math.PI) / 2,
		);
	}
	return errors;
}

function checkArguments(trials: number, chance: number): void {
	invariant(
		Number.isInteger(trials) && trials >= 0 && chance >= 0 && chance <= 1,
		`no binomial distribution with ${trials} trials of chance ${chance}`,
	);
}
