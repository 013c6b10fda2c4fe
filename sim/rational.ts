/** Exact fractions, of integers of any size: what shares and probabilities are computed with. */

/** A fraction in lowest terms, with a denominator above 0, so equal fractions have equal fields. @public */
export interface Rational {
	readonly numerator: bigint;
	readonly denominator: bigint;
}

/** @throws RangeError for a denominator of 0, and for numbers that are not whole */
export function rational(
	numerator: bigint | number,
	denominator: bigint | number = 1n,
): Rational {
	const [top, bottom] = [BigInt(numerator), BigInt(denominator)];
	if (bottom === 0n) throw new RangeError("a fraction with denominator 0");
	const divisor = commonDivisor(top, bottom);
	const sign = bottom < 0n ? -divisor : divisor;
	return { numerator: top / sign, denominator: bottom / sign };
}

export const ZERO = rational(0);
export const ONE = rational(1);

export function plus(one: Rational, other: Rational): Rational {
	return rational(
		one.numerator * other.denominator + other.numerator * one.denominator,
		one.denominator * other.denominator,
	);
}

export function minus(one: Rational, other: Rational): Rational {
	return rational(
		one.numerator * other.denominator - other.numerator * one.denominator,
		one.denominator * other.denominator,
	);
}

export function times(one: Rational, other: Rational): Rational {
	return rational(
		one.numerator * other.numerator,
		one.denominator * other.denominator,
	);
}

/** @throws RangeError for a divisor of 0 */
export function dividedBy(one: Rational, divisor: Rational): Rational {
	return rational(
		one.numerator * divisor.denominator,
		one.denominator * divisor.numerator,
	);
}

/** Below 0 where `one` is the smaller, above 0 where it is the greater, 0 where both are equal: an order for `sort`. */
export function compareRationals(one: Rational, other: Rational): number {
	const left = one.numerator * other.denominator;
	const right = other.numerator * one.denominator;
	return left < right ? -1 : left > right ? 1 : 0;
}

export function smaller(one: Rational, other: Rational): Rational {
	return compareRationals(other, one) < 0 ? other : one;
}

export function greater(one: Rational, other: Rational): Rational {
	return compareRationals(other, one) > 0 ? other : one;
}

/** The nearest double, also where numerator and denominator are far beyond what a double holds. */
export function toNumber({ numerator, denominator }: Rational): number {
	const size = numerator < 0n ? -numerator : numerator;
	// 64 bits of the quotient and one that says whether more follow: more than a double has.
	const shift = bitLength(denominator) - bitLength(size) + 64;
	const [top, bottom] =
		shift >= 0
			? [size << BigInt(shift), denominator]
			: [size, denominator << BigInt(-shift)];
	const quotient = top / bottom;
	const rest = top % bottom === 0n ? 0n : 1n;
	// In two steps, since a power of two may be no double where the product is one.
	const half = Math.trunc(shift / 2);
	const value = Number(quotient | rest) * 2 ** -half * 2 ** (half - shift);
	return numerator < 0n ? -value : value;
}

/** `8/27`, `1` @public */
export function printRational({ numerator, denominator }: Rational): string {
	return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/**
 * A share in per cent, with one digit behind the point, rounded: `29.6 %`, `50 %`. Only what is 0 prints as
 * 0 and only what is 1 as 100: `< 0.1 %`, `> 99.9 %`.
 * @param share from 0 to 1
 */
export function printPercent({ numerator, denominator }: Rational): string {
	const exact = numerator * 1000n;
	if (exact % (denominator * 10n) === 0n)
		return `${exact / denominator / 10n} %`;
	const tenths = (2n * exact + denominator) / (2n * denominator);
	if (tenths === 0n) return "< 0.1 %";
	if (tenths === 1000n) return "> 99.9 %";
	return `${tenths / 10n}.${tenths % 10n} %`;
}

/** The least number above 0 that both divide. @param one above 0 @param other above 0 */
export function leastCommonMultiple(one: bigint, other: bigint): bigint {
	return (one / commonDivisor(one, other)) * other;
}

/** The greatest, above 0. Not for two zeros. */
function commonDivisor(one: bigint, other: bigint): bigint {
	const [left, right] = [one < 0n ? -one : one, other < 0n ? -other : other];
	if (left === 0n || right === 0n) return left + right;
	// Probabilities are fractions of 2^31, so their products are mostly done with this.
	const [leftZeros, rightZeros] = [trailingZeros(left), trailingZeros(right)];
	const odd = oddDivisor(left >> leftZeros, right >> rightZeros);
	return odd << (leftZeros < rightZeros ? leftZeros : rightZeros);
}

function oddDivisor(left: bigint, right: bigint): bigint {
	let [one, other] = left < right ? [right, left] : [left, right];
	while (other > 1n) [one, other] = [other, one % other];
	return other === 0n ? one : 1n;
}

function trailingZeros(value: bigint): bigint {
	return BigInt(bitLength(value & -value) - 1);
}

/** @param value 0 or above */
function bitLength(value: bigint): number {
	const digits = value.toString(16);
	const first = Number.parseInt(digits[0] as string, 16);
	return digits.length * 4 - Math.clz32(first) + 28;
}
