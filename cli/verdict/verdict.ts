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
import { shellLine } from "../../scenarios/result/invocation.ts";
import { EXIT } from "../base/exit-code.ts";
import { version } from "../base/version.ts";
import { mustBeWritable, writeText } from "../files/files.ts";
import { exitCode } from "../lint/lint.ts";
import { lintFile, reportOf } from "../lint/lint-file.ts";
import { lintLines } from "../lint/print.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { mustReadOnce } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { analysed } from "../rules/analysed.ts";
import { out, whileShowing } from "../screen/screen.ts";
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
	const { json, markdown, severity, report: page } = options;
	mustReadOnce(files, options);
	if (page !== undefined) await mustBeWritable(page);
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
	if (isBad && (json || page !== undefined)) return;
	if (json) printJson(found);
	else if (markdown) await printMarkdown(found);
	else for (const one of found) printWords(one);
	if (page !== undefined) await writePage(page, files, found);
	if (!isBad) process.exitCode = await worstExit(found, severity);
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

/** What is wrong comes before what is not known. */
async function worstExit(
	found: readonly Verdict[],
	severity: Severity,
): Promise<number> {
	const exits: number[] = [];
	for (const { report, split } of found)
		exits.push(
			exitCode(report, severity),
			isKnown(split) ? EXIT.holds : EXIT.unknown,
		);
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
	page: string,
	files: readonly string[],
	found: readonly Verdict[],
): Promise<void> {
	const { verdictView } = await import("../rules/verdict-view.ts");
	const { buildReport } = await import("../../reports/build/build.ts");
	const { reportHtml } = await import("../../reports/formats/html.ts");
	const { readPage } = await import("../outputs/read-page.ts");
	const made = buildReport({
		marktwin: version(),
		command: shellLine(["marktwin", "verdict", ...files]),
		createdAt: new Date().toISOString(),
		tookMs: null,
		seed: null,
		notices: [],
		notPlayed: [],
		played: [],
		fuzzed: null,
		verdicts: found.map(({ analysis, split, report }) => {
			const { findings } = report;
			return verdictView({ file: split.file, analysis, findings });
		}),
	});
	await writeText(page, reportHtml(made, await readPage()));
}

function printWords({ analysis, split, report }: Verdict): void {
	const { paint } = out;
	const { ruleset } = analysis;
	const rules = ruleset.tables.reduce(
		(sum, { chains }) =>
			sum + chains.reduce((all, { rules: of }) => all + of.length, 0),
		0,
	);
	out.show([
		`${paint("green", "✓")} ${nameText(split.file)} would load: ${counted(rules, "rule")}`,
		"",
		...splitLines(split, out),
		"",
		...lintLines(report, out),
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
