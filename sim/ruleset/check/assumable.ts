/** What may be assumed of the matches of a ruleset. */
import { keyOfNeed } from "../../contract/need.ts";
import type { Rule, Ruleset } from "../../contract/ruleset.ts";
import { matches } from "../../matches/index.ts";

/** Keys of its matches, as assumptions name them: `set:NAME` and other needs, `match:NAME`, `rule:TABLE:CHAIN:rule:N`. */
export function assumableKeys({ tables }: Ruleset): ReadonlySet<string> {
	const keys = new Set<string>();
	for (const { name: table, chains } of tables)
		for (const { name: chain, rules } of chains)
			for (const [index, rule] of rules.entries()) {
				if (rule.matches.length === 0) continue;
				keys.add(`rule:${table}:${chain}:rule:${index + 1}`);
				for (const key of keysOfMatches(rule)) keys.add(key);
			}
	return keys;
}

/** Those of one rule, but for its own name. */
export function keysOfMatches({
	matches: uses,
	header,
}: Rule): readonly string[] {
	return uses.flatMap(({ name, options }) => {
		const needs = matches.get(name)?.needs?.(options, header) ?? [];
		return [`match:${name}`, ...needs.map(keyOfNeed)];
	});
}
