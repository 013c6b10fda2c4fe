import { expect, test } from "vitest";
import type { Rule } from "../contract/ruleset.ts";
import { parseRuleset } from "./parse.ts";
import { marksOf } from "./rule-traits.ts";

/** The one rule of a ruleset. */
function ruleOf(rule: string, table = "mangle"): Rule {
	const text = `*${table}\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING ${rule}\nCOMMIT\n`;
	const [found] =
		parseRuleset(text).tables[0]?.chains.flatMap((chain) => chain.rules) ?? [];
	if (!found) throw new Error(`a test has no rule in ${rule}`);
	return found;
}

test("the marks of a rule are those of its matches, and then of its target", () => {
	const rule = ruleOf(
		"-m mark --mark 0/0xff -m connmark ! --mark 0/0xff -j CONNMARK --restore-mark --mask 0xff",
	);
	expect(
		marksOf(rule).map(({ does, mark, bits }) => [does, mark, bits]),
	).toEqual([
		["reads", "packet", 0xff],
		["reads", "connection", 0xff],
		["reads", "connection", 0xff],
		["writes", "packet", 0xff],
	]);
});

test("a rule that jumps or counts uses the marks of its matches alone", () => {
	expect(marksOf(ruleOf("-m mark --mark 1 -j ACCEPT"))).toHaveLength(1);
	expect(marksOf(ruleOf("-p tcp"))).toEqual([]);
});
