/** A single `iptables` command line. */

import type { TableName } from "../contract/ruleset.ts";
import { Refusal, VERSION_PROBLEM } from "../extension/refusal.ts";
import { invariant } from "../invariant.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../linux/behaviour.ts";
import type { CommandLine } from "./base/command.ts";
import { noWords, splitWords, type Words } from "./base/lexer.ts";
import { RulesetError } from "./base/ruleset-error.ts";
import { isTableName, TABLE_HOOKS } from "./base/tables.ts";
import type { LineContext } from "./line/base-options.ts";
import { LineParser } from "./line/line-parser.ts";
import { faultAt, faultOfRefusal } from "./text/fault.ts";

/**
 * Reads one command, with or without the program's name in front:
 * `iptables -t mangle -A PREROUTING -j MARK --set-mark 1`. Quoting is that of iptables-restore.
 * @throws RulesetError
 */
export function parseCommand(
	line: string,
	options: { readonly file?: string; readonly behaviour?: Behaviour } = {},
): CommandLine {
	const { file = "<command>", behaviour = DEFAULT_BEHAVIOUR } = options;
	const place = { file, line: 1, text: line };
	const words = noWords();
	const parser = new LineParser();
	const context: LineContext = {
		line: 1,
		table: "filter",
		restore: false,
		announced: new Set(),
		counters: null,
		countersAreOption: false,
		behaviour,
	};
	try {
		splitWords(line, programLength(line), line.length, words);
		const command = parser.parse(words, context);
		const table = checkTable(context.table, words, behaviour);
		return { file, text: line, table, command };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		const fault =
			words.count > 0
				? faultOfRefusal(place, words, error, parser.word)
				: faultAt(place, 0, line.length, {
						code: "bad-line",
						message: error.message,
						remedy: error.remedy,
						exitCode: error.exitCode,
						from: "iptables-restore",
					});
		throw new RulesetError([fault]);
	}
}

/** The table that a command names. @throws Refusal when there is none of that name */
export function checkTable(
	name: string,
	words: Words,
	behaviour: Behaviour,
): TableName {
	if (isTableName(name)) return name;
	throw new Refusal(
		behaviour.commands === "at once"
			? `can't initialize iptables table \`${name}': Table does not exist (do you need to insmod?)`
			: `table '${name}' does not exist`,
		`The tables are ${Object.keys(TABLE_HOOKS).join(", ")}.`,
		words.text.indexOf(name),
		{ exitCode: VERSION_PROBLEM },
	);
}

/** Length of `iptables ` at the line's beginning. */
function programLength(line: string): number {
	const [program] = /^\s*(?:\S*\/)?iptables(?:-legacy|-nft)?(?=\s|$)/.exec(
		line,
	) ?? [""];
	invariant(program !== undefined, "a match of a pattern");
	return program.length;
}
