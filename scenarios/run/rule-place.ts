import { parseRuleset } from "../../sim/ruleset/parse.ts";
import { printRule } from "../../sim/ruleset/print.ts";

/** A rule, and where it stands. */
export interface RulePlace {
	/** In the kernel's spelling, `mangle:MAILMARK:rule:2`. */
	readonly place: string;
	/** The rules file, as it was named; "" when the rule is not in it. */
	readonly file: string;
	/** From 1; 0 when the rule is not in the file. */
	readonly line: number;
	/** `-A MAILMARK …`, or "". */
	readonly text: string;
}

/**
 * Finds a rule in the ruleset that a scenario begins with: what is loaded later may have another one
 * there.
 * @param place in the kernel's spelling, `mangle:MAILMARK:rule:2`
 */
export function rulePlace(
	place: string,
	rules: { readonly name: string; readonly text: string },
): RulePlace {
	const [tableName, chainName, kind, number] = place.split(":");
	if (kind === "rule") {
		const { tables } = parseRuleset(rules.text, { file: rules.name });
		const chain = tables
			.find(({ name }) => name === tableName)
			?.chains.find(({ name }) => name === chainName);
		const rule = chain?.rules[Number(number) - 1];
		if (chain && rule) {
			const text = printRule(rule, chain.name);
			return { place, file: rules.name, line: rule.line, text };
		}
	}
	return { place, file: "", line: 0, text: "" };
}

/** `mangle:MAILMARK:rule:2  recipe.rules:5  -A MAILMARK …`. */
export function printRulePlace({ place, file, line, text }: RulePlace): string {
	return file === "" ? place : `${place}  ${file}:${line}  ${text}`;
}
