/** Every table of cases beside an extension, tried on the parser and the printer. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { keyOfNeed } from "../contract/need.ts";
import { matches } from "../matches/index.ts";
import { openPoints } from "../ruleset/check/open-points.ts";
import { checkRuleset } from "../ruleset/parse.ts";
import { printRule } from "../ruleset/print.ts";
import { targets } from "../targets/index.ts";
import { parseCases, type RuleCase, rulesetOfCase } from "./test-cases.ts";

for (const folder of ["matches", "targets"] as const) {
	const url = new URL(`../${folder}/`, import.meta.url);
	const files = readdirSync(url, { recursive: true, encoding: "utf8" }).filter(
		(name) => name.endsWith(".cases"),
	);

	for (const file of files)
		describe(`${folder}/${file}`, () => {
			const cases = readCases(new URL(file, url), file);
			test.each(
				cases.map(
					(one) => [`${one.line}: ${one.chain} ${one.input}`, one] as const,
				),
			)("%s", (_, one) => tryCase(one));
		});

	test(`every one of the ${folder} has a table of cases`, () => {
		const known = folder === "matches" ? matches : targets;
		const without = [...known.values()]
			.filter(({ unchecked }) => !unchecked)
			.map(({ name }) => `${name.toLowerCase()}.cases`)
			.filter((name) => !files.some((file) => basename(file) === name));
		expect(without).toEqual([]);
	});
}

/** A file that cannot be read is a failure of its own, not of all the others. */
function readCases(url: URL, file: string): readonly RuleCase[] {
	try {
		return parseCases(readFileSync(url, "utf8"), file);
	} catch (error) {
		test("is a table of cases", () => {
			throw error;
		});
		return [];
	}
}

function tryCase(one: RuleCase): void {
	const { ruleset, faults } = checkRuleset(rulesetOfCase(one));
	const [fault] = faults;
	if (one.outcome.kind === "OK" || one.outcome.kind === "needs") {
		expect(fault?.message).toBeUndefined();
		const printed = printedRules(ruleset);
		expect(printed).toBe(one.printed);
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
		const chain = loaded?.tables[0]?.chains.find(
			({ name }) => name === one.chain,
		);
		return (chain?.rules ?? [])
			.map((rule) =>
				printRule(rule, one.chain).slice(`-A ${one.chain} `.length),
			)
			.join(" | ");
	}
}
