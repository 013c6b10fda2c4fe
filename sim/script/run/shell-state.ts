/** What a shell knows at a point of a script: its variables and functions. */

import type { CompoundCommand, SimpleCommand } from "../syntax/statement.ts";
import type { Word } from "../syntax/token.ts";
import type { ExpandedWord } from "./executor.ts";
import { prefixLength, withBackend } from "./known-commands.ts";
import { TOO_LONG, type Unknown, Variables } from "./variables.ts";

/** A word of a command, as the shell hands it over; `null` when only a run would tell. */
export interface Field {
	readonly text: string | null;
	readonly word: Word;
}

export interface Fields {
	/** Without assignments and without programs that only run the command. */
	readonly rest: readonly Field[];
	/** Those in front. */
	readonly assignments: readonly { readonly name: string }[];
	/** `exec` stands in front: the script ends with the command. */
	readonly replaces: boolean;
}

/** A class because it changes with every command. */
export class ShellState {
	readonly variables = new Variables();
	readonly functions = new Map<string, CompoundCommand>();
	/** They may be for reading only. */
	private readonly constants = new Set<string>();
	/** Line number of an offset. */
	private readonly lineAt: (offset: number) => number;

	constructor(lineAt: (offset: number) => number) {
		this.lineAt = lineAt;
	}

	/** Assignments that are a command of their own. @returns false when it is another command */
	assign(command: SimpleCommand): boolean {
		const { words } = command;
		const [first] = words;
		const isDeclared = words.length > 1 && DECLARES.test(textOf(first));
		const assigned = isDeclared ? words.slice(1) : words;
		if (assigned.length === 0) return true;
		if (
			!isDeclared &&
			!assigned.every((word) => ASSIGNMENT.test(bareStart(word)))
		)
			return false;
		for (const word of assigned) {
			const [whole = "", name = ""] = ASSIGNMENT.exec(textOf(word)) ?? [];
			if (name === "") {
				this.forgetNamedBy(word);
				continue;
			}
			const value = this.variables.value(word, whole.length);
			const line = this.lineAt(word.from);
			if (this.constants.has(name)) {
				this.forget(name, word);
				continue;
			}
			if (/^readonly$/.test(textOf(first))) this.constants.add(name);
			this.variables.set(
				name,
				value === TOO_LONG || ("value" in value && !whole.endsWith("+="))
					? value
					: {
							unknown: `the value that line ${line} assigns to ${name} is not known`,
							remedy:
								"unknown" in value
									? value.remedy
									: "Assign it whole, with `=`.",
						},
			);
		}
		return true;
	}

	/** `export $NAME=value`. */
	private forgetNamedBy(word: Word): void {
		const fields = this.variables.expand(word);
		if ("unknown" in fields) return;
		for (const text of fields) {
			const name = ASSIGNMENT.exec(text)?.[1];
			if (name !== undefined) this.forget(name, word);
		}
	}

	/** The first variable in a command that has no value as far as is known, and no fallback. */
	unsetIn({ words }: SimpleCommand): string | null {
		for (const { parts } of words)
			for (const part of parts)
				if (
					part.kind === "variable" &&
					part.fallback === null &&
					!GIVEN.test(part.name) &&
					!this.variables.has(part.name)
				)
					return part.name;
		return null;
	}

	/** The words of a command, those of programs that only run it left out. */
	expand(command: SimpleCommand): readonly ExpandedWord[] | Unknown {
		const words: ExpandedWord[] = [];
		let unknown: Unknown | null = null;
		for (const word of command.words.slice(leadingAssignments(command))) {
			const fields = this.variables.expand(word);
			if ("unknown" in fields) unknown ??= fields;
			else
				for (const text of fields)
					words.push({ text, from: word.from, to: word.to });
		}
		if (unknown !== null) return unknown;
		const texts = words.map(({ text }) => text);
		const prefix = prefixLength(texts);
		return words.slice(prefix).map((word, index) => {
			if (index > 0) return word;
			return { ...word, text: withBackend(word.text, texts.slice(0, prefix)) };
		});
	}

	/** The same, where some of the words are not known. */
	fields(command: SimpleCommand): Fields {
		const leading = leadingAssignments(command);
		const all = command.words.slice(leading).flatMap((word): Field[] => {
			const fields = this.variables.expand(word);
			if ("unknown" in fields) return [{ text: null, word }];
			return fields.map((text) => ({ text, word }));
		});
		const length = prefixLength(all.map(({ text }) => text ?? "$"));
		const rest = all.slice(length);
		const assignments = command.words
			.slice(0, leading)
			.map((word) => ({ name: ASSIGNMENT.exec(bareStart(word))?.[1] ?? "" }));
		const replaces = all.slice(0, length).some(({ text }) => text === "exec");
		return { rest, assignments, replaces };
	}

	/** From here on the variable may have any value. */
	forget(name: string, { from }: { readonly from: number }): void {
		this.variables.set(name, {
			unknown: `the value of ${name} depends on line ${this.lineAt(from)}`,
			remedy: `Assign it once, plainly: \`${name}=value\`.`,
		});
	}
}

/** Variables that a shell or its surroundings give a value. */
const GIVEN =
	/^([@*#?$!-]|0|PATH|HOME|USER|LOGNAME|PWD|OLDPWD|SHELL|IFS|PPID|UID|EUID|LANG|TERM|HOSTNAME|RANDOM|SECONDS|LINENO|OPTIND|BASH\w*)$/;

/** How many words in front of a command are assignments. */
function leadingAssignments({ words }: SimpleCommand): number {
	const first = words.findIndex((word) => !ASSIGNMENT.test(bareStart(word)));
	return first < 0 ? words.length : first;
}

/** The same, unless it is quoted: then it assigns nothing. */
function bareStart(word: Word): string {
	const [part] = word.parts;
	return part?.kind === "text" && !part.quoted ? part.text : "";
}

const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=/;
const DECLARES = /^(export|readonly|declare|local|typeset)$/;

/** The text that a word begins with, before anything is put in. */
export function textOf(word: Word | undefined): string {
	const [part] = word?.parts ?? [];
	return part?.kind === "text" ? part.text : "";
}
