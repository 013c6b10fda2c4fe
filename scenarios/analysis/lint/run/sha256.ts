/** SHA-256 (FIPS 180-4) of a text in UTF-8, in plain arithmetic: findings have fingerprints in a browser, too. */

const BLOCK = 64;
const ROUNDS = 64;

/** The first primes, of whose roots the constants are the first 32 bits of the fractions. */
const PRIMES = firstPrimes(ROUNDS);
const ROUND_CONSTANTS = Int32Array.from(PRIMES, (prime) =>
	fraction(Math.cbrt(prime)),
);
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) =>
	fraction(Math.sqrt(prime)),
);

function firstPrimes(count: number): readonly number[] {
	const primes: number[] = [];
	for (let number = 2; primes.length < count; number++)
		if (primes.every((prime) => number % prime !== 0)) primes.push(number);
	return primes;
}

function fraction(root: number): number {
	return ((root % 1) * 2 ** 32) | 0;
}

/** @returns 64 hexadecimal digits */
export function sha256(text: string): string {
	const hash = INITIAL.slice();
	const padded = pad(new TextEncoder().encode(text));
	const view = new DataView(padded.buffer);
	for (let at = 0; at < padded.length; at += BLOCK) compress(hash, view, at);
	return [...hash]
		.map((word) => (word >>> 0).toString(16).padStart(8, "0"))
		.join("");
}

/** A one, zeros, and the length in bits, to whole blocks. */
function pad(octets: Uint8Array): Uint8Array {
	const blocks = Math.ceil((octets.length + 9) / BLOCK);
	const padded = new Uint8Array(blocks * BLOCK);
	padded.set(octets);
	padded[octets.length] = 0x80;
	const view = new DataView(padded.buffer);
	view.setBigUint64(padded.length - 8, BigInt(octets.length) * 8n);
	return padded;
}

function turned(word: number, bits: number): number {
	return (word >>> bits) | (word << (32 - bits));
}

function compress(hash: Int32Array, view: DataView, at: number): void {
	const words = new Int32Array(ROUNDS);
	const word = (index: number) => words[index] as number;
	for (let index = 0; index < 16; index++)
		words[index] = view.getInt32(at + 4 * index);
	for (let index = 16; index < ROUNDS; index++) {
		const [early, late] = [word(index - 15), word(index - 2)];
		words[index] =
			word(index - 16) +
			(turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)) +
			word(index - 7) +
			(turned(late, 17) ^ turned(late, 19) ^ (late >>> 10));
	}
	let [a, b, c, d, e, f, g, h] = [...hash] as [
		number,
		number,
		number,
		number,
		number,
		number,
		number,
		number,
	];
	for (let round = 0; round < ROUNDS; round++) {
		const one =
			h +
			(turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
			((e & f) ^ (~e & g)) +
			(ROUND_CONSTANTS[round] as number) +
			word(round);
		const two =
			(turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
			((a & b) ^ (a & c) ^ (b & c));
		[h, g, f, e, d, c, b, a] = [
			g,
			f,
			e,
			(d + one) | 0,
			c,
			b,
			a,
			(one + two) | 0,
		];
	}
	for (const [index, value] of [a, b, c, d, e, f, g, h].entries())
		hash[index] = (hash[index] as number) + value;
}
