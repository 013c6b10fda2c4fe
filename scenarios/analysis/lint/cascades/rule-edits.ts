/** Edits of rules: another question of a match, or none. */

import type {
	MatchUse,
	Rule,
	Ruleset,
} from "../../../../sim/contract/ruleset.ts";
import type { Question } from "../../../../sim/extension/traits.ts";
import { matches } from "../../../../sim/matches/index.ts";
import { printMatch, printRule } from "../../../../sim/ruleset/print.ts";
import { type PlacedRule, rulesByName } from "../each-rule.ts";
import type { Edit } from "../finding.ts";
import type { Cascade } from "./cascade.ts";
import type { Mistake } from "./mistakes.ts";

/** The rule of this name; `null`: a policy, or none. */
export function ruleOf(ruleset: Ruleset, name: string): PlacedRule | null {
	return rulesByName(ruleset).get(name) ?? null;
}

/** The match of a rule that counts or draws; `null`: none does. */
function countingMatch(rule: Rule): MatchUse | null {
	return rule.matches.find((use) => isCounting(use)) ?? null;
}

function isCounting({ name, options }: MatchUse): boolean {
	const kind = matches.get(name)?.question?.(options)?.kind;
	return kind === "turn" || kind === "draw";
}

/** The words of a rule that count or draw; all of it where none do. */
export function countingWords({ rule, at }: PlacedRule): string {
	const use = countingMatch(rule);
	return use === null ? at.text : printMatch(use, rule.header).trimStart();
}

/** The rule with another question, or without any; `null`: its match cannot ask it. */
export function withQuestion(
	rule: Rule,
	question: Question | null,
): Rule | null {
	const use = countingMatch(rule);
	if (use === null) return null;
	const others = (made: readonly MatchUse[]) => ({
		...rule,
		matches: rule.matches.flatMap((one) => (one === use ? made : [one])),
	});
	if (question === null) return others([]);
	const options = matches.get(use.name)?.asking?.(question) ?? null;
	return options === null ? null : others([{ name: use.name, options }]);
}

/** What makes a cascade right; [] where it cannot be written. */
export function repairOf(
	ruleset: Ruleset,
	{ steps }: Cascade,
	{ right }: Mistake,
): readonly Edit[] {
	const edits: Edit[] = [];
	for (const [index, { asked }] of steps.entries()) {
		const placed = ruleOf(ruleset, asked.at.rule);
		if (placed === null) return [];
		const rule = withQuestion(placed.rule, right[index] ?? null);
		if (rule === null) return [];
		const text = printRule(rule, placed.chain.name);
		if (text !== placed.at.text)
			edits.push({ kind: "replace", rule: placed.at.rule, text });
	}
	return edits;
}
