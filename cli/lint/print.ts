/** Findings for a person. */
import {
	isNew,
	type LintReport,
	newFindings,
	spanOf,
} from "../../reports/lint/lint-report.ts";
import { counted } from "../../reports/wording.ts";
import type {
	LintFinding,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import { excerpt } from "../../sim/ruleset/base/excerpt.ts";
import { nameText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

/** Each finding that counts, and a line that sums up. */
export function lintLines(report: LintReport, paper: Paper): readonly string[] {
	const findings = worstFirst(newFindings(report));
	return [
		...findings.flatMap((finding) => [
			...findingLines(finding, report, paper),
			"",
		]),
		...report.files.flatMap(({ name, unknown }) =>
			unknown.map(
				(text) => `${paper.paint("yellow", "?")} ${nameText(name)}: ${text}`,
			),
		),
		...report.stale.map(
			({ code, file, rule }) =>
				`no longer found: ${code} in ${nameText(file)}, which the baseline has: ${rule}`,
		),
		...summary(report, paper),
	];
}

/**
 * ```
 * my.rules:3:11: note MT801 old-name: `-m state --state NEW` is the old name of …
 *   3 | -A INPUT -m state --state NEW -j ACCEPT
 *     |          ^~~~~~~~~~~~~~~~~~~~
 *   It matches the same packets.
 *   Write `-m conntrack --ctstate NEW`.
 * ```
 */
function findingLines(
	finding: LintFinding,
	report: LintReport,
	{ paint, columns }: Paper,
): readonly string[] {
	const { lint, severity, message, happens, remedy, related } = finding;
	const name = nameText(finding.file);
	const span = spanOf(finding, report);
	const [line, caret] = excerpt(span);
	const indented = (text: string): readonly string[] =>
		wrap(text, columns - 2).map((one) => `  ${one}`);
	return [
		`${paint("bold", `${name}:${span.line}:${span.column}:`)} ${paint(COLOURS[severity], severity)} ${paint("bold", lint.code)} ${lint.name}: ${message}`,
		`  ${line}`,
		`  ${paint(COLOURS[severity], caret)}`,
		...indented(happens),
		...related.flatMap(({ at, role }) =>
			// Where it has a line, a reader finds it by that.
			indented(
				at.line > 0 ? `line ${at.line}: ${role}` : `${role}: ${at.text}`,
			),
		),
		...wayLines(finding),
		...(finding.assumes === undefined
			? []
			: indented(`It rests on an assumption: ${finding.assumes}.`)),
		...indented(remedy),
	];
}

/** Lines of the rules that a packet matches. */
function wayLines({ path }: LintFinding): readonly string[] {
	if (path.length === 0) return [];
	const lines = path.map(({ rule, line }) =>
		line > 0 ? `line ${line}` : rule,
	);
	return [`  A packet that shows it matches ${lines.join(", then ")}.`];
}

/** By severity; those of one severity stay in the order of their lines. */
function worstFirst(findings: readonly LintFinding[]): readonly LintFinding[] {
	const ranks: readonly Severity[] = ["error", "warning", "note"];
	return findings.toSorted(
		(one, other) => ranks.indexOf(one.severity) - ranks.indexOf(other.severity),
	);
}

const COLOURS = { error: "red", warning: "yellow", note: "cyan" } as const;

function isOnlyNotes(findings: readonly LintFinding[]): boolean {
	return findings.every(({ severity }) => severity === "note");
}

/** `✗ 2 findings in my.rules: 1 error, 1 note; 1 suppressed, 3 in the baseline`. */
function summary(report: LintReport, { paint }: Paper): readonly string[] {
	const { findings, files } = report;
	const fresh = newFindings(report);
	const [only] = files;
	const where =
		files.length === 1 && only !== undefined
			? nameText(only.name)
			: counted(files.length, "file");
	const severities = (["error", "warning", "note"] as const).flatMap(
		(severity) => countOf(fresh, severity),
	);
	const suppressed = findings.filter((one) => one.suppressed !== null).length;
	const known = findings.length - suppressed - findings.filter(isNew).length;
	const besides = [
		...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
		...(known > 0 ? [`${known} in the baseline`] : []),
	].join(", ");
	const rest = besides === "" ? "" : `; ${besides}`;
	if (files.length === 0) return [];
	const on = unusual(files);
	if (fresh.length === 0) {
		const isKnown = files.every(({ unknown }) => unknown.length === 0);
		const sign = isKnown ? paint("green", "✓") : paint("yellow", "?");
		return [`${sign} no findings in ${where}${on}${rest}`];
	}
	const [first] = worstFirst(fresh);
	return [
		`${isOnlyNotes(fresh) ? paint("cyan", "!") : paint("red", "✗")} ${counted(fresh.length, "finding")} in ${where}${on}: ${severities.join(", ")}${rest}`,
		`  marktwin explain ${first?.lint.code} says more`,
	];
}

/** ` on trixie/nft`; nothing on the usual Linux. */
function unusual(files: LintReport["files"]): string {
	const names = [...new Set(files.map(({ linux }) => linux))];
	const isUsual = names.every((name) => name === linuxName(DEFAULT_LINUX));
	return isUsual ? "" : ` on ${names.join(", ")}`;
}

function countOf(
	findings: readonly LintFinding[],
	severity: Severity,
): readonly string[] {
	const count = findings.filter((one) => one.severity === severity).length;
	return count === 0 ? [] : [counted(count, severity)];
}
