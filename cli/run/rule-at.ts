import { parseRuleset } from "../../sim/ruleset/parse.ts";
import { printRule } from "../../sim/ruleset/print.ts";

/**
 * A rule with its line and text, as far as the scenario's ruleset has it: what is loaded later may
 * have another one there.
 * @param place in the kernel's spelling, `mangle:MAILMARK:rule:2`
 */
export function ruleAt(
	place: string,
	rules: { readonly name: string; readonly text: string },
): string {
	const [tableName, chainName, kind, number] = place.split(":");
	if (kind !== "rule") return place;
	const { tables } = parseRuleset(rules.text, { file: rules.name });
	const chain = tables
		.find(({ name }) => name === tableName)
		?.chains.find(({ name }) => name === chainName);
	const rule = chain?.rules[Number(number) - 1];
	if (!chain || !rule) return place;
	return `${place}  ${rules.name}:${rule.line}  ${printRule(rule, chain.name)}`;
}
