/** Numbers, times and names as a reader wants them. */
import { counted, number } from "../../wording.ts";

export { counted, number };

/** `49.7 %`. */
export function percent(share: number): string {
	return `${(share * 100).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** Virtual time to the microsecond at most: `12.5 ms`, `2.954 s`, `3:05 min`, `2 h 05 min`. */
export function time(ms: number): string {
	if (ms < 1_000) return `${trimmed(ms)} ms`;
	if (ms < 60_000) return `${trimmed(ms / 1_000)} s`;
	const minutes = Math.floor(ms / 60_000);
	if (minutes < 60)
		return `${minutes}:${two(Math.floor((ms % 60_000) / 1_000))} min`;
	return `${number(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
}

/** A length of time that is to be compared with others: `2,950 ms`. */
export function milliseconds(ms: number): string {
	return `${number(Math.round(ms))} ms`;
}

/** Live time: `4.1 s`. */
export function took(ms: number): string {
	return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : time(ms);
}

/** `0x1`. */
export function mark(value: number): string {
	return `0x${(value >>> 0).toString(16)}`;
}

function trimmed(value: number): string {
	return String(Math.round(value * 1_000) / 1_000);
}

function two(value: number): string {
	return String(value).padStart(2, "0");
}

/**
 * Names for a picture, where there is little room: cut to so many characters, and still different
 * from each other. What they stand for in full is told beside it.
 */
export function shortNames(
	names: readonly string[],
	most: number,
): readonly string[] {
	const used = new Set<string>();
	return names.map((name, index) => {
		const cut = name.length <= most ? name : `${name.slice(0, most - 1)}…`;
		const end = `…${index + 1}`;
		const short = used.has(cut) ? name.slice(0, most - end.length) + end : cut;
		used.add(short);
		return short;
	});
}

/** `29 lost, 14 late (longest wait 3 s)`; "" where neither was. */
export function costWords({
	lost,
	late,
	longestWaitMs,
}: {
	readonly lost: number;
	readonly late: number;
	readonly longestWaitMs: number;
}): string {
	return [
		lost === 0 ? "" : `${number(lost)} lost`,
		lateWords({ late, longestWaitMs }),
	]
		.filter((part) => part !== "")
		.join(", ");
}

/** `14 late (longest wait 3 s)`, as the terminal says it; "" for none. */
export function lateWords({
	late,
	longestWaitMs,
}: {
	readonly late: number;
	readonly longestWaitMs: number;
}): string {
	return late === 0
		? ""
		: `${number(late)} late (longest wait ${Number((longestWaitMs / 1_000).toFixed(1))} s)`;
}
