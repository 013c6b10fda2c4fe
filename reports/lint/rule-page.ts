/** The page of a rule of the linter, in Markdown: for the documentation and for the help in SARIF. */
import type {
	LintDescription,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";

/** What `marktwin lint` prints of the two examples; left out where they were not run. */
export interface ExampleOutputs {
	readonly bad: string;
	readonly good: string;
}

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
		...exampleBlocks("bad.rules", examples.bad, outputs?.bad),
		"Repaired:",
		...exampleBlocks("good.rules", examples.good, outputs?.good),
		...(rule.category === "linter"
			? []
			: ["## To suppress it", suppressed(rule)]),
	].join("\n\n");
}

/** `error: connections are lost or go to the wrong place` */
export function severityWords({
	severity,
	category,
}: Pick<LintDescription, "severity" | "category">): string {
	// What is wrong with a comment loses no connection.
	return category === "linter"
		? severity
		: `${severity}: ${SEVERITY_WORDS[severity]}`;
}

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
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
	const { confidence, category, since, fix } = rule;
	return [
		"| | |",
		"| --- | --- |",
		`| severity | ${severityWords(rule)} |`,
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

/** With what is printed it is a session that a reader can repeat. */
function exampleBlocks(
	file: string,
	text: string,
	output: string | undefined,
): readonly string[] {
	if (output === undefined) return [fenced(text, "text")];
	return [
		fenced(text, `text file=${file}`),
		fenced(`$ marktwin lint ${file}\n${output}`, "console"),
	];
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
