/**
 * Rules with names that only the machine knows on which they are loaded (`extension/values/open-names.ts`).
 * How many rules iptables makes of such a line, and what stands in them, depends on that machine: the
 * line comes to one rule, which keeps its words.
 */

import type { WordReader } from "../../extension/options/word-reader.ts";
import { openNames } from "../../extension/values/open-names.ts";
import { asWord } from "../../extension/values/save-string.ts";
import type { Command } from "../base/command.ts";

/** Base options that are part of a rule. */
const OF_A_RULE: ReadonlySet<string> = new Set("sdpiofmjg");

/** A class because it serves many lines, one after the other. */
export class RuleWords {
	/** Where words begin and end that belong to no rule. */
	private readonly apart: number[] = [];
	/** The same of `-j` and `-g`. */
	private jump: readonly [from: number, to: number] = [0, 0];

	reset(): void {
		if (this.apart.length > 0) this.apart.length = 0;
		this.jump = NO_WORDS;
	}

	/** Notes a base option that was read with its arguments. */
	read(letter: string, { word, index }: WordReader): void {
		if (!OF_A_RULE.has(letter)) this.apart.push(word, index);
		else if (letter === "j" || letter === "g") this.jump = [word, index];
	}

	/** The command; where a name of its rule is open, with the rule's words. */
	kept(command: Command, { words, count }: WordReader): Command {
		const needs = openNames();
		if (needs.length === 0 || !("rules" in command)) return command;
		const [rule] = command.rules;
		if (rule === undefined) return command;
		// Chains change their names: a jump is printed from the rule.
		const [from, to] = rule.target?.kind === "extension" ? NO_WORDS : this.jump;
		const own = words
			.slice(0, count)
			.filter(
				(_, index) => !this.isApart(index) && (index < from || index >= to),
			)
			.map((word) => ` ${asWord(word)}`);
		const asWritten = { needs, words: own.join("") };
		return { ...command, rules: [{ ...rule, asWritten }] };
	}

	private isApart(index: number): boolean {
		const { apart } = this;
		for (let at = 0; at < apart.length; at += 2)
			if (index >= (apart[at] ?? 0) && index < (apart[at + 1] ?? 0))
				return true;
		return false;
	}
}

const NO_WORDS = [0, 0] as const;
