/** Texts of users may be of any length: a comment of a rule, a banner, a story. A report is for reading. */

const MOST_CHARACTERS = 4_000;

/** Commands are there to be run, and a part of one is none. */
const WHOLE: ReadonlySet<string> = new Set(["command", "replay"]);

/** The same data, with every text in it cut that is longer than anybody reads; what was cut is said. */
export function shortenTexts<Value>(value: Value): Value {
	return shortened(value) as Value;
}

function shortened(value: unknown): unknown {
	if (typeof value === "string") return shortenText(value);
	if (Array.isArray(value)) return value.map(shortened);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, part]) => [
			key,
			WHOLE.has(key) ? part : shortened(part),
		]),
	);
}

/** What was cut is said. */
export function shortenText(text: string): string {
	if (text.length <= MOST_CHARACTERS) return text;
	const left = text.length - MOST_CHARACTERS;
	return `${text.slice(0, MOST_CHARACTERS)}… (${left} more characters)`;
}

/** The first ones, and how many are left out. */
export function firstLines(
	lines: readonly string[],
	most: number,
): readonly string[] {
	return lines.length <= most
		? lines
		: [...lines.slice(0, most), `… and ${lines.length - most} more`];
}
