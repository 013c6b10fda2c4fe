/** What a shell knows at a point of a script: its variables and functions. */
import type { ExpandedWord } from "./executor.ts";
import {
	bearingOf,
	prefixLength,
	programName,
	withBackend,
} from "./known-commands.ts";
import { carriesRules, holdsRules } from "./shell-words.ts";
import type { CompoundCommand, SimpleCommand } from "./statement.ts";
import type { Word } from "./token.ts";
import { TOO_LONG, type Unknown, Variables } from "./variables.ts";

/** A class because it changes with every command. */
export class ShellState {
	readonly variables = new Variables();
	readonly functions = new Map<string, CompoundCommand>();
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
		if (!isDeclared && !assigned.every((word) => ASSIGNMENT.test(textOf(word))))
			return false;
		for (const word of assigned) {
			const [whole = "", name = ""] = ASSIGNMENT.exec(textOf(word)) ?? [];
			if (name === "") continue;
			const value = this.variables.value(word, whole.length);
			const line = this.lineAt(word.from);
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

	/** The words of a command, those of programs that only run it left out. */
	expand(command: SimpleCommand): readonly ExpandedWord[] | Unknown {
		const words: ExpandedWord[] = [];
		let unknown: Unknown | null = null;
		let leading = true;
		for (const word of command.words) {
			leading &&= ASSIGNMENT.test(textOf(word));
			if (leading) continue;
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

	/** Why a compound command may change rules: the command in it; `null` when it does not. */
	reasonOf({ commands }: CompoundCommand, seen: Set<string>): string | null {
		for (const command of commands) {
			const words = this.expand(command);
			if ("unknown" in words) {
				if (carriesRules(command, this.variables)) return "iptables commands";
				continue;
			}
			const [first] = words;
			if (first === undefined) continue;
			const called = this.functions.get(first.text);
			if (called !== undefined && !seen.has(first.text)) {
				const found = this.reasonOf(called, seen.add(first.text));
				if (found !== null) return found;
			} else if (called === undefined && this.mayChangeRules(words)) {
				const name = programName(first.text);
				return bearingOf(name).kind === "rules"
					? "iptables commands"
					: `\`${name}\`, which is not known`;
			}
		}
		return null;
	}

	mayChangeRules(words: readonly ExpandedWord[]): boolean {
		const name = programName(words[0]?.text ?? "");
		if (/^(exit|return|set|unset|break|continue|)$/.test(name)) return false;
		const { kind } = bearingOf(name);
		if (kind === "none" || DECLARES.test(name)) return false;
		return kind !== "packets" || holdsRules(words);
	}

	/** Whatever it assigns may have been assigned or not. */
	forgetAll(command: CompoundCommand): void {
		for (const name of command.variables) this.forget(name, command);
		for (const held of command.commands) this.forgetAssigned(held);
	}

	forgetAssigned({ words, from }: SimpleCommand): void {
		for (const word of words) {
			const name = ASSIGNMENT.exec(textOf(word))?.[1];
			if (name !== undefined) this.forget(name, { from });
		}
		if (textOf(words[0]) === "read")
			for (const word of words.slice(1)) this.forget(textOf(word), { from });
	}

	/** From here on the variable may have any value. */
	forget(name: string, { from }: { readonly from: number }): void {
		this.variables.set(name, {
			unknown: `the value of ${name} depends on line ${this.lineAt(from)}`,
			remedy: `Assign it once, plainly: \`${name}=value\`.`,
		});
	}
}

const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=/;
const DECLARES = /^(export|readonly|declare|local|typeset)$/;

/** The text that a word begins with, before anything is put in. */
export function textOf(word: Word | undefined): string {
	const [part] = word?.parts ?? [];
	return part?.kind === "text" ? part.text : "";
}
