import { expect } from "vitest";
import { keyOfNeed } from "../contract/need.ts";
import { openPoints } from "../ruleset/check/open-points.ts";
import { checkRuleset } from "../ruleset/parse.ts";
import { printRule } from "../ruleset/print.ts";
import { type RuleCase, rulesetOfCase } from "./test-cases.ts";

/** Tries a case on the parser, the printer and the check of what is loaded. */
export function tryCase(one: RuleCase): void {
	const { ruleset, faults } = checkRuleset(rulesetOfCase(one));
	const [fault] = faults;
	if (one.outcome.kind === "OK" || one.outcome.kind === "needs") {
		expect(fault?.message).toBeUndefined();
		const printed = printedRules(ruleset);
		expect(printed).toBe(one.printed);
		if (one.outcome.kind === "OK" && one.outcome.once) return;
		// What is printed means the same and prints the same.
		const again = checkRuleset(rulesetOfCase(one, printed));
		expect(again.faults).toEqual([]);
		expect(printedRules(again.ruleset)).toBe(printed);
		if (one.outcome.kind === "needs") {
			const { needs } = openPoints(ruleset?.tables ?? []);
			expect(needs.map(keyOfNeed).join(" ")).toBe(one.outcome.words);
		}
		return;
	}
	expect(ruleset).toBeNull();
	if (one.outcome.kind === "refused") {
		expect(fault?.message).toBe(one.outcome.words);
		expect(fault?.from).toBe("iptables-restore");
	} else {
		expect(fault?.message).toContain(one.outcome.words);
		expect(fault?.from).toBe("kernel");
	}
	expect(fault?.remedy).not.toBe("");

	function printedRules(loaded: typeof ruleset): string {
		const chain = loaded?.tables
			.find(({ name }) => name === one.table)
			?.chains.find(({ name }) => name === one.chain);
		return (chain?.rules ?? [])
			.map((rule) =>
				printRule(rule, one.chain).slice(`-A ${one.chain} `.length),
			)
			.join(" | ");
	}
}
