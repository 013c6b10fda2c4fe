import fc from "fast-check";
import { expect, test } from "vitest";
import { ONE, plus, printRational, rational, times, ZERO } from "./rational.ts";

test("is in lowest terms, with the sign above", () => {
	expect(printRational(rational(6, 8))).toBe("3/4");
	expect(printRational(rational(-6, 8))).toBe("-3/4");
	expect(printRational(rational(6, -8))).toBe("-3/4");
	expect(printRational(rational(8, 4))).toBe("2");
	expect(rational(0, -5)).toEqual(ZERO);
	expect(() => rational(1, 0)).toThrow(RangeError);
	expect(() => rational(0.5)).toThrow(RangeError);
});

test("adds and multiplies exactly, as a field does", () => {
	const bottom = fc.bigInt().filter((one) => one !== 0n);
	const fraction = fc.tuple(fc.bigInt(), bottom).map((one) => rational(...one));
	fc.assert(
		fc.property(fraction, fraction, fraction, (a, b, c) => {
			expect(plus(a, b)).toEqual(plus(b, a));
			expect(plus(plus(a, b), c)).toEqual(plus(a, plus(b, c)));
			expect(times(times(a, b), c)).toEqual(times(a, times(b, c)));
			expect(times(a, plus(b, c))).toEqual(plus(times(a, b), times(a, c)));
			expect(plus(a, times(a, rational(-1)))).toEqual(ZERO);
			expect(times(a, ONE)).toEqual(a);
		}),
	);
});
