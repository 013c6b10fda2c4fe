/** What the linter found, as JSON: a format of marktwin's own. */
import type {
	Confidence,
	Edit,
	LintCategory,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";
import type { RuleRef } from "../../scenarios/analysis/walk/decision.ts";
import { type LintReport, type StaleEntry, spanOf } from "./lint-report.ts";

/** Changes when a reader of an older one could not read it any more. */
export const LINT_FORMAT = "marktwin lint 1";

export interface LintJson {
	readonly format: typeof LINT_FORMAT;
	/** Of marktwin. */
	readonly version: string;
	readonly files: readonly {
		readonly file: string;
		readonly linux: string;
		readonly unknown: readonly string[];
	}[];
	readonly findings: readonly FindingJson[];
	readonly stale: readonly StaleEntry[];
}

interface FindingJson {
	readonly code: string;
	readonly name: string;
	readonly category: LintCategory;
	readonly severity: Severity;
	readonly confidence: Confidence;
	readonly file: string;
	readonly line: number;
	readonly column: number;
	readonly length: number;
	readonly at: RuleRef;
	readonly message: string;
	readonly happens: string;
	readonly remedy: string;
	readonly related: readonly { readonly at: RuleRef; readonly role: string }[];
	readonly path: readonly RuleRef[];
	readonly repair: readonly Edit[];
	readonly assumes: string | null;
	readonly fingerprint: string;
	readonly suppressed: string | null;
	readonly known: boolean;
}

export function lintJson(report: LintReport): LintJson {
	const { version, files, findings, stale } = report;
	return {
		format: LINT_FORMAT,
		version,
		files: files.map(({ name, linux, unknown }) => ({
			file: name,
			linux,
			unknown,
		})),
		findings: findings.map((finding) => {
			const { lint } = finding;
			const span = spanOf(finding, report);
			return {
				code: lint.code,
				name: lint.name,
				category: lint.category,
				severity: finding.severity,
				confidence: finding.confidence,
				file: finding.file,
				line: span.line,
				column: span.column,
				length: span.length,
				at: finding.at,
				message: finding.message,
				happens: finding.happens,
				remedy: finding.remedy,
				related: finding.related,
				path: finding.path,
				repair: finding.repair,
				assumes: finding.assumes ?? null,
				fingerprint: finding.fingerprint,
				suppressed: finding.suppressed,
				known: finding.known,
			};
		}),
		stale,
	};
}
