/** What may be assumed of the matches of a ruleset. */
import { keyOfNeed } from "../../contract/need.ts";
import type { Ruleset } from "../../contract/ruleset.ts";
import { matches } from "../../matches/index.ts";

/** Keys of its matches, as assumptions name them: `set:NAME` and other needs, `match:NAME`, `rule:TABLE:CHAIN:rule:N`. */
export function assumableKeys({ tables }: Ruleset): ReadonlySet<string> {
	const keys = new Set<string>();
	for (const { name: table, chains } of tables)
		for (const { name: chain, rules } of chains)
			for (const [index, rule] of rules.entries()) {
				if (rule.matches.length === 0) continue;
				keys.add(`rule:${table}:${chain}:rule:${index + 1}`);
				for (const { name, options } of rule.matches) {
					keys.add(`match:${name}`);
					const needs = matches.get(name)?.needs?.(options, rule.header) ?? [];
					for (const need of needs) keys.add(keyOfNeed(need));
				}
			}
	return keys;
}
