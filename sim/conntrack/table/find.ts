/** Looking a tuple up in both of its zones (`nf_conntrack_find_get`, nf_conntrack_core.c, 6.1). */

import { tupleHash } from "./hash.ts";
import { ORIGINAL, REPLY, zoneOf } from "./layout.ts";
import type { EntryTable } from "./table.ts";
import type { Tuple } from "./tuple.ts";

/** Hash of a tuple in the zone of a direction. */
export function hashIn(tuple: Tuple, zones: number, direction: number): number {
	return tupleHash(
		tuple.source,
		tuple.destination,
		tuple.ports,
		tuple.protocol,
		zoneOf(zones, direction),
	);
}

/** @returns the node of a confirmed entry that has this tuple, or 0 */
export function findNode(
	table: EntryTable,
	tuple: Tuple,
	zones: number,
): number {
	const node = table.find(hashIn(tuple, zones, ORIGINAL), tuple, zones);
	if (node !== 0 || zones >>> 16 === (zones & 0xffff)) return node;
	return table.find(hashIn(tuple, zones, REPLY), tuple, zones);
}
