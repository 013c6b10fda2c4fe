/** What a machine printed before its end, cut to what tells why. */
import { lastLines } from "../execute.ts";

/** How a kernel begins to say that it cannot go on. */
const BROKEN =
	/Oops|BUG:|Kernel panic|general protection fault|unable to handle/;
const MOST_LINES = 25;
/** Of what comes from the first bad line on; the rest are the last lines of all. */
const FIRST_LINES = 12;

export interface LastWords {
	readonly isBroken: boolean;
	readonly lines: readonly string[];
}

/** The beginning of the trouble and the end of everything. */
export function lastWords(console: string): LastWords {
	const all = lastLines(console, Number.POSITIVE_INFINITY);
	const first = all.findIndex((line) => BROKEN.test(line));
	if (first < 0 || all.length - first <= MOST_LINES)
		return { isBroken: first >= 0, lines: all.slice(-MOST_LINES) };
	return {
		isBroken: true,
		lines: [
			...all.slice(first, first + FIRST_LINES),
			"…",
			...all.slice(FIRST_LINES - MOST_LINES),
		],
	};
}
