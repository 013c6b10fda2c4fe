/** How matches and headers state which fields they compare with constants (`Comparison`). */
import { prefixLength } from "../packet/address.ts";
import type { Comparison, HeaderField } from "./traits.ts";

const GREATEST_ADDRESS = 0xffffffff;
const GREATEST_PORT = 0xffff;

interface Range {
	readonly min: number;
	readonly max: number;
}

/** Ports of one field; [] for a range of all of them. `min` above `max`: no port is in it. */
export const comparesPorts = (
	field: "sourcePort" | "destinationPort",
	{ min, max, inverted }: Range & { readonly inverted: boolean },
): readonly Comparison[] =>
	comparison([field], [{ min, max }], inverted, GREATEST_PORT);

/** Ports of a list, in one field or the other. */
export const comparesPortList = (
	fields: readonly ("sourcePort" | "destinationPort")[],
	ranges: readonly Range[],
	inverted: boolean,
): readonly Comparison[] => comparison(fields, ranges, inverted, GREATEST_PORT);

/** Addresses from one to another. */
export const comparesAddresses = (
	field: "source" | "destination",
	{ min, max, inverted }: Range & { readonly inverted: boolean },
): readonly Comparison[] =>
	comparison(
		[field],
		[{ min: min >>> 0, max: max >>> 0 }],
		inverted,
		GREATEST_ADDRESS,
	);

/**
 * Addresses of a network. A mask with gaps (255.0.255.0) has up to 2³¹ intervals: the one that covers
 * them all stands for them. Outside of it no address fits; but `!` would say that none inside of it
 * does, so an inverted one is left out.
 */
export function comparesNetwork(
	field: "source" | "destination",
	network: {
		readonly address: number;
		readonly mask: number;
		readonly inverted: boolean;
	},
): readonly Comparison[] {
	const { address, mask, inverted } = network;
	if (inverted && prefixLength(mask) === null) return [];
	const min = address & mask;
	return comparesAddresses(field, { min, max: min | ~mask, inverted });
}

function comparison(
	fields: readonly HeaderField[],
	given: readonly Range[],
	inverted: boolean,
	greatest: number,
): readonly Comparison[] {
	const ranges = merged(given);
	const [first] = ranges;
	const isAll = first?.[0] === 0 && first[1] === greatest;
	return isAll && !inverted ? [] : [{ fields, ranges, inverted }];
}

/** Ascending, without those that hold nothing, and with gaps between them. */
function merged(given: readonly Range[]): Comparison["ranges"] {
	const ranges: [number, number][] = [];
	const ascending = given
		.filter(({ min, max }) => min <= max)
		.toSorted((one, other) => one.min - other.min);
	for (const { min, max } of ascending) {
		const last = ranges.at(-1);
		if (last && min <= last[1] + 1) last[1] = Math.max(last[1], max);
		else ranges.push([min, max]);
	}
	return ranges;
}
