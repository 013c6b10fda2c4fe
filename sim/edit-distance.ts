/** How far two words are from each other, and which of some names was meant by a misspelt one. */

/** Longer words are no misspelt names, and the distance takes time by the square of their length. */
const LONGEST_NAME = 100;

/**
 * Letters to insert, remove, replace, or swap with their neighbour to get from one word to the other
 * (optimal string alignment), row by row.
 */
export function editDistance(a: string, b: string): number {
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

/** The name that was meant by a misspelt one: the nearest, or one that contains it; `null` when none is near. */
export function nearest(
	given: string,
	names: readonly string[],
): string | null {
	if (given === "" || given.length > LONGEST_NAME) return null;
	const most = Math.max(1, Math.floor(given.length / 3));
	let best: { name: string; distance: number } | null = null;
	for (const name of names) {
		if (Math.abs(name.length - given.length) > most) continue;
		const distance = editDistance(given.toLowerCase(), name.toLowerCase());
		if (distance <= most && (!best || distance < best.distance))
			best = { name, distance };
	}
	if (best) return best.name;
	return names.find((name) => name.includes(given)) ?? null;
}
