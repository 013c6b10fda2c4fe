/**
 * Numbers as libxtables reads them: `strtoul` with base 0, so `010` is eight and `0x10` sixteen
 * (`xtables_strtoul`, iptables 1.8.9, libxtables/xtables.c).
 */

/** A number at the beginning of a text. */
export interface Scanned {
	/** Exact up to 2⁵³; 0 when there is none. */
	readonly value: number;
	/** Index behind the number; -1 when there is none. */
	readonly end: number;
}

const NO_NUMBER: Scanned = { value: 0, end: -1 };

/** Reads a number at `from` and stops at the first character that does not belong to it. */
export function scanUnsigned(text: string, from: number): Scanned {
	const { length } = text;
	let index = from;
	let code = text.charCodeAt(index);
	while (code === 32 || (code >= 9 && code <= 13))
		code = text.charCodeAt(++index);
	if (code === 43) code = text.charCodeAt(++index);
	let base = 10;
	if (code === 48) {
		base = 8;
		const next = text.charCodeAt(index + 1) | 32;
		if (next === 120 && digitOf(text.charCodeAt(index + 2)) < 16) {
			base = 16;
			index += 2;
		}
	}
	const start = index;
	let value = 0;
	while (index < length) {
		const digit = digitOf(text.charCodeAt(index));
		if (digit >= base) break;
		value = value * base + digit;
		index++;
	}
	return index === start ? NO_NUMBER : { value, end: index };
}

/**
 * Reads a text that is a number and nothing else.
 * @returns -1 when it is none, or is less than `min` or more than `max`
 */
export function readUnsigned(text: string, min: number, max: number): number {
	const { value, end } = scanUnsigned(text, 0);
	return end !== text.length || value < min || value > max ? -1 : value;
}

/** The same for 64 bits. @returns `null` where `readUnsigned` returns -1 */
export function readUnsigned64(text: string): bigint | null {
	const { value: scanned, end } = scanUnsigned(text, 0);
	if (end !== text.length) return null;
	if (scanned <= Number.MAX_SAFE_INTEGER) return BigInt(scanned);
	const digits = text.trim().replace(/^\+/, "");
	const octal = /^0[0-7]/.test(digits);
	const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
	return value < 1n << 64n ? value : null;
}

function digitOf(code: number): number {
	if (code >= 48 && code <= 57) return code - 48;
	const lower = code | 32;
	return lower >= 97 && lower <= 102 ? lower - 87 : 99;
}

/** Of 64 bits. */
const GREATEST = (1n << 64n) - 1n;

/**
 * A text as C's `strtoull` reads it with base 0, where nothing may stand behind the number: too great a one is the
 * greatest, a negative one counts down from 2⁶⁴, and of no text at all it is 0.
 * @returns `null` when something else stands there
 */
export function strtoull(text: string): bigint | null {
	if (text === "") return 0n;
	const [, sign, digits = ""] =
		/^[\t-\r ]*([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? [];
	if (sign === undefined) return null;
	const isOctal = /^0[0-7]/.test(digits);
	const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
	if (value > GREATEST) return GREATEST;
	return sign === "-" ? BigInt.asUintN(64, -value) : value;
}

/** `atoi`: 0 where there is no number; what is left of it in 32 bits. */
export function atoi(text: string): number {
	const [found = "0"] = /^\s*[+-]?\d+/.exec(text) ?? [];
	const number = BigInt(found.trim().replace("+", ""));
	// `strtol` ends at the greatest and the least number of 64 bits.
	if (number > GREATEST >> 1n) return -1;
	if (number < -(GREATEST >> 1n)) return 0;
	return Number(BigInt.asIntN(32, number));
}
