/**
 * Hashes of tuples. The kernel uses siphash with a key drawn at boot (`hash_conntrack_raw`,
 * net/netfilter/nf_conntrack_core.c, `hash_by_src`, nf_nat_core.c, 6.1), so which entries share a
 * bucket differs from boot to boot there; here it is always the same.
 */

/** Spreads every bit over the word (the finalizer that MurmurHash3 made known). */
function finish(hash: number): number {
	let h = hash ^ (hash >>> 16);
	h = Math.imul(h, 0x85ebca6b);
	h ^= h >>> 13;
	h = Math.imul(h, 0xc2b2ae35);
	return h ^ (h >>> 16);
}

/** A protocol and a zone as one word of a hash. */
export function protocolInZone(protocol: number, zone: number): number {
	return protocol ^ (zone << 8);
}

/**
 * Of a tuple and the zone of its direction.
 * @param ports as in `TUPLE_PORTS`
 * @param protocol and zone, as `protocolInZone` has them
 */
export function tupleHash(
	source: number,
	destination: number,
	ports: number,
	protocol: number,
): number {
	let h = Math.imul(source, 0xcc9e2d51);
	h = (h << 15) | (h >>> 17);
	h = Math.imul(h ^ destination, 0x1b873593);
	h = (h << 13) | (h >>> 19);
	h = Math.imul(h ^ ports, 0xe6546b65);
	h = (h << 16) | (h >>> 16);
	return finish(h ^ protocol);
}

/**
 * `reciprocal_scale` (include/linux/kernel.h, 6.1): maps a hash to 0 … `size - 1` without dividing.
 * Exact for sizes up to 2²¹, since the product then fits into a double; signed division by 2³² is
 * left to the caller's `scale = size / 2³²`.
 */
export function bucketOf(hash: number, scale: number): number {
	return ((hash >>> 0) * scale) | 0;
}
