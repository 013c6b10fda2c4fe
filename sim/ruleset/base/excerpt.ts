/** A line of a file with a caret below what is meant. */

/** Columns from 1, in UTF-16 units. */
interface Excerpt {
	readonly line: number;
	readonly column: number;
	readonly length: number;
	/** The whole line. */
	readonly text: string;
}

const WIDTH = 100;

/** `4 | -A INPUT …`, and the caret in the line below. */
export function excerpt(part: Excerpt): readonly [line: string, caret: string] {
	const number = String(part.line);
	const { text, caret, length } = window(part);
	const pad = " ".repeat(number.length);
	return [
		`${number} | ${text}`,
		`${pad} | ${" ".repeat(caret)}^${"~".repeat(length - 1)}`,
	];
}

/** As much of a long line as stands around the caret, on one line whatever it holds. */
function window({ text, column, length }: Excerpt): {
	readonly text: string;
	readonly caret: number;
	readonly length: number;
} {
	const at = column - 1;
	const from = text.length <= WIDTH ? 0 : Math.max(0, at - WIDTH / 2);
	const to = Math.min(text.length, from + WIDTH);
	const before = from > 0 ? "…" : "";
	const after = to < text.length ? "…" : "";
	const visible = printable(text.slice(from, to));
	return {
		text: `${before}${visible}${after}`,
		caret: before.length + at - from,
		length: Math.max(1, Math.min(length, to - at)),
	};
}

/** Tabs, control characters and odd blanks as one visible character each, so that the caret stays right. */
export function printable(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) =>
		char === "\t" ? " " : "\ufffd",
	);
}
