/**
 * Chance for a run: the same seed gives the same draws, everywhere and for ever.
 *
 * The generator is sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, PractRand), whose
 * state is filled from the seed by splitmix32-style mixing, so that neighbouring seeds have nothing
 * in common.
 */

import { broken } from "../invariant.ts";
import type { Stateful } from "../stateful.ts";
import type { Choice } from "./choice.ts";

const TWO_TO_32 = 0x1_0000_0000;
/** Draws that are thrown away, until every bit of the state depends on every bit of the seed. */
const WARM_UP = 12;

/**
 * A choice that follows from its seed.
 * @param seed any finite number; fractions and bits above 2⁵³ are not told apart
 * @public
 */
export function seededChoice(seed: number): Choice {
	const { next, state } = sfc32(seed);
	const pick = (count: number): number => {
		if (!(Number.isSafeInteger(count) && count >= 1))
			broken(`cannot pick one of ${count}`);
		if (count === 1) return 0;
		// The largest multiple of `count` that a draw can reach; what is above it would favour small outcomes.
		if (count <= TWO_TO_32) {
			const fair = TWO_TO_32 - (TWO_TO_32 % count);
			for (;;) {
				const draw = next();
				if (draw < fair) return draw % count;
			}
		}
		const range = 2 ** 53;
		const fair = range - (range % count);
		for (;;) {
			const draw = (next() & 0x1fffff) * TWO_TO_32 + next();
			if (draw < fair) return draw % count;
		}
	};
	return {
		pick,
		happens(numerator, denominator) {
			if (numerator <= 0) return false;
			if (numerator >= denominator) return true;
			return pick(denominator) < numerator;
		},
		state,
	};
}

/** A function that draws unsigned 32-bit numbers, and the four words that they follow from. */
function sfc32(seed: number): {
	readonly next: () => number;
	readonly state: Stateful<readonly [number, number, number, number]>;
} {
	const whole = Math.floor(Math.abs(seed));
	let low = (whole % TWO_TO_32) | 0;
	const high = Math.floor(whole / TWO_TO_32) ^ (seed < 0 ? -1 : 0);
	const fill = (): number => {
		low = (low + 0x9e3779b9) | 0;
		return mix32(low ^ mix32(high));
	};
	let a = fill();
	let b = fill();
	let c = fill();
	let counter = 1;
	const next = (): number => {
		const result = (((a + b) | 0) + counter) | 0;
		counter = (counter + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = ((c << 21) | (c >>> 11)) + result;
		c |= 0;
		return result >>> 0;
	};
	for (let index = 0; index < WARM_UP; index++) next();
	return {
		next,
		state: {
			save: () => [a, b, c, counter],
			restore(saved) {
				[a, b, c, counter] = saved;
			},
		},
	};
}

/** Spreads every bit of a 32-bit number over all of them (the finalizer of MurmurHash3). */
export function mix32(value: number): number {
	let mixed = value;
	mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return mixed ^ (mixed >>> 16);
}
