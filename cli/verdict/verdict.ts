import { lintJson } from "../../reports/lint/lint-json.ts";
import {
	type LintReport,
	newFindings,
} from "../../reports/lint/lint-report.ts";
import { counted } from "../../reports/wording.ts";
import {
	type SplitDocument,
	splitDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import type { Severity } from "../../scenarios/analysis/lint/finding.ts";
import type { Analysis } from "../../scenarios/analysis/services/analysis.ts";
import { EXIT } from "../base/exit-code.ts";
import { exitCode } from "../lint/lint.ts";
import { lintFile, reportOf } from "../lint/lint-file.ts";
import { lintLines } from "../lint/print.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { mustReadOnce } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { openPage, type PageOutput } from "../outputs/page.ts";
import { analysed } from "../rules/analysed.ts";
import { out, type Screen, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { splitLines } from "../split/print.ts";
import { isKnown } from "../split/split.ts";

export interface VerdictOptions extends WorldOptions {
	readonly json: boolean;
	readonly markdown: boolean;
	readonly severity: Severity;
	readonly report?: string;
}

/** What there is to say of one ruleset. */
interface Verdict {
	readonly analysis: Analysis;
	readonly split: SplitDocument;
	readonly report: LintReport;
}

/** The version of what `--json` writes. */
const FORMAT = 1;

export async function verdict(
	files: readonly string[],
	options: VerdictOptions,
): Promise<void> {
	const { json, markdown, severity } = options;
	mustReadOnce(files, options);
	const page = await openPage(options.report, json || markdown);
	const found: Verdict[] = [];
	for (const file of files) {
		const one = await whileShowing(`analysing ${file} …`, () =>
			verdictOf(file, options),
		);
		if (one === null) process.exitCode = EXIT.badInput;
		else found.push(one);
	}
	const isBad = found.length < files.length;
	if (!isBad)
		mustBeInRules(
			options.assume,
			found.map(({ analysis }) => analysis.ruleset),
		);
	// What would not load is missing here: nothing says that it is fine.
	if (isBad && (json || markdown || page.write !== null)) return;
	if (json) printJson(found);
	else if (markdown) await printMarkdown(found);
	else for (const one of found) printWords(one, page.screen);
	if (page.write !== null) await writePage(page.write, found, severity);
	if (!isBad) process.exitCode = worstExit(found, severity);
}

async function verdictOf(
	file: string,
	options: WorldOptions,
): Promise<Verdict | null> {
	const found = await analysed(file, options);
	if (found === null) return null;
	const { rules, analysis } = found;
	return {
		analysis,
		split: splitDocument(rules.name, analysis),
		report: reportOf([lintFile(rules, analysis, { ignore: [] })]),
	};
}

type Status = "holds" | "violated" | "unknown";

/** What is wrong comes before what is not known. */
function statusOf({ report, split }: Verdict, severity: Severity): Status {
	const exit = exitCode(report, severity);
	if (exit === EXIT.violated) return "violated";
	return exit === EXIT.holds && isKnown(split) ? "holds" : "unknown";
}

function worstExit(found: readonly Verdict[], severity: Severity): number {
	const exits = found.map((one) => EXIT[statusOf(one, severity)]);
	return (
		[EXIT.violated, EXIT.unknown].find((exit) => exits.includes(exit)) ??
		EXIT.holds
	);
}

function printJson(found: readonly Verdict[]): void {
	const verdicts = found.map(({ split, report }) => {
		return { loads: true, split, lint: lintJson(report) };
	});
	out.data(`${jsonLine({ format: FORMAT, verdicts }, 2)}\n`);
}

async function writePage(
	write: NonNullable<PageOutput["write"]>,
	found: readonly Verdict[],
	severity: Severity,
): Promise<void> {
	const { verdictView } = await import("../rules/verdict-view.ts");
	await write({
		verdicts: found.map((one) => {
			const { analysis, split, report } = one;
			const { findings } = report;
			const status = statusOf(one, severity);
			return verdictView({ file: split.file, analysis, findings, status });
		}),
	});
}

function printWords(
	{ analysis, split, report }: Verdict,
	screen: Screen,
): void {
	const { paint } = screen;
	const { ruleset } = analysis;
	const rules = ruleset.tables.reduce(
		(sum, { chains }) =>
			sum + chains.reduce((all, { rules: of }) => all + of.length, 0),
		0,
	);
	screen.show([
		`${paint("green", "✓")} ${nameText(split.file)} would load: ${counted(rules, "rule")}`,
		"",
		...splitLines(split, screen),
		"",
		...lintLines(report, screen),
		...repairLines(split.file, report),
	]);
}

/** `marktwin fix my.rules repairs 2 of them`. */
function repairLines(file: string, report: LintReport): readonly string[] {
	const fresh = newFindings(report);
	const repaired = fresh.filter(({ repair }) => repair.length > 0);
	if (repaired.length === 0) return [];
	const safe = repaired.filter(({ lint }) => lint.fix === "safe").length;
	const unsafe = repaired.length - safe;
	const name = nameText(file);
	return [
		...(safe > 0
			? [`  marktwin fix ${name} repairs ${safe} of ${fresh.length}`]
			: []),
		...(unsafe > 0
			? [
					`  marktwin fix --unsafe ${name} repairs ${unsafe === repaired.length ? unsafe : `${unsafe} more`}`,
				]
			: []),
	];
}

async function printMarkdown(found: readonly Verdict[]): Promise<void> {
	const { splitMarkdown } = await import(
		"../../reports/analysis/split-markdown.ts"
	);
	const { lintMarkdown } = await import(
		"../../reports/analysis/lint-markdown.ts"
	);
	const parts = found.map(
		({ split, report }) => `${splitMarkdown([split])}\n${lintMarkdown(report)}`,
	);
	out.data(parts.join("\n"));
}
