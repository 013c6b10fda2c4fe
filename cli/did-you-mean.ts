/** Finds the name that was meant. */

/** The nearest of `names`, when it is near enough to have been meant; else `null`. */
export function nearest(
	given: string,
	names: readonly string[],
): string | null {
	const most = Math.max(1, Math.floor(given.length / 3));
	let best: { name: string; distance: number } | null = null;
	for (const name of names) {
		const distance = editDistance(given.toLowerCase(), name.toLowerCase());
		if (distance <= most && (!best || distance < best.distance))
			best = { name, distance };
	}
	if (best) return best.name;
	return names.find((name) => given !== "" && name.includes(given)) ?? null;
}

/**
 * How many letters have to be put in, taken out, replaced, or swapped with their neighbour (optimal
 * string alignment), row by row.
 */
function editDistance(a: string, b: string): number {
	let above: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
			const moved = Math.min(row[j] as number, next[j - 1] as number) + 1;
			const isSwap = j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			const swapped = isSwap ? (above[j - 2] as number) + 1 : moved;
			next.push(Math.min(replaced, moved, swapped));
		}
		above = row;
		row = next;
	}
	return row[b.length] as number;
}
