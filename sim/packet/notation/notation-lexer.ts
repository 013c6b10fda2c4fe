/** Takes the one-line notation of packets apart into tokens that know their column. */
import { PacketError } from "../packet-error.ts";

export interface Token {
	/** `text` is a `data "…"` argument, already without quotes and escapes. */
	readonly kind: "word" | "text" | "<" | ">" | "(" | ")" | "," | "end";
	readonly text: string;
	/** From 1. */
	readonly column: number;
}

const WORD = /[^\s<>(),"]+/y;
const BLANKS = /\s*/y;
const PUNCTUATION = "<>(),";
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not obey them
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const ESCAPES: Readonly<Record<string, string>> = {
	n: "\n",
	r: "\r",
	t: "\t",
	'"': '"',
	"\\": "\\",
};

/**
 * Says what is wrong with a line, where, and what would be right.
 * @throws PacketError always
 */
export function refuseNotation(
	line: string,
	column: number,
	problem: string,
	example: string,
): never {
	throw new PacketError({
		code: "notation",
		message: `packet, column ${column}: ${problem}, for example: ${example}\n${shownAt(line, column)}`,
		place: column,
		remedy: `Write ${example}`,
	});
}

const SHOWN_WIDTH = 100;

/** The line with a caret below the column; of a long one what stands around it, and all of it on one line. */
function shownAt(line: string, column: number): string {
	const at = column - 1;
	const from =
		line.length <= SHOWN_WIDTH ? 0 : Math.max(0, at - SHOWN_WIDTH / 2);
	const to = from + SHOWN_WIDTH;
	const before = from > 0 ? "…" : "";
	const after = to < line.length ? "…" : "";
	const visible = line.slice(from, to).replace(CONTROL, " ");
	const caret = `${" ".repeat(before.length + at - from)}^`;
	return `  ${before}${visible}${after}\n  ${caret}`;
}

function quotedText(line: string, start: number): Token & { end: number } {
	let text = "";
	let at = start + 1;
	for (;;) {
		const character = line[at];
		if (character === undefined)
			return refuseNotation(
				line,
				start + 1,
				"the quotes are never closed",
				'data "QUIT\\r\\n"',
			);
		if (character === '"')
			return { kind: "text", text, column: start + 1, end: at + 1 };
		if (character.charCodeAt(0) > 255)
			return refuseNotation(
				line,
				at + 1,
				"a character of data is one octet",
				'data "\\xc3\\xa4"',
			);
		if (character !== "\\") {
			text += character;
			at += 1;
			continue;
		}
		const letter = line[at + 1] ?? "";
		const simple = ESCAPES[letter];
		const hex = line.slice(at + 2, at + 4);
		if (simple !== undefined) {
			text += simple;
			at += 2;
		} else if (letter === "x" && /^[0-9a-fA-F]{2}$/.test(hex)) {
			text += String.fromCharCode(Number.parseInt(hex, 16));
			at += 4;
		} else
			return refuseNotation(
				line,
				at + 1,
				`expected one of the escapes \\n \\r \\t \\" \\\\ \\xNN`,
				'data "\\x00\\r\\n"',
			);
	}
}

/**
 * The tokens of a line; the last one is always of kind `end`.
 * @throws PacketError for quotes and escapes that are wrong
 */
export function lexNotation(line: string): readonly Token[] {
	const tokens: Token[] = [];
	let at = 0;
	for (;;) {
		BLANKS.lastIndex = at;
		BLANKS.test(line);
		at = BLANKS.lastIndex;
		const character = line[at];
		if (character === undefined) break;
		const column = at + 1;
		if (character === '"') {
			const { end, ...token } = quotedText(line, at);
			tokens.push(token);
			at = end;
		} else if (PUNCTUATION.includes(character)) {
			tokens.push({ kind: character as "<", text: character, column });
			at += 1;
		} else {
			WORD.lastIndex = at;
			WORD.test(line);
			tokens.push({
				kind: "word",
				text: line.slice(at, WORD.lastIndex),
				column,
			});
			at = WORD.lastIndex;
		}
	}
	tokens.push({ kind: "end", text: "", column: line.length + 1 });
	return tokens;
}

/** Text as it stands between quotes: printable ASCII as it is, everything else escaped. */
export function quoteText(text: string): string {
	const escaped = text.replace(/[^ !#-[\]-~]/g, (character) => {
		if (character === "\n") return "\\n";
		if (character === "\r") return "\\r";
		if (character === "\t") return "\\t";
		if (character === '"' || character === "\\") return `\\${character}`;
		return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
	});
	return `"${escaped}"`;
}
