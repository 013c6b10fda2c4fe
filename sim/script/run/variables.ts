/** The variables of a script as far as they are known, and words with them put in. */
import { type Part, ShellSyntaxError, type Word } from "../syntax/token.ts";

/** A value that only a run of the script would tell, and why. */
export interface Unknown {
	readonly unknown: string;
	readonly remedy: string;
}

/** The kernel takes no longer argument of a program (MAX_ARG_STRLEN, execve(2)), its final zero left out. */
const LONGEST_WORD = 128 * 1024 - 1;
/** Of all words of a script together, in characters. */
const MOST_TEXT = 64 * 1024 * 1024;

export type Value = { readonly value: string } | Unknown;

/** A class because it is the state of a shell. */
export class Variables {
	private readonly values = new Map<string, Value>();
	/** Characters of all words that had a variable. */
	private expanded = 0;

	set(name: string, value: Value): void {
		this.values.set(name, value);
	}

	unset(name: string): void {
		this.values.delete(name);
	}

	/** Would arithmetic with its value carry out a command? bash expands an index in it. */
	holdsCommand(name: string): boolean {
		const known = this.values.get(name);
		return (
			known !== undefined && "value" in known && /\$\(|`/.test(known.value)
		);
	}

	/** Is it assigned, whatever its value? */
	has(name: string): boolean {
		return this.values.has(name);
	}

	/** Has it a value that is known, and not empty? */
	isSet(name: string): boolean {
		const known = this.values.get(name);
		return known !== undefined && "value" in known && known.value !== "";
	}

	/** The value of one word, as an assignment takes it: not divided. */
	value(word: Word, from = 0): Value {
		let value = "";
		let skip = from;
		for (const part of word.parts) {
			const found = this.partOf(part);
			if ("unknown" in found) return found;
			value += found.value.slice(skip);
			skip = Math.max(0, skip - found.value.length);
			if (value.length > LONGEST_WORD) return TOO_LONG;
		}
		this.count(value, word.from);
		return { value };
	}

	/** The words that a shell makes of one: variables are put in, and divide it unless they are quoted. */
	expand(word: Word): readonly string[] | Unknown {
		const [only] = word.parts;
		if (word.parts.length === 1 && only?.kind === "text")
			return only.quoted || !BRACES.test(only.text)
				? [only.text]
				: unknownBraces(only.text);
		const fields: string[] = [];
		let current: string | null = null;
		let length = 0;
		for (const part of word.parts) {
			const found = this.partOf(part);
			if ("unknown" in found) return found;
			const { value } = found;
			length += value.length;
			if (length > LONGEST_WORD) return TOO_LONG;
			this.count(value, word.from);
			if (!part.quoted && part.kind === "variable" && this.values.has("IFS"))
				return DIVIDED;
			if (part.quoted || part.kind === "text") {
				if (!part.quoted && BRACES.test(value)) return unknownBraces(value);
				current = (current ?? "") + value;
				continue;
			}
			const pieces: readonly string[] = value.split(/[ \t\n]+/);
			for (const [index, piece] of pieces.entries()) {
				if (index > 0 && current !== null) {
					fields.push(current);
					current = null;
				}
				if (piece !== "") current = (current ?? "") + piece;
			}
		}
		if (current !== null) fields.push(current);
		return fields;
	}

	/** @throws ShellSyntaxError when all words are too long together */
	private count({ length }: string, from: number): void {
		this.expanded += length;
		if (this.expanded > MOST_TEXT)
			throw new ShellSyntaxError(
				"the words of this script are longer than 64 MiB together once its variables are put in",
				"Make its values shorter.",
				from,
			);
	}

	/** A text with `$` in it, as a here-document has them. */
	substitute(text: string, from: number): Value {
		let unknown: Unknown | null = null;
		const value = text.replace(
			/\\([$`\\])|\$\{?(\w+)\}?|[`]|\$\(/g,
			(whole, escaped?: string, name?: string) => {
				if (escaped !== undefined) return escaped;
				const found = this.partOf(
					name === undefined
						? { kind: "unknown", what: whole, quoted: true }
						: {
								kind: "variable",
								name,
								fallback: null,
								assigns: false,
								forEmpty: false,
								quoted: true,
							},
				);
				if ("value" in found) {
					this.count(found.value, from);
					return found.value;
				}
				unknown ??= found;
				return "";
			},
		);
		return unknown ?? { value };
	}

	private partOf(part: Part): Value {
		switch (part.kind) {
			case "text":
				return { value: part.text };
			case "variable":
				return this.variable(part);
			case "command":
				return ofCommand(part.command);
			case "unknown":
				return {
					unknown: `only a shell can work out \`${part.what}\``,
					remedy: "Write its value.",
				};
		}
	}

	private variable({
		name,
		fallback,
		assigns,
		forEmpty,
	}: Extract<Part, { kind: "variable" }>): Value {
		const known = this.values.get(name);
		const isEmpty =
			known === undefined ||
			(forEmpty && "value" in known && known.value === "");
		if (fallback !== null && isEmpty) {
			if (assigns) this.values.set(name, { value: fallback });
			return { value: fallback };
		}
		if (known !== undefined) return known;
		return {
			unknown: `the variable ${name} has no value that is known`,
			remedy: /^\w*[A-Za-z_]\w*$/.test(name)
				? `Assign it a plain value before, as in \`${name}=value\`.`
				: "It is given when the script is run: write its value.",
		};
	}
}

/** The value of a word that is too long. */
export const TOO_LONG: Unknown = {
	unknown:
		"this word is longer than 128 KiB once its variables are put in, and no program can be given that (Argument list too long)",
	remedy: "Make its values shorter.",
};

const DIVIDED: Unknown = {
	unknown:
		"IFS is assigned, and decides at which characters an unquoted variable is divided into words",
	remedy: "Quote the variable, or take the assignment of IFS out.",
};

/** `{a,b}` and `{1..3}` of bash. */
const BRACES = /\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}/;

function unknownBraces(text: string): Unknown {
	return {
		unknown: `some shells make several words of \`${text}\``,
		remedy: "Write them out, or quote it.",
	};
}

/** A path that is looked for is the program's name. */
function ofCommand(command: string): Value {
	const [, program] =
		/^\s*(?:which|command\s+-v|type\s+-[pP])\s+([\w./-]+)\s*(?:2>\s*\/dev\/null\s*)?$/.exec(
			command,
		) ?? [];
	if (program !== undefined) return { value: program };
	const shown = command.trim().replace(/\s+/g, " ");
	return {
		unknown: `the output of the command \`${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}\` is not known`,
		remedy: "Write its output instead of the command.",
	};
}
