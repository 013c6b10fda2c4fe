/** The pages of the linter's rules, with what `marktwin lint` prints of their examples. */
import { join } from "node:path";
import { lintLines } from "../cli/lint/print.ts";
import { paragraphs, rulePage } from "../reports/lint/rule-page.ts";
import type { LintDescription } from "../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../scenarios/analysis/lint/rules/index.ts";
import { lintRuleset } from "../scenarios/analysis/lint/run/lint-ruleset.ts";
import { rulesAlone } from "../scenarios/analysis/lint/test-facts.ts";
import { ROOT } from "./source-files.ts";

export const LINT_PAGES = join(ROOT, "docs", "lint");

/** By the names of their files. */
export function lintPages(): ReadonlyMap<string, string> {
	const pages = allLintRules.map((rule): [string, string] => {
		const { bad, good } = rule.examples;
		const outputs = {
			bad: printed("bad.rules", bad),
			good: printed("good.rules", good),
		};
		return [`${rule.code}.md`, `${rulePage(rule, outputs)}\n`];
	});
	return new Map([["README.md", indexPage()], ...pages]);
}

/** As it is printed where no terminal reads it. */
function printed(file: string, text: string): string {
	const findings = lintRuleset(rulesAlone(text, file), text);
	const lines = lintLines(
		{
			version: "",
			rules: allLintRules,
			files: [{ name: file, lines: text.split("\n"), unknown: [] }],
			findings,
			hasBaseline: false,
			stale: [],
		},
		{ paint: (_, words) => words, columns: 100 },
	);
	return lines.join("\n");
}

const CATEGORIES: Readonly<Record<LintDescription["category"], string>> = {
	balance: "Balance: what each backend gets",
	failover: "Failover: what conditions do",
	affinity: "Affinity: packets of one connection",
	marks: "Marks",
	reachability:
		"Reachability: rules that no packet meets, packets that reach no backend",
	nat: "NAT, and the way back",
	reload: "Reload: what a change of the ruleset does to counters and lists",
	syntax: "Words",
	linter: "The linter itself",
};

function indexPage(): string {
	const sections = Object.entries(CATEGORIES).flatMap(([category, title]) => {
		const rules = allLintRules.filter((rule) => rule.category === category);
		return rules.length === 0
			? []
			: [`## ${title}`, [HEAD, ...rules.map(row)].join("\n")];
	});
	return `${[INTRODUCTION, ...sections].join("\n\n")}\n`;
}

const INTRODUCTION = `# Rules of the linter

What \`marktwin lint\` finds. Each page says why it matters, what to do, and shows a ruleset that has the fault beside the repaired one.`;

const HEAD =
	"| code | name | severity | finds | repair |\n| --- | --- | --- | --- | --- |";

function row({ code, name, severity, message, fix }: LintDescription): string {
	return `| [${code}](${code}.md) | ${name} | ${severity} | ${paragraphs(message)} | ${fix === "none" ? "by hand" : fix} |`;
}
