/** GitLab's Code Quality report: what a merge request shows beside its changes. */
import { createHash } from "node:crypto";
import type { Severity } from "../../scenarios/analysis/lint/finding.ts";
import { type LintReport, newFindings } from "./lint-report.ts";

/** An issue, as GitLab reads it (docs.gitlab.com/ci/testing/code_quality: "Code Quality report format"). */
interface CodeQualityIssue {
	readonly description: string;
	readonly check_name: string;
	/** Unique in the report. */
	readonly fingerprint: string;
	readonly severity: "info" | "minor" | "major" | "critical" | "blocker";
	readonly location: {
		/** Below the top of the repository, without `./` in front. */
		readonly path: string;
		readonly lines: { readonly begin: number };
	};
}

const SEVERITIES: Readonly<Record<Severity, CodeQualityIssue["severity"]>> = {
	error: "critical",
	warning: "major",
	note: "info",
};

export function codeQuality(report: LintReport): readonly CodeQualityIssue[] {
	return newFindings(report).map((finding) => {
		const path = finding.file.replace(/^(\.\/)+/, "");
		return {
			description: `${finding.message}. ${finding.happens} ${finding.remedy}`,
			check_name: finding.lint.code,
			fingerprint: createHash("sha256")
				.update(`${path}\0${finding.fingerprint}`)
				.digest("hex"),
			severity: SEVERITIES[finding.severity],
			location: { path, lines: { begin: Math.max(1, finding.at.line) } },
		};
	});
}
