/** Which address of a range a connection gets (`find_best_ips_proto`, nf_nat_core.c, 6.1). */
import type { NatRange } from "../extension/ports.ts";
import type { Manip } from "./nat-unique-tuple.ts";
import type { Tuple } from "./tuple.ts";

/** An address as a little-endian machine reads it from the wire. */
function wireWord(address: number): number {
	return (
		((address & 0xff) << 24) |
		((address & 0xff00) << 8) |
		((address >>> 8) & 0xff00) |
		(address >>> 24)
	);
}

function rotate(word: number, by: number): number {
	return (word << by) | (word >>> (32 - by));
}

/**
 * Bob Jenkins' lookup3 over the four words that an address takes in a tuple; for IPv4 the last
 * three are zero (`jhash2`, include/linux/jhash.h). No secret goes into it, so the address that a
 * connection gets is the same on every boot, and here.
 */
export function addressHash(word: number, seed: number): number {
	let a = (0xdeadbeef + 16 + seed) | 0;
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
	c = ((c ^ b) - rotate(b, 14)) | 0;
	a = ((a ^ c) - rotate(c, 11)) | 0;
	b = ((b ^ a) - rotate(a, 25)) | 0;
	c = ((c ^ b) - rotate(b, 16)) | 0;
	a = ((a ^ c) - rotate(c, 4)) | 0;
	b = ((b ^ a) - rotate(a, 14)) | 0;
	return ((c ^ b) - rotate(b, 24)) | 0;
}

/**
 * Writes the address of the range that this connection gets. With several to choose from, source
 * and destination decide, so that one client always comes from the same address; with `--persistent`
 * the source alone. Computed as on a little-endian machine.
 * @param zones a ZONES word; the id counts, whichever direction it is for
 */
export function pickAddress(
	tuple: Tuple,
	range: NatRange,
	manip: Manip,
	zones: number,
): void {
	const { addresses } = range;
	if (addresses === null) return;
	const { min, max } = addresses;
	let picked = min;
	if (range.netmap) {
		const hostBits = min ^ max;
		const own = manip === "source" ? tuple.source : tuple.destination;
		picked = (own & hostBits) | (min & ~hostBits);
	} else if (min !== max) {
		const zone = zones >>> 16 || zones & 0xffff;
		const seed = range.persistent ? 0 : wireWord(tuple.destination) ^ zone;
		const hash = addressHash(wireWord(tuple.source), seed) >>> 0;
		// 32 bits times 32 bits: exact only as two halves of 16.
		const size = ((max - min) >>> 0) + 1;
		const low = Math.floor(((hash & 0xffff) * size) / 65536);
		picked = (min + Math.floor(((hash >>> 16) * size + low) / 65536)) | 0;
	}
	if (manip === "source") tuple.source = picked;
	else tuple.destination = picked;
}
