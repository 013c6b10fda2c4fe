/** Which table a rule is likely meant for, when its file does not say. */
import type { TableName } from "../../contract/ruleset.ts";
import { targets } from "../../targets/index.ts";
import { TABLE_HOOKS } from "../base/tables.ts";

/** Verdicts that are seldom meant for another table. */
const TABLE_OF_VERDICT: Readonly<Record<string, TableName>> = {
	ACCEPT: "filter",
	DROP: "filter",
};

/** The one table that the kernel takes a target in, or the one where it makes sense. */
function tableOfTarget(name: string): TableName | undefined {
	if (Object.hasOwn(TABLE_OF_VERDICT, name)) return TABLE_OF_VERDICT[name];
	const { tables, usualTable } = targets.get(name) ?? {};
	return tables?.length === 1 ? tables[0] : usualTable;
}

/** The first table that has each built-in chain and is likely meant by it. */
const TABLE_OF_CHAIN: Readonly<Record<string, TableName>> = {
	PREROUTING: "nat",
	POSTROUTING: "nat",
	INPUT: "filter",
	FORWARD: "filter",
	OUTPUT: "filter",
};

/** @param words of one line, as `-A CHAIN … -j TARGET` */
export function guessTable(words: readonly string[]): TableName | null {
	const behind = (...names: string[]): string =>
		words[words.findIndex((word) => names.includes(word)) + 1] ?? "";
	const chain = behind("-A", "--append", "-I", "--insert", "-P", "--policy");
	const target = behind("-j", "--jump");
	const byTarget = tableOfTarget(target);
	const byChain = Object.hasOwn(TABLE_OF_CHAIN, chain)
		? TABLE_OF_CHAIN[chain]
		: undefined;
	const hooks: readonly string[] = byTarget ? TABLE_HOOKS[byTarget] : [];
	// DROP in PREROUTING is no rule of filter, which has no such chain.
	if (byTarget && (byChain === undefined || hooks.includes(chain)))
		return byTarget;
	return byChain ?? null;
}

/** What to do about a line that stands outside of any table. */
export function outsideRemedy(line: string): string {
	if (line.startsWith("\ufeff"))
		return "An invisible byte order mark stands before it: remove it, as `marktwin fix` does.";
	const words = line.split(/\s+/).filter((word) => word !== "");
	const [first = ""] = words;
	if (first === "COMMIT")
		return "No table is open here: write its header (`*filter`) before its rules, or take the COMMIT away.";
	if (line.trimStart().startsWith("*"))
		return "The `*` stands in the first column.";
	if (first.startsWith("#"))
		return "The `#` of a comment stands in the first column.";
	if (words.length === 0) return "Only a line without any blank is empty.";
	const table = guessTable(words);
	return table === null
		? "It stands in no table: write a table's header (`*filter`) before it and COMMIT behind its last rule."
		: `It stands in no table: write \`*${table}\` before it and COMMIT behind the table's last rule.`;
}
