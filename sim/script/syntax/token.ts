/** The tokens of a shell script, with their places: offsets in the script's text. */

/** A piece of a word. `quoted`: blanks in its value divide no words. */
export type Part =
	| { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
	| {
			/** `$NAME`, `${NAME}`, `${NAME:-fallback}`. */
			readonly kind: "variable";
			readonly name: string;
			readonly fallback: string | null;
			/** `:=`: the variable gets the fallback for its value. */
			readonly assigns: boolean;
			/** `:-`: the fallback stands for an empty value, too. */
			readonly forEmpty: boolean;
			readonly quoted: boolean;
	  }
	| {
			/** `$(command)`; `command` is its text. */
			readonly kind: "command";
			readonly command: string;
			readonly quoted: boolean;
	  }
	| {
			/** What only a shell can work out: `$((1 + 2))`, `${A%b}`, an array. */
			readonly kind: "unknown";
			readonly what: string;
			readonly quoted: boolean;
	  };

export interface Word {
	readonly kind: "word";
	readonly parts: readonly Part[];
	readonly from: number;
	readonly to: number;
}

/** The text of `<<EOF`. */
interface HereDocument {
	readonly text: string;
	/** Offset of its first line. */
	readonly from: number;
	/** The delimiter was quoted: `$` stands for itself. */
	readonly literal: boolean;
}

export interface Redirection {
	readonly kind: "redirection";
	/** `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `<&`, `&>` … */
	readonly operator: string;
	/** The number before it, or that of the operator itself; `&` for both outputs. */
	readonly descriptor: string;
	readonly target: Word | null;
	/** Filled in once the line is read to its end. */
	document: HereDocument | null;
	readonly from: number;
	readonly to: number;
}

export interface Operator {
	readonly kind: "operator";
	/** `;`, `;;`, `&`, `&&`, `|`, `|&`, `||`, `(`, `)`, and `newline`. */
	readonly text: string;
	readonly from: number;
	readonly to: number;
}

export type Token = Word | Redirection | Operator;

/** The script is not built as a shell reads it, or in a way that marktwin does not read. */
export class ShellSyntaxError extends Error {
	override readonly name = "ShellSyntaxError";
	readonly offset: number;
	readonly remedy: string;

	constructor(message: string, remedy: string, offset: number) {
		super(message);
		this.offset = offset;
		this.remedy = remedy;
	}
}

/** The text of a word without any expansion; `null` when it has one. */
export function plainText(word: Word): string | null {
	let text = "";
	for (const part of word.parts) {
		if (part.kind !== "text") return null;
		text += part.text;
	}
	return text;
}

/** The text of a word with each of its expansions as `…`. */
export function shownText(word: Word): string {
	return word.parts
		.map((part) =>
			part.kind === "text"
				? part.text
				: part.kind === "variable"
					? `$${part.name}`
					: "…",
		)
		.join("");
}

/** A word that may be reserved: one without quotes. */
export function bareText(word: Word): string | null {
	const [part] = word.parts;
	return word.parts.length === 1 && part?.kind === "text" && !part.quoted
		? part.text
		: null;
}

export function isOperator(
	token: Token | null | undefined,
	...texts: readonly string[]
): boolean {
	return token?.kind === "operator" && texts.includes(token.text);
}

export function isWord(token: Token | null | undefined, text: string): boolean {
	return token?.kind === "word" && bareText(token) === text;
}
