import fc from "fast-check";
import { expect, test } from "vitest";
import {
	compareRationals,
	dividedBy,
	greater,
	leastCommonMultiple,
	minus,
	ONE,
	plus,
	printPercent,
	printRational,
	rational,
	smaller,
	times,
	toNumber,
	ZERO,
} from "./rational.ts";

const bottom = fc.bigInt().filter((one) => one !== 0n);
const fraction = fc.tuple(fc.bigInt(), bottom).map((one) => rational(...one));

test("is in lowest terms, with the sign above", () => {
	expect(printRational(rational(6, 8))).toBe("3/4");
	expect(printRational(rational(-6, 8))).toBe("-3/4");
	expect(printRational(rational(6, -8))).toBe("-3/4");
	expect(printRational(rational(8, 4))).toBe("2");
	expect(rational(0, -5)).toEqual(ZERO);
	expect(() => rational(1, 0)).toThrow(RangeError);
	expect(() => rational(0.5)).toThrow(RangeError);
});

test("has no common divisor left, whatever the numbers", () => {
	const euclid = (one: bigint, other: bigint): bigint =>
		other === 0n ? one : euclid(other, one % other);
	fc.assert(
		fc.property(fc.bigInt(), bottom, bottom, (top, low, common) => {
			const { numerator, denominator } = rational(top * common, low * common);
			expect(denominator > 0n).toBe(true);
			expect(numerator * low).toBe(top * denominator);
			const divisor = euclid(numerator, denominator);
			expect(divisor === 1n || divisor === -1n).toBe(true);
		}),
	);
});

test("adds and multiplies exactly, as a field does", () => {
	fc.assert(
		fc.property(fraction, fraction, fraction, (a, b, c) => {
			expect(plus(a, b)).toEqual(plus(b, a));
			expect(plus(plus(a, b), c)).toEqual(plus(a, plus(b, c)));
			expect(times(times(a, b), c)).toEqual(times(a, times(b, c)));
			expect(times(a, plus(b, c))).toEqual(plus(times(a, b), times(a, c)));
			expect(plus(a, times(a, rational(-1)))).toEqual(ZERO);
			expect(times(a, ONE)).toEqual(a);
			expect(minus(plus(a, b), b)).toEqual(a);
			if (b.numerator !== 0n) expect(dividedBy(times(a, b), b)).toEqual(a);
		}),
	);
	expect(() => dividedBy(ONE, ZERO)).toThrow(RangeError);
});

test("is ordered as the line of numbers is", () => {
	fc.assert(
		fc.property(fraction, fraction, (a, b) => {
			const difference = minus(a, b).numerator;
			const sign = difference < 0n ? -1 : difference > 0n ? 1 : 0;
			expect(compareRationals(a, b)).toBe(sign);
			expect([smaller(a, b), greater(a, b)]).toEqual(
				sign > 0 ? [b, a] : [a, b],
			);
		}),
	);
});

test("becomes the nearest double", () => {
	fc.assert(
		fc.property(
			fc.integer(),
			fc.integer({ min: 1 }),
			fc.bigInt({ min: 1n }),
			(top, low, scale) => {
				const one = rational(top, low);
				expect(toNumber(one)).toBe(top === 0 ? 0 : top / low);
				expect(
					toNumber(rational(BigInt(top) * scale, BigInt(low) * scale)),
				).toBe(toNumber(one));
			},
		),
	);
	expect(toNumber(rational(99n ** 500n, 100n ** 500n))).toBeCloseTo(
		0.99 ** 500,
		15,
	);
	expect(toNumber(rational(1n, 2n ** 1070n))).toBe(2 ** -1070);
	expect(toNumber(rational(2n ** 1000n))).toBe(2 ** 1000);
});

test("prints per cent, and neither 0 nor 100 for what is not", () => {
	const printed = (top: number, low: number) =>
		printPercent(rational(top, low));
	expect(printed(8, 27)).toBe("29.6 %");
	expect(printed(1, 2)).toBe("50 %");
	expect(printed(1, 1)).toBe("100 %");
	expect(printed(0, 1)).toBe("0 %");
	expect(printed(1, 3)).toBe("33.3 %");
	expect(printed(2, 3)).toBe("66.7 %");
	expect(printed(333, 1000)).toBe("33.3 %");
	expect(printed(708669603, 2 ** 31)).toBe("33.0 %");
	expect(printed(1, 2000)).toBe("0.1 %");
	expect(printed(1, 2001)).toBe("< 0.1 %");
	expect(printed(9999, 10000)).toBe("> 99.9 %");
});

test("finds the least common multiple", () => {
	expect(leastCommonMultiple(4n, 6n)).toBe(12n);
	expect(leastCommonMultiple(27n, 9n)).toBe(27n);
	expect(leastCommonMultiple(5n, 7n)).toBe(35n);
});
