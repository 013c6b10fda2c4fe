/** Which addresses are in sets that hold nothing but addresses or networks. */
import type { IpSet } from "../ip-set.ts";
import { readSaved } from "./read-saved.ts";

/** Closed, unsigned. */
type Range = readonly [least: number, greatest: number];

const OF_ADDRESSES: ReadonlySet<string> = new Set([
	"hash:ip",
	"hash:net",
	"bitmap:ip",
]);

/**
 * By the name of the set: ranges that hold all of its addresses, in no order. Sets of other types, and all
 * sets of a text that `faultOfSets` finds fault with, are not there.
 */
export function addressesInSets(
	text: string,
): ReadonlyMap<string, readonly Range[]> {
	const sets = readSaved(text);
	if ("fault" in sets) return new Map();
	return new Map(
		[...sets.all()].flatMap((set) => {
			const { type, family } = set.header;
			const isKnown = OF_ADDRESSES.has(type.name) && family !== "inet6";
			return isKnown ? [[set.name, rangesOf(set)] as const] : [];
		}),
	);
}

function rangesOf({ header, members }: IpSet): readonly Range[] {
	return [...members.all()].map(({ parts }) => {
		const length =
			header.type.name === "hash:net" ? parts.length : header.netmask;
		const size = 2 ** (32 - length);
		const least = Math.floor((parts.ip >>> 0) / size) * size;
		return [least, least + size - 1];
	});
}
