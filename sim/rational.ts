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
	return { numerator: top / divisor, denominator: bottom / divisor };
}

export const ZERO = rational(0);
export const ONE = rational(1);

export function plus(one: Rational, other: Rational): Rational {
	return rational(
		one.numerator * other.denominator + other.numerator * one.denominator,
		one.denominator * other.denominator,
	);
}

export function times(one: Rational, other: Rational): Rational {
	return rational(
		one.numerator * other.numerator,
		one.denominator * other.denominator,
	);
}

/** `8/27`, `1` @public */
export function printRational({ numerator, denominator }: Rational): string {
	return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/** With the sign of `denominator`, so that dividing by it makes that positive. */
function commonDivisor(numerator: bigint, denominator: bigint): bigint {
	let [one, other] = [numerator, denominator];
	while (other !== 0n) [one, other] = [other, one % other];
	return one < 0n === denominator < 0n ? one : -one;
}
