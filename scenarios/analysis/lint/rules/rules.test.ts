/** What holds of every rule of the linter. */
import { describe, expect, it } from "vitest";
import type { LintDescription } from "../finding.ts";
import { lintRuleset } from "../run/lint-ruleset.ts";
import { rulesAlone } from "../test-facts.ts";
import { allLintRules } from "./index.ts";

const HUNDREDS: Readonly<Record<LintDescription["category"], string>> = {
	balance: "MT1",
	failover: "MT2",
	affinity: "MT3",
	marks: "MT4",
	reachability: "MT5",
	nat: "MT6",
	reload: "MT7",
	syntax: "MT8",
	linter: "MT9",
};

describe.each(allLintRules)("$code $name", (rule) => {
	const codesOf = (text: string) =>
		lintRuleset(rulesAlone(text), text)
			.filter(({ suppressed }) => suppressed === null)
			.map(({ lint }) => lint.code);

	it("finds its bad example", () => {
		expect(codesOf(rule.examples.bad)).toContain(rule.code);
	});

	it("has a good example without any finding", () => {
		expect(codesOf(rule.examples.good)).toEqual([]);
	});

	it("has a code of its category and a kebab-case name", () => {
		expect(rule.code).toMatch(/^MT\d{3}$/);
		expect(rule.code.slice(0, 3)).toBe(HUNDREDS[rule.category]);
		expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)+$/);
	});

	it("says what is wrong and what to do in whole sentences", () => {
		expect(rule.message).toMatch(/^[A-Z`].*\.$/);
		expect(rule.help).toMatch(/^[A-Z`].*\.$/s);
		expect(rule.why.trim()).toMatch(/^[A-Z`].*\.$/s);
		expect(rule.since).toMatch(/^\d+\.\d+\.\d+$/);
	});

	it("names places that are rules of the ruleset, and words that stand in them", () => {
		const { bad } = rule.examples;
		for (const found of lintRuleset(rulesAlone(bad), bad)) {
			expect(found.message).toMatch(/^\S.*[^.\s]$/);
			for (const sentence of [found.happens, found.remedy])
				expect(sentence).toMatch(/^\S.*\.$/s);
			expect(bad.split("\n")[found.at.line - 1]).toBe(found.at.text);
			expect(found.at.text).toContain(found.part ?? "");
		}
	});

	it("repairs its bad example, or says that it does not", () => {
		const { bad } = rule.examples;
		const own = lintRuleset(rulesAlone(bad), bad, { only: [rule.code] });
		expect(own.some(({ repair }) => repair.length > 0)).toBe(
			rule.fix !== "none",
		);
	});
});

it("codes and names are unique, and codes ascend", () => {
	const codes = allLintRules.map(({ code }) => code);
	expect(codes).toEqual(codes.toSorted());
	expect(new Set(codes).size).toBe(codes.length);
	const names = new Set(allLintRules.map(({ name }) => name));
	expect(names.size).toBe(codes.length);
});
