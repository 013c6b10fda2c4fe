/** Which address of a range a connection gets (`find_best_ips_proto`, nf_nat_core.c, 6.1). */
import type { NatRange } from "../../extension/host.ts";
import { hashAddressWord, scale } from "../../packet/jhash.ts";
import type { Tuple } from "../table/tuple.ts";
import type { Manip } from "./nat-unique-tuple.ts";

/** An address as a little-endian machine reads it from the wire. */
function wireWord(address: number): number {
	return (
		((address & 0xff) << 24) |
		((address & 0xff00) << 8) |
		((address >>> 8) & 0xff00) |
		(address >>> 24)
	);
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
		const hash = hashAddressWord(wireWord(tuple.source), seed);
		picked = (min + scale(hash, ((max - min) >>> 0) + 1)) | 0;
	}
	if (manip === "source") tuple.source = picked;
	else tuple.destination = picked;
}
