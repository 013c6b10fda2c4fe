/** Repairs of rulesets as people have them, and the rules about balancing and failover, which find nothing but what is expected. */
import { describe, expect, it } from "vitest";
import { TEST_RULESETS } from "../../../../test/rulesets/test-rulesets.ts";
import { edited } from "../cascades/test-edits.ts";
import type { LintFinding } from "../finding.ts";
import { lintRuleset } from "../run/lint-ruleset.ts";
import { rulesAlone } from "../test-facts.ts";
import { lintRules } from "./index.ts";

const CATEGORIES: readonly string[] = ["balance", "failover"];
const only = lintRules
	.filter(({ category }) => CATEGORIES.includes(category))
	.map(({ code }) => code);

const lint = (text: string): readonly LintFinding[] =>
	lintRuleset(rulesAlone(text), text, { only });
const namesOf = (findings: readonly LintFinding[]) =>
	findings.map(({ lint: { name } }) => name);

describe.each(TEST_RULESETS)("$name", ({ text, faults }) => {
	const findings = lint(text);

	it("has no finding about balancing or failover that is not expected", () => {
		const expected = faults.map(({ name }) => name);
		for (const name of namesOf(findings)) expect(expected).toContain(name);
	});

	const repaired = findings.filter(({ repair }) => repair.length > 0);
	if (repaired.length === 0) return;

	it("has no such finding when it is repaired, and no new one", () => {
		for (const { lint: rule, repair } of repaired) {
			const left = namesOf(lint(edited(text, repair)));
			expect(left).not.toContain(rule.name);
			for (const name of left) expect(namesOf(findings)).toContain(name);
		}
	});
});
