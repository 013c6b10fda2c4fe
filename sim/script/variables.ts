/** The variables of a script as far as they are known, and words with them put in. */
import type { Part, Word } from "./token.ts";

/** A value that only a run of the script would tell, and why. */
export interface Unknown {
	readonly unknown: string;
	readonly remedy: string;
}

export type Value = { readonly value: string } | Unknown;

/** A class because it is the state of a shell. */
export class Variables {
	private readonly values = new Map<string, Value>();

	set(name: string, value: Value): void {
		this.values.set(name, value);
	}

	unset(name: string): void {
		this.values.delete(name);
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
		}
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
		for (const part of word.parts) {
			const found = this.partOf(part);
			if ("unknown" in found) return found;
			const { value } = found;
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

	/** A text with `$` in it, as a here-document has them. */
	substitute(text: string): Value {
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
								quoted: true,
							},
				);
				if ("value" in found) return found.value;
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
	}: Extract<Part, { kind: "variable" }>): Value {
		const known = this.values.get(name);
		const isEmpty =
			known === undefined || ("value" in known && known.value === "");
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
