import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rulesets } from "../../../fuzz/rules/ruleset.ts";
import { eachRule } from "../each-rule.ts";
import type { LintFinding } from "../finding.ts";
import { rulesAlone } from "../test-facts.ts";
import { baselineOf, staleEntries, withBaseline } from "./baseline.ts";
import { type LintOptions, lintRuleset } from "./lint-ruleset.ts";

const OLD = "-A INPUT -m state --state NEW -j ACCEPT";
const filter = (...lines: readonly string[]) =>
	["*filter", ...lines, "COMMIT", ""].join("\n");

const lint = (text: string, options?: LintOptions) =>
	lintRuleset(rulesAlone(text), text, options);
/** `3 MT801`, with the reason where it is suppressed. */
const found = (text: string, options?: LintOptions) =>
	lint(text, options).map(({ at, lint: { code }, suppressed }) =>
		[at.line, code, ...(suppressed === null ? [] : [suppressed])].join(" "),
	);

describe("a comment suppresses findings", () => {
	it.each([
		["above the rule", filter("# marktwin-ignore MT801: old machines", OLD)],
		[
			"above the rule, with other comments between",
			filter("# marktwin-ignore MT801: old machines", "# the web", OLD),
		],
		[
			"of the rule itself",
			filter(
				`-A INPUT -m state --state NEW -m comment --comment "web; marktwin-ignore MT801: old machines" -j ACCEPT`,
			),
		],
		[
			"at the top of the file",
			`# mine\n# marktwin-ignore-file MT801: old machines\n${filter(OLD)}`,
		],
		[
			"above a command of a script",
			`#!/bin/sh\n# marktwin-ignore MT801: old machines\niptables ${OLD}\n`,
		],
	])("%s", (_, text) => {
		const all = lint(text);
		expect(all.map(({ lint, suppressed }) => [lint.code, suppressed])).toEqual([
			["MT801", "old machines"],
		]);
	});

	it.each<readonly [string, readonly string[], readonly string[]]>([
		[
			"without a reason",
			["# marktwin-ignore MT801", OLD],
			["2 MT901", "3 MT801"],
		],
		[
			"with an empty reason",
			["# marktwin-ignore MT801: ", OLD],
			["2 MT901", "3 MT801"],
		],
		["without a code", ["# marktwin-ignore: old", OLD], ["2 MT902", "3 MT801"]],
		[
			"with an unknown code",
			["# marktwin-ignore MT999: old", OLD],
			["2 MT902", "3 MT801"],
		],
		[
			"with the code of one about comments",
			["# marktwin-ignore MT903: old", OLD],
			["2 MT902", "3 MT801"],
		],
		[
			"above a rule without a finding",
			["# marktwin-ignore MT801: old", "-A INPUT -j ACCEPT"],
			["2 MT903"],
		],
		[
			"above a blank line",
			["# marktwin-ignore MT801: old", "", OLD],
			["2 MT903", "4 MT801"],
		],
		[
			"for the file, below its top",
			["# marktwin-ignore-file MT801: old", OLD],
			["2 MT903", "3 MT801"],
		],
		[
			"with one code of two that finds something",
			["# marktwin-ignore MT801, MT999: old", OLD],
			["2 MT902", "3 MT801 old"],
		],
		[
			"that has other words",
			["# marktwin-ignored MT801: old", OLD],
			["3 MT801"],
		],
	])("but not %s", (_, lines, expected) => {
		expect(found(filter(...lines))).toEqual(expected);
	});

	it("and names what was meant", () => {
		const of = (code: string) =>
			lint(filter(`# marktwin-ignore ${code}: x`, OLD))[0]?.remedy;
		expect(of("MT8O1")).toContain("MT801");
		expect(of("old-name")).toContain("MT801");
	});

	it("which says nothing of rules that do not run", () => {
		const text = filter("# marktwin-ignore MT801: old", "-A INPUT -j ACCEPT");
		expect(found(text, { ignore: ["MT801"] })).toEqual([]);
		expect(found(text, { only: ["MT903"] })).toEqual([]);
	});
});

describe("a fingerprint", () => {
	// Of one rule of the linter: equal rules are found by another one.
	const prints = (text: string) =>
		lint(text, { only: ["MT801"] }).map((one) => one.fingerprint);

	it("stays the same while the rule does", () => {
		const other = "-A INPUT -i lo -j ACCEPT";
		expect(prints(filter(other, "# a comment", other, OLD))).toEqual(
			prints(filter(OLD)),
		);
		expect(
			prints(filter(`[1:40] ${OLD.replace("-m state", "-p all -m state")}`)),
		).toEqual(prints(filter(OLD)));
	});

	it("is another one for an equal rule, another chain and another table", () => {
		const forward = OLD.replace("INPUT", "FORWARD");
		const mangle = filter(OLD).replace("filter", "mangle");
		const all = prints(filter(OLD, OLD, forward) + mangle);
		expect(new Set(all).size).toBe(4);
	});
});

describe("a baseline", () => {
	const nameOf = (file: string) => file;
	const baseline = baselineOf(lint(filter(OLD)), nameOf);
	const stale = (
		findings: readonly LintFinding[],
		at: (entry: { readonly file: string }) => boolean,
	) => staleEntries(findings, baseline, { nameOf, at });

	it("marks the findings that it has", () => {
		const text = filter(OLD, OLD.replace("NEW", "INVALID"));
		const findings = withBaseline(lint(text), baseline, nameOf);
		expect(findings.map(({ known }) => known)).toEqual([true, false]);
		expect(stale(findings, () => true)).toEqual([]);
	});

	it("names entries that no finding has, of what was looked at", () => {
		expect(stale([], () => true)).toMatchObject([{ code: "MT801", rule: OLD }]);
		expect(stale([], ({ file }) => file !== "my.rules")).toEqual([]);
	});

	it("leaves out what a comment suppresses", () => {
		const text = filter("# marktwin-ignore MT801: old", OLD);
		expect(baselineOf(lint(text), nameOf).findings).toEqual([]);
	});
});

describe("any ruleset", () => {
	it("has findings at rules that it has, each with a fingerprint of its own, and the same every time", () => {
		fc.assert(
			fc.property(rulesets, (text) => {
				const findings = lint(text);
				const prints = findings.map(({ fingerprint }) => fingerprint);
				expect(new Set(prints).size).toBe(prints.length);
				expect(lint(text).map(({ fingerprint }) => fingerprint)).toEqual(
					prints,
				);
				const rules = eachRule(rulesAlone(text).ruleset);
				const known = new Set(rules.map(({ at }) => `${at.rule} ${at.text}`));
				for (const { at, related, path } of findings)
					for (const one of [at, ...related.map((other) => other.at), ...path])
						expect(known).toContain(`${one.rule} ${one.text}`);
			}),
			{ seed: 14, numRuns: 60 },
		);
	});
});
