/** GitHub's workflow commands for findings of the linter: they are shown in the diff, at the rule. */
import type {
	LintFinding,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";
import {
	MOST_PER_LEVEL,
	workflowCommand,
} from "../formats/workflow-command.ts";
import {
	type LintReport,
	newFindings,
	pageUrl,
	spanOf,
} from "./lint-report.ts";

const LEVELS = { error: "error", warning: "warning", note: "notice" } as const;

/** @param isThere whether the user has that file: standard input is none, and is named nowhere */
export function lintAnnotations(
	report: LintReport,
	isThere: (file: string) => boolean,
): readonly string[] {
	const findings = newFindings(report);
	return (["error", "warning", "note"] as const).flatMap((severity) =>
		ofSeverity(
			findings.filter((one) => one.severity === severity),
			severity,
			(finding) => ({
				...(isThere(finding.file) ? placeOf(finding, report) : {}),
				title: `${finding.lint.code} ${finding.lint.name}`,
			}),
		),
	);
}

function placeOf(
	finding: LintFinding,
	report: LintReport,
): Readonly<Record<string, string>> {
	const { line, column, length } = spanOf(finding, report);
	return {
		file: finding.file,
		line: String(line),
		col: String(column),
		endColumn: String(column + length),
	};
}

function ofSeverity(
	findings: readonly LintFinding[],
	severity: Severity,
	properties: (finding: LintFinding) => Readonly<Record<string, string>>,
): readonly string[] {
	const shown = findings.slice(0, MOST_PER_LEVEL);
	const left = findings.length - shown.length;
	return shown.map((finding, index) => {
		const isLast = index === shown.length - 1;
		const message = [
			`${finding.message}.`,
			finding.happens,
			finding.remedy,
			pageUrl(finding.lint),
			...(isLast && left > 0
				? [`and ${left} more that are not shown here`]
				: []),
		].join("\n");
		return workflowCommand(LEVELS[severity], properties(finding), message);
	});
}
