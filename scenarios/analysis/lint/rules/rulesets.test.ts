/** Rulesets as people have them: no false alarm on those that are right, and each fault of the others is found. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TEST_RULESETS } from "../../../../test/rulesets/test-rulesets.ts";
import type { LintFinding } from "../finding.ts";
import { lintRuleset } from "../run/lint-ruleset.ts";
import { rulesAlone } from "../test-facts.ts";

/** Faults of `test/rulesets` that no rule of that name finds, each with the reason. */
const NOT_FOUND: Readonly<Record<string, string>> = {};

/** Those of the suites that are right. */
const RECIPES = ["recipe", "three-backends", "random", "weights"].map(
	(name) => ({
		name: `recipe/${name}`,
		text: readFileSync(
			new URL(`../../../suites/recipe/${name}.rules`, import.meta.url),
			"utf8",
		),
		faults: [],
	}),
);

const all = [...TEST_RULESETS, ...RECIPES];
const right = all.filter(({ faults }) => faults.length === 0);
const wrong = all.flatMap(({ name, text, faults }) =>
	faults.map((fault) => ({ name, text, fault: fault.name })),
);

function lint(text: string, name: string): readonly LintFinding[] {
	return lintRuleset(rulesAlone(text, `${name}.rules`), text);
}

it.each(right)("raises no false alarm on $name", ({ name, text }) => {
	const alarms = lint(text, name)
		.filter(({ severity }) => severity !== "note")
		.map(({ at, lint, message }) => `${at.line}: ${lint.name}: ${message}`);
	expect(alarms).toEqual([]);
});

it.each(wrong)(
	"finds $fault in $name, or says why not",
	({ name, text, fault }) => {
		const found = lint(text, name).some(({ lint }) => lint.name === fault);
		const isListed = Object.hasOwn(NOT_FOUND, `${name}: ${fault}`);
		expect(
			found,
			isListed ? "take it off the list" : "add a rule of that name",
		).toBe(!isListed);
	},
);

it.each(all.filter(({ faults }) => faults.length > 0))(
	"finds nothing in $name but its faults",
	({ name, text, faults }) => {
		const others = lint(text, name)
			.filter(({ severity }) => severity !== "note")
			.filter(({ lint: { name: fault } }) =>
				faults.every((one) => one.name !== fault),
			)
			.map(({ at, lint, message }) => `${at.line}: ${lint.name}: ${message}`);
		expect(others).toEqual([]);
	},
);

it("lists no fault that no ruleset has", () => {
	const faults = wrong.map(({ name, fault }) => `${name}: ${fault}`);
	const gone = Object.keys(NOT_FOUND).filter((key) => !faults.includes(key));
	expect(gone).toEqual([]);
});

it.each(all)("names places in $name that are there", ({ name, text }) => {
	const lines = text.split("\n");
	for (const { at, part, related, path } of lint(text, name)) {
		for (const one of [at, ...related.map((other) => other.at), ...path])
			expect(lines[one.line - 1]).toBeDefined();
		expect(at.text).toContain(part ?? "");
	}
	const prints = lint(text, name).map(({ fingerprint }) => fingerprint);
	expect(new Set(prints).size).toBe(prints.length);
});
