/** Which of the known names was meant by one that is misspelt? */
import { editDistance } from "../../edit-distance.ts";

/** The nearest one when it is near enough, or differs in nothing but case; else `null`. */
export function nearName(name: string, names: Iterable<string>): string | null {
	let near: string | null = null;
	for (const known of names) {
		if (known.toLowerCase() === name.toLowerCase()) return known;
		if (near === null && isNear(name, known)) near = known;
	}
	return near;
}

/** One letter more, less, other, or two changed about; long names may differ by two. */
export function isNear(a: string, b: string): boolean {
	const allowed = Math.min(a.length, b.length) > 7 ? 2 : 1;
	if (a === b || Math.abs(a.length - b.length) > allowed || a.length > 40)
		return false;
	return editDistance(a, b) <= allowed;
}
