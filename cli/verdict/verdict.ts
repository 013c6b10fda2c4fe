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
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { EXIT } from "../base/exit-code.ts";
import { exitCode } from "../lint/lint.ts";
import { lintFile, reportOf } from "../lint/lint-file.ts";
import { lintLines } from "../lint/print.ts";
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
}

/** What there is to say of one ruleset. */
interface Verdict {
	readonly ruleset: Ruleset;
	readonly split: SplitDocument;
	readonly report: LintReport;
}

/** The version of what `--json` writes. */
const FORMAT = 1;

export async function verdict(
	file: string,
	options: VerdictOptions,
): Promise<void> {
	const { json, markdown, severity } = options;
	const found = await whileShowing(`analysing ${file} …`, () =>
		verdictOf(file, options),
	);
	if (found === null) {
		process.exitCode = EXIT.badInput;
		return;
	}
	const { split, report } = found;
	if (json)
		out.data(
			`${jsonLine({ format: FORMAT, loads: true, split, lint: lintJson(report) }, 2)}\n`,
		);
	else if (markdown) await printMarkdown(found);
	else printWords(found);
	const ofLint = await exitCode(report, severity);
	process.exitCode =
		ofLint === EXIT.holds && !isKnown(split) ? EXIT.unknown : ofLint;
}

async function verdictOf(
	file: string,
	options: WorldOptions,
): Promise<Verdict | null> {
	const found = await analysed(file, options);
	if (found === null) return null;
	const { rules, analysis } = found;
	return {
		ruleset: analysis.ruleset,
		split: splitDocument(rules.name, analysis),
		report: reportOf([lintFile(rules, analysis, { ignore: [] })]),
	};
}

function printWords({ ruleset, split, report }: Verdict): void {
	const { paint } = out;
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

async function printMarkdown({ split, report }: Verdict): Promise<void> {
	const { splitMarkdown } = await import(
		"../../reports/analysis/split-markdown.ts"
	);
	const { lintMarkdown } = await import(
		"../../reports/analysis/lint-markdown.ts"
	);
	out.data(`${splitMarkdown([split])}\n${lintMarkdown(report)}`);
}
