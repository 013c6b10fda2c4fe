/** What a machine printed before its end, cut to what tells why. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { lastLines } from "../../execute.ts";

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

/** Of what a machine prints the end is kept: its last lines, and a kernel's account of its end. */
const TAIL_OCTETS = 256 * 1024;

/** What came last of a stream, however much came. */
export interface Tail {
	add(chunk: Buffer): void;
	text(): string;
}

export function createTail(): Tail {
	const chunks: Buffer[] = [];
	let length = 0;
	return {
		add(chunk) {
			chunks.push(chunk);
			length += chunk.length;
			while (length - (chunks[0]?.length ?? 0) >= TAIL_OCTETS)
				length -= chunks.shift()?.length ?? 0;
		},
		text: () => Buffer.concat(chunks).toString("latin1"),
	};
}

/** The end of a file; "" when there is none. */
export function tailOf(file: string): string {
	let descriptor: number;
	try {
		descriptor = openSync(file, "r");
	} catch {
		// The machine did not come as far as to print anything.
		return "";
	}
	try {
		const from = Math.max(0, fstatSync(descriptor).size - TAIL_OCTETS);
		const bytes = Buffer.alloc(TAIL_OCTETS);
		return bytes.toString(
			"latin1",
			0,
			readSync(descriptor, bytes, 0, TAIL_OCTETS, from),
		);
	} finally {
		closeSync(descriptor);
	}
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
