/**
 * Bob Jenkins' hash as the kernel has it for a few words (include/linux/jhash.h, 6.1). Where no secret
 * goes into it, a hash is the same on every boot, and here.
 */

const INITIAL = 0xdeadbeef;

function rotate(value: number, bits: number): number {
	return (value << bits) | (value >>> (32 - bits));
}

/** Hashes one 32-bit word (`jhash_1word`). @returns a signed 32-bit value */
export function hashOneWord(word: number, seed: number): number {
	const start = (INITIAL + 4 + seed) | 0;
	return finish((word + start) | 0, start, start);
}

/** Hashes three 32-bit words (`jhash_3words`). @returns a signed 32-bit value */
export function hashThreeWords(
	first: number,
	second: number,
	third: number,
	seed: number,
): number {
	const start = (INITIAL + 12 + seed) | 0;
	const a = (first + start) | 0;
	const b = (second + start) | 0;
	const c = (third + start) | 0;
	return finish(a, b, c);
}

/** Hashes four 32-bit words of which the last three are zero, as an IPv4 address in a tuple (`jhash2`). */
export function hashAddressWord(word: number, seed: number): number {
	let a = (INITIAL + 16 + seed) | 0;
	let b = a;
	let c = a;
	a = (a + word) | 0;
	a = (a - c) ^ rotate(c, 4);
	c = (c + b) | 0;
	b = (b - a) ^ rotate(a, 6);
	a = (a + c) | 0;
	c = (c - b) ^ rotate(b, 8);
	b = (b + a) | 0;
	a = (a - c) ^ rotate(c, 16);
	c = (c + b) | 0;
	b = (b - a) ^ rotate(a, 19);
	a = (a + c) | 0;
	c = (c - b) ^ rotate(b, 4);
	b = (b + a) | 0;
	// The fourth word is zero: nothing to add before the last mixing.
	return finish(a, b, c);
}

/** `__jhash_final` */
function finish(first: number, second: number, third: number): number {
	let [a, b, c] = [first, second, third];
	c = ((c ^ b) - rotate(b, 14)) | 0;
	a = ((a ^ c) - rotate(c, 11)) | 0;
	b = ((b ^ a) - rotate(a, 25)) | 0;
	c = ((c ^ b) - rotate(b, 16)) | 0;
	a = ((a ^ c) - rotate(c, 4)) | 0;
	b = ((b ^ a) - rotate(a, 14)) | 0;
	return ((c ^ b) - rotate(b, 24)) | 0;
}

/**
 * Moves a hash into 0 … `range` - 1 (`reciprocal_scale`): the upper half of the 64-bit product,
 * in two steps that stay exact in a double.
 */
export function scale(hash: number, range: number): number {
	const factor = range >>> 0;
	const low = Math.floor(((hash & 0xffff) * factor) / 0x10000);
	return Math.floor(((hash >>> 16) * factor + low) / 0x10000);
}
