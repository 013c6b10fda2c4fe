/** What `marktwin fix` did and what it left, for a person. */
import { spanOf } from "../../reports/lint/lint-report.ts";
import type { LintFinding } from "../../scenarios/analysis/lint/finding.ts";
import type {
	NotRepaired,
	Repair,
} from "../../scenarios/analysis/lint/fix/fix-findings.ts";
import type { Change, DraftLine } from "../../sim/ruleset/fix/change.ts";
import { nameText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";

interface Paper {
	readonly paint: Paint;
}

/** Of each change what was done, the line before and the line after, as diff marks them. */
export function changeLines(
	changes: readonly Change[],
	file: string,
	paper: Paper,
): readonly string[] {
	return changes.flatMap((change) => [
		`${nameText(file)}:${change.line}: ${change.what}`,
		...diffLines(change, paper),
	]);
}

/** The same of repairs of findings, then why others were not made. */
export function repairLines(
	repairs: readonly Repair[],
	notRepaired: readonly NotRepaired[],
	paper: Paper,
): readonly string[] {
	return [
		...repairs.flatMap(({ finding, line, changes }) => [
			`${nameText(finding.file)}:${line}: ${titleOf(finding)}`,
			...changes.flatMap((change) => diffLines(change, paper)),
		]),
		...notRepaired.map(
			({ finding, why }) =>
				`${nameText(finding.file)}:${finding.at.line}: ${finding.lint.code} ${finding.lint.name} is not repaired: ${why}`,
		),
	];
}

/** What the linter still finds, a line each. */
export function leftLines(
	findings: readonly LintFinding[],
	{
		name,
		lines,
		paper,
	}: {
		readonly name: string;
		readonly lines: readonly DraftLine[];
		readonly paper: Paper;
	},
): readonly string[] {
	if (findings.length === 0) return [];
	const files = [{ name, lines: lines.map(({ text }) => text) }];
	const unsafe = findings.filter(
		({ lint, repair }) => lint.fix === "unsafe" && repair.length > 0,
	).length;
	return [
		"",
		"Still found, in lines of the repaired text:",
		...findings.map((finding) => {
			const { line, column } = spanOf(finding, { files });
			return `${nameText(name)}:${line}:${column}: ${paper.paint(COLOURS[finding.severity], finding.severity)} ${titleOf(finding)}`;
		}),
		...(unsafe > 0 ? [`--unsafe tries to repair ${unsafe} of them.`] : []),
	];
}

const COLOURS = { error: "red", warning: "yellow", note: "cyan" } as const;

function titleOf({ lint, message }: LintFinding): string {
	return `${lint.code} ${lint.name}: ${message}`;
}

function diffLines(
	{ before, after }: { readonly before: string; readonly after: string },
	{ paint }: Paper,
): readonly string[] {
	const marked = (mark: string, text: string) =>
		text === "" ? [] : text.split("\n").map((one) => `  ${mark} ${one}`);
	return [
		...marked("-", before).map((one) => paint("red", one)),
		...marked("+", after).map((one) => paint("green", one)),
	];
}
