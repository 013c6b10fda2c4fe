/** Findings of the linter as Markdown, for summaries of CI and tickets. */
import { type LintReport, newFindings } from "../lint/lint-report.ts";
import { counted } from "../wording.ts";
import { escaped } from "./escaped.ts";

const SIGNS = { error: "❌", warning: "⚠️", note: "ℹ️" } as const;

/** A list of findings, each with what happens and what to write instead. */
export function lintMarkdown(report: LintReport): string {
	const findings = newFindings(report);
	const lines = findings.flatMap((finding) => {
		const { lint, severity, at, file, message, happens, remedy } = finding;
		return [
			`- ${SIGNS[severity]} **${lint.code}** ${escaped(lint.name)}, ${escaped(file)}:${at.line}: ${escaped(message)}`,
			`  ${escaped(happens)} ${escaped(remedy)}`,
		];
	});
	const title =
		findings.length === 0
			? "No findings."
			: `### ${counted(findings.length, "finding")}`;
	return `${[title, "", ...lines].join("\n").trimEnd()}\n`;
}
