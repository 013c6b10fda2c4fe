/** The page of a rule of the linter, in Markdown: docs/lint/, the help in SARIF, and `marktwin explain`. */
import type {
	LintDescription,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";

/** What `marktwin lint` prints of the two examples; left out where they were not run. */
export interface ExampleOutputs {
	readonly bad: string;
	readonly good: string;
}

/** @param heading of the page; the sections are one level below */
export function rulePage(
	rule: LintDescription,
	outputs: ExampleOutputs | null,
): string {
	const { code, name, message, why, help, examples } = rule;
	return [
		`# ${code}: ${name}`,
		message,
		factsTable(rule),
		"## Why",
		paragraphs(why),
		"## What to do",
		help,
		...(rule.fix === "none" ? [] : [FIX_WORDS[rule.fix]]),
		"## Example",
		fenced(examples.bad, "text"),
		...(outputs === null ? [] : [fenced(outputs.bad, "console")]),
		"Repaired:",
		fenced(examples.good, "text"),
		...(rule.category === "linter"
			? []
			: ["## To suppress it", suppressed(rule)]),
	].join("\n\n");
}

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
	error: "connections are lost or go to the wrong place",
	warning: "connections may be lost or go to the wrong place",
	note: "worth knowing",
};

const FIX_WORDS = {
	safe: "`marktwin fix` does it.",
	unsafe: "`marktwin fix --unsafe` does it; read the diff first.",
} as const;

const CONFIDENCE_WORDS = {
	certain: "certain: it follows from the rules alone",
	likely: "likely: it rests on what is assumed of the machine",
} as const;

function factsTable(rule: LintDescription): string {
	const { severity, confidence, category, since, fix } = rule;
	return [
		"| | |",
		"| --- | --- |",
		`| severity | ${severity}: ${SEVERITY_WORDS[severity]} |`,
		`| confidence | ${CONFIDENCE_WORDS[confidence]} |`,
		`| category | ${category} |`,
		`| repair | ${fix === "none" ? "by hand" : fix} |`,
		`| since | ${since} |`,
	].join("\n");
}

/** Lines of the source are broken where its columns end; in Markdown a paragraph is one line. */
export function paragraphs(text: string): string {
	return text
		.trim()
		.split(/\n\s*\n/)
		.map((one) => one.replace(/\s*\n\s*/g, " "))
		.join("\n\n");
}

function fenced(text: string, language: string): string {
	return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function suppressed({ code }: LintDescription): string {
	return [
		"Above the rule, or in a comment of the rule itself, which iptables-save keeps:",
		fenced(
			`# marktwin-ignore ${code}: the reason\n-A … -m comment --comment "marktwin-ignore ${code}: the reason" …`,
			"text",
		),
	].join("\n\n");
}
