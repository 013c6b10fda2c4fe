/** One iptables command of a script, its words divided by the shell. */

import type { TableName } from "../contract/ruleset.ts";
import { Refusal } from "../extension/refusal.ts";
import type { Command } from "../ruleset/base/command.ts";
import { noWords } from "../ruleset/base/lexer.ts";
import { isUnconditional } from "../ruleset/check/chain-walk.ts";
import type { LineContext } from "../ruleset/line/base-options.ts";
import { LineParser } from "../ruleset/line/line-parser.ts";
import { checkTable } from "../ruleset/parse-command.ts";
import type { IptablesCommand } from "./run/executor.ts";

/** A fault of a command, and which of its words it is about. */
export interface WordRefusal {
	readonly refusal: Refusal;
	readonly word: number;
}

/** Reads a command. @returns its table and what it does, or all that is wrong with it */
export function parseWords(
	given: Pick<IptablesCommand, "words">,
	line: number,
	{ behaviour, announced }: Pick<LineContext, "behaviour" | "announced">,
):
	| { readonly table: TableName; readonly command: Command }
	| { readonly refusals: readonly WordRefusal[] } {
	const parser = new LineParser();
	const words = noWords();
	words.count = given.words.length;
	for (const [index, { text }] of given.words.entries())
		words.text[index] = text;
	const context = {
		line,
		table: "filter",
		restore: false,
		announced,
		counters: null,
		countersAreOption: false,
		behaviour,
	};
	try {
		const command = parser.parse(words, context);
		return { table: checkTable(context.table, words, behaviour), command };
	} catch (refusal) {
		if (!(refusal instanceof Refusal)) throw refusal;
		const all = parser.refusals[0] === refusal ? parser.refusals : [refusal];
		const refusals = all.map((one) => ({
			refusal: one,
			word: one.word < 0 ? parser.word : one.word,
		}));
		return { refusals };
	}
}

/** A remedy as it is for iptables, where iptables-restore would declare a chain. */
export function forCommands(remedy: string): string {
	return remedy.replace(/`:(\S+) - \[0:0\]`/g, "`iptables -N $1`");
}

/** Flags of iptables-restore that are known here. */
export const FLAGS =
	/^(-n|--noflush|-c|--counters|-t|--test|-v|--verbose|-w\d*|--wait(=\d+)?|-W\d*|\d+)$/;

/** Could the kernel find nothing wrong after a command where it would have before? */
export function mayHide(command: Command): boolean {
	switch (command.kind) {
		case "append":
		case "new-chain":
		case "policy":
		case "zero":
		case "check":
			return false;
		case "insert":
			return command.rules.some(({ target }) => target?.kind === "verdict");
		default:
			return true;
	}
}

/** A command that may fail when it has done a part of its work. */
export function takesOutSeveral(command: Command): boolean {
	return command.kind === "delete"
		? command.rules.length > 1
		: command.kind === "delete-chain" && command.chain === null;
}

/** Behind an unconditional verdict nothing is reached, until it is gone. */
export function mayUncover(command: Command): boolean {
	return (
		command.kind === "delete-number" ||
		command.kind === "replace" ||
		(command.kind === "delete" && command.rules.some(isUnconditional))
	);
}
