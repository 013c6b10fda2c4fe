/** Numbers with base 10 that a text begins with, as the C library reads them. */

/** @returns a zero of length 0 where there is no number */
function scan(text: string): {
	readonly isNegative: boolean;
	readonly digits: string;
	readonly length: number;
} {
	const [whole = "", sign, digits = "0"] = /^\s*([+-]?)(\d+)/.exec(text) ?? [];
	return { isNegative: sign === "-", digits, length: whole.length };
}

const GREATEST_SIGNED = (1n << 63n) - 1n;
const GREATEST_UNSIGNED = (1n << 64n) - 1n;

/** 0 when there is none (`atoll`). */
export function leadingInteger(text: string): bigint {
	const { isNegative, digits } = scan(text);
	const value = digits.length > 19 ? GREATEST_SIGNED : BigInt(digits);
	const clamped = value > GREATEST_SIGNED ? GREATEST_SIGNED : value;
	return isNegative ? -clamped : clamped;
}

/** `strtoul` into an unsigned int, and how much of the text it took; 0 and nothing when there is none. */
export function leadingUnsigned(text: string): {
	readonly value: number;
	readonly length: number;
} {
	const { isNegative, digits, length } = scan(text);
	const number = BigInt(digits);
	const signed =
		number > GREATEST_UNSIGNED
			? GREATEST_UNSIGNED
			: isNegative
				? -number
				: number;
	return { value: Number(BigInt.asUintN(32, signed)), length };
}
