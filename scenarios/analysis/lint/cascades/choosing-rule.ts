/** Which rule sends a connection where it goes. */
import type { Rule, Ruleset } from "../../../../sim/contract/ruleset.ts";
import { marksOf, translatedBy } from "../../../../sim/ruleset/rule-traits.ts";
import type { Service } from "../../services/service.ts";
import type { End, RuleRef } from "../../walk/decision.ts";
import { ruleOf } from "./rule-edits.ts";

/** The last rule of its way that translates to the backend, or writes its mark; else the last one; `null`: there is none. */
export function choosingRule(
	ruleset: Ruleset,
	{ rules }: End,
	balances: Service["balances"],
): RuleRef | null {
	const isOf = (test: (rule: Rule) => boolean) => (ref: RuleRef) => {
		const placed = ruleOf(ruleset, ref.rule);
		return placed !== null && test(placed.rule);
	};
	return (
		rules.findLast(isOf((rule) => translates(rule, balances))) ??
		rules.findLast(isOf(writesMark)) ??
		rules.at(-1) ??
		null
	);
}

function translates({ target }: Rule, balances: Service["balances"]): boolean {
	const what = translatedBy(target);
	return what === balances || what === "either";
}

/** Does it give connections another destination or source? */
export function translatesAny({ target }: Rule): boolean {
	return translatedBy(target) !== undefined;
}

/** Does it write bits of the packet's mark with a value of its own? */
export function writesMark(rule: Rule): boolean {
	return markWritten(rule) !== null;
}

/** What it writes to the packet's mark; `null`: nothing, or what it has from elsewhere. */
export function markWritten(
	rule: Rule,
): { readonly bits: number; readonly value: number } | null {
	for (const { mark, does, copies, bits, value } of marksOf(rule))
		if (mark === "packet" && does === "writes" && !copies && value !== null)
			return { bits, value };
	return null;
}
