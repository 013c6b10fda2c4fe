/** How much of all packets a kind of them is, where each combination of addresses, ports and protocol counts the same. */
import { type Rational, rational, ZERO } from "../../../../sim/rational.ts";
import type { Intervals } from "../../spaces/intervals.ts";
import { common, HEADER_FIELDS, type Space } from "../../spaces/space.ts";

/** Of spaces that have nothing in common. @param whole what is 1; `null`: it has no packets */
export function measureOf(
	spaces: readonly Space[],
	whole: Space,
): Rational | null {
	const all = sizeOf(whole);
	if (all === 0n) return null;
	const sum = spaces.reduce((total, space) => {
		const both = common(space, whole);
		return both === null ? total : total + sizeOf(both);
	}, 0n);
	return sum === 0n ? ZERO : rational(sum, all);
}

/** How many packets it has. */
export function sizeOf(space: Space): bigint {
	return [...HEADER_FIELDS, "protocol" as const].reduce(
		(product, field) => product * countOf(space[field]),
		BigInt(space.interfaces.length),
	);
}

function countOf(set: Intervals): bigint {
	return set.reduce(
		(sum, [least, greatest]) => sum + BigInt(greatest - least + 1),
		0n,
	);
}
