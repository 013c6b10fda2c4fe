/** Sets of unsigned 32-bit numbers as closed intervals: ascending, apart from each other. */

export type Intervals = readonly (readonly [least: number, greatest: number])[];

const GREATEST = 0xffff_ffff;

export const ALL: Intervals = [[0, GREATEST]];

export function isAll(set: Intervals): boolean {
	const [first] = set;
	return first?.[0] === 0 && first[1] === GREATEST;
}

export function contains(set: Intervals, value: number): boolean {
	for (const [least, greatest] of set)
		if (value >= least && value <= greatest) return true;
	return false;
}

/** Sorted, and joined where they touch. */
export function normalized(set: Intervals): Intervals {
	const sorted = [...set].sort(([one], [other]) => one - other);
	const joined: [number, number][] = [];
	for (const [least, greatest] of sorted) {
		const last = joined.at(-1);
		if (last !== undefined && least <= last[1] + 1)
			last[1] = Math.max(last[1], greatest);
		else joined.push([least, greatest]);
	}
	return joined;
}

export function intersection(one: Intervals, other: Intervals): Intervals {
	if (isAll(one)) return other;
	if (isAll(other)) return one;
	const both: [number, number][] = [];
	let [at, otherAt] = [0, 0];
	while (at < one.length && otherAt < other.length) {
		const [least, greatest] = one[at] as readonly [number, number];
		const [otherLeast, otherGreatest] = other[otherAt] as readonly [
			number,
			number,
		];
		const from = Math.max(least, otherLeast);
		const to = Math.min(greatest, otherGreatest);
		if (from <= to) both.push([from, to]);
		if (greatest < otherGreatest) at++;
		else otherAt++;
	}
	return both;
}

/** All of one lies before all of the other: they have nothing in common. Others may have nothing in common as well. */
export function isApart(one: Intervals, other: Intervals): boolean {
	const [least, greatest] = [one[0], one.at(-1)];
	const [otherLeast, otherGreatest] = [other[0], other.at(-1)];
	return (
		(greatest?.[1] ?? 0) < (otherLeast?.[0] ?? 0) ||
		(otherGreatest?.[1] ?? 0) < (least?.[0] ?? 0)
	);
}

export function complement(set: Intervals): Intervals {
	const rest: [number, number][] = [];
	let from = 0;
	for (const [least, greatest] of set) {
		if (least > from) rest.push([from, least - 1]);
		from = greatest + 1;
	}
	if (from <= GREATEST) rest.push([from, GREATEST]);
	return rest;
}

export function isWithin(one: Intervals, other: Intervals): boolean {
	// Both ascend, and lists of addresses may be long.
	let at = 0;
	return one.every(([least, greatest]) => {
		while (at < other.length && (other[at]?.[1] ?? 0) < least) at++;
		const [otherLeast, otherGreatest] = other[at] ?? [1, 0];
		return otherLeast <= least && greatest <= otherGreatest;
	});
}

export function intervalsText(set: Intervals): string {
	return set.map(([least, greatest]) => `${least}-${greatest}`).join(",");
}
