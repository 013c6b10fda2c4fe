/** Which rule a judgement is about, and where it stands. */
import type { Judgement, RunResult } from "./result.ts";
import { type RulePlace, ruleBook } from "./rule-place.ts";
import { placeOf, readSaved, rulesAt } from "./saved-ruleset.ts";

/** The rule to look at for a judgement, where it stood when it was judged; `null` where none is to blame. */
export function judgedPlace(
	{ rule, why, expectation }: Pick<Judgement, "rule" | "why" | "expectation">,
	{
		scenario: { setup, steps },
		account,
	}: Pick<RunResult, "scenario" | "account">,
): RulePlace | null {
	if (rule === null) return null;
	const told = why.find((one) => one.rule?.place === rule)?.rule;
	if (told) return told;
	const isChanged = steps.some(
		(step) =>
			step.kind === "operation" &&
			(step.operation.kind === "iptables" || step.operation.kind === "restore"),
	);
	const saved =
		isChanged && expectation.kind === "counter"
			? rulesAt(expectation.at, account)
			: "";
	const rules = readSaved(saved).filter(({ kind }) => kind === "rule");
	const there = rules.find((one) => placeOf(one) === rule);
	const book = ruleBook(setup);
	const found = book.find(rule, there?.text);
	if (found.line > 0 || there === undefined) return found;
	const alike = rules.filter(
		({ table, chain, text }) =>
			table === there.table && chain === there.chain && text === there.text,
	);
	return alike.length === 1 ? book.findMoved(rule, there.text) : found;
}
