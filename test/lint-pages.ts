/** The pages of the linter's rules, with what `marktwin lint` prints of their examples. */
import { join } from "node:path";
import { lintLines } from "../cli/lint/print.ts";
import { paragraphs, rulePage } from "../reports/lint/rule-page.ts";
import type { LintDescription } from "../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../scenarios/analysis/lint/rules/index.ts";
import { lintRuleset } from "../scenarios/analysis/lint/run/lint-ruleset.ts";
import { unknownOf } from "../scenarios/analysis/lint/run/unknown.ts";
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
	const facts = rulesAlone(text, file);
	const findings = lintRuleset(facts, text);
	const lines = lintLines(
		{
			version: "",
			rules: allLintRules,
			files: [
				{
					name: file,
					linux: "bookworm/legacy",
					lines: text.split("\n"),
					unknown: unknownOf(facts, findings),
				},
			],
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
	return `${[INTRODUCTION, ...sections, notCovered()].join("\n\n")}\n`;
}

const INTRODUCTION = `# Rules of the linter

What \`marktwin lint\` finds. Each page says why it matters, what to do, and shows a ruleset that has the fault beside the repaired one.`;

/** What is known to go wrong and has no rule, each with the reason. */
const NOT_COVERED: readonly (readonly [fault: string, reason: string])[] = [
	[
		"Counters of nth and the credit of `limit` are lost when rules are loaded anew, lists of `recent` where they are flushed before",
		"True of each ruleset that has them, and of no rule in particular. `iptables-save` does not tell how a machine loads its rules: `iptables-restore` alone keeps the lists of `recent`, since the new rules find them before the old ones are gone. Play it: an operation `restore` in a scenario.",
	],
	[
		"Conditions are lost by a flush and a load",
		"The same: it follows from how rules are loaded.",
	],
	[
		"`iptables -D` by specification never finds a rule with `-m condition`",
		"A fault of a command, and not of the ruleset that it leaves. `marktwin check` refuses a script that deletes so.",
	],
	[
		"`--every` without `--packet`",
		"iptables refuses it, and so does `marktwin check`.",
	],
	[
		"Chains that nest more than 16 deep under iptables-nft",
		"The kernel refuses to load them there; iptables-legacy takes them.",
	],
	[
		"A condition in a scenario or a health checker that no rule has",
		"The linter sees rules alone.",
	],
	[
		"A backend whose share differs from a weight that a comment states",
		"Comments have no form that states weights.",
	],
	[
		"A backend without a route back through the gateway",
		"Routes of backends are not in what the gateway tells. Hosts on the client's own link are looked at: MT602.",
	],
	[
		"Answers that leave by another uplink than the one that was asked, where the rules alone are given",
		"Whether routing reads marks of answers, and what its tables hold, is not in the rules. With addresses, routes and routing rules of the router (`--capture`, or `--addresses`, `--routes` and `--routing-rules`) MT302 finds them.",
	],
	[
		"Two uses of marks that share some bits on purpose or by mistake",
		"Flags that are combined look the same. Bits that are cleared are looked at (MT404), and values that no other rule sets or compares (MT405, MT406).",
	],
	[
		"An eviction that takes more connections than its mark, UDP entries that outlive their backend",
		"Needs a play of operations and time: a scenario.",
	],
	[
		"Untranslated packets of connections that conntrack does not know (a take-over, a late FIN)",
		"Needs events besides packets of one connection: a scenario with `take-over`.",
	],
	[
		"Rules to which several rules together leave nothing",
		"MT501 compares with one rule at a time.",
	],
];

function notCovered(): string {
	const rows = NOT_COVERED.map(([fault, reason]) => `| ${fault} | ${reason} |`);
	return [
		"## Not covered",
		"",
		"What is known to go wrong, and has no rule.",
		"",
		"| fault | why there is no rule |",
		"| --- | --- |",
		...rows,
	].join("\n");
}

const HEAD =
	"| code | name | severity | finds | repair |\n| --- | --- | --- | --- | --- |";

function row({ code, name, severity, message, fix }: LintDescription): string {
	return `| [${code}](${code}.md) | ${name} | ${severity} | ${paragraphs(message)} | ${fix === "none" ? "by hand" : fix} |`;
}
