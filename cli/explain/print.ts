/** The pages of the linter's rules on a terminal. */

import { pageUrl } from "../../reports/lint/lint-report.ts";
import { paragraphs, severityWords } from "../../reports/lint/rule-page.ts";
import type {
	LintCategory,
	LintDescription,
} from "../../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

/** All rules, by category. */
export function listLines({ paint }: Paper): readonly string[] {
	const categories = [...new Set(allLintRules.map(({ category }) => category))];
	const width = Math.max(...allLintRules.map(({ name }) => name.length));
	return categories.flatMap((category: LintCategory) => [
		paint("bold", category),
		...allLintRules
			.filter((rule) => rule.category === category)
			.map(
				({ code, name, severity, message }) =>
					`  ${code}  ${name.padEnd(width)}  ${severity.padEnd(7)}  ${message}`,
			),
		"",
	]);
}

export function pageLines(
	rule: LintDescription,
	{ paint, columns }: Paper,
): readonly string[] {
	const { code, name, message, why, help, examples, fix } = rule;
	const filled = (text: string) => wrap(plain(paragraphs(text)), columns);
	const indented = (text: string) =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => `  ${line}`);
	return [
		`${paint("bold", `${code} ${name}`)} (${severityWords(rule)})`,
		"",
		...filled(message),
		"",
		...filled(why),
		"",
		paint("bold", "What to do"),
		...filled(help),
		...(fix === "none"
			? []
			: [`marktwin fix${fix === "unsafe" ? " --unsafe" : ""} does it.`]),
		"",
		paint("bold", "Wrong"),
		...indented(examples.bad),
		"",
		paint("bold", "Right"),
		...indented(examples.good),
		"",
		...(rule.category === "linter"
			? []
			: [
					paint("bold", "To suppress it, above the rule"),
					`  # marktwin-ignore ${code}: reason`,
					"",
				]),
		pageUrl(rule),
	];
}

/** Without the signs of Markdown that a terminal does not need. */
function plain(markdown: string): string {
	return markdown.replaceAll("**", "");
}
