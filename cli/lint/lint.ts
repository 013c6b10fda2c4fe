import {
	type LintReport,
	newFindings,
} from "../../reports/lint/lint-report.ts";
import type { Severity } from "../../scenarios/analysis/lint/finding.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { EXIT } from "../base/exit-code.ts";
import { findRule } from "../explain/find-rule.ts";
import { mustBeWritable } from "../files/files.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { mustReadOnce } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { analysed } from "../rules/analysed.ts";
import { sayAssumed } from "../rules/say-assumed.ts";
import { InputError } from "../screen/input-error.ts";
import { err, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { unmetLines } from "../split/print.ts";
import { knownIn } from "./known.ts";
import { type Codes, type Linted, lintFile, reportOf } from "./lint-file.ts";
import { writeReport } from "./write-report.ts";

export interface LintCommandOptions extends WorldOptions {
	readonly format: "text" | "json" | "sarif" | "github" | "gitlab";
	readonly severity: Severity;
	readonly only: readonly string[];
	readonly ignore: readonly string[];
	readonly baseline?: string;
	readonly writeBaseline?: string;
	readonly output?: string;
}

export async function lint(
	files: readonly string[],
	options: LintCommandOptions,
): Promise<void> {
	const { format, severity, output, writeBaseline } = options;
	for (const file of [output, writeBaseline])
		if (file !== undefined) await mustBeWritable(file);
	const codes = readCodes(options);
	const linted = await lintFiles(files, options, codes);
	const good = linted.filter((one) => one !== null);
	const report = reportOf(good);
	const isBad = good.length < linted.length;
	if (isBad) process.exitCode = EXIT.badInput;
	// A report or a baseline without one of the files would say that what is wrong with it is gone.
	if (isBad && format !== "text") return;
	const baselines = {
		from: options.baseline,
		to: isBad ? undefined : writeBaseline,
	};
	const judged = await knownIn(report, baselines, codes);
	await writeReport(judged, format, output);
	if (!isBad) process.exitCode = exitCode(judged, severity);
}

export function readCodes({
	only,
	ignore,
}: Pick<LintCommandOptions, "only" | "ignore">): Codes {
	if (only.length + ignore.length === 0) return { ignore: [] };
	const codeOf = (text: string) => findRule(text).code;
	const wanted = only.map(codeOf);
	const left = ignore.map(codeOf);
	const both = wanted.find((code) => left.includes(code));
	if (both !== undefined)
		throw new InputError(
			`--only and --ignore both name ${both}`,
			"Say it in one of them.",
		);
	return { ...(only.length > 0 ? { only: wanted } : {}), ignore: left };
}

/** `null` for each file that does not load: its faults are printed. */
async function lintFiles(
	files: readonly string[],
	options: WorldOptions,
	codes: Codes,
): Promise<readonly (Linted | null)[]> {
	mustReadOnce(files, options);
	const linted: (Linted | null)[] = [];
	const rulesets: Ruleset[] = [];
	for (const file of files)
		linted.push(
			await whileShowing(`linting ${file} …`, async () => {
				const found = await analysed(file, options);
				if (found === null) return null;
				const { rules, analysis } = found;
				rulesets.push(analysis.ruleset);
				const name = nameText(rules.name);
				err.show(analysis.world.notes.map((note) => `${name}: ${note}`));
				sayAssumed(rules.name, analysis);
				const linted = lintFile(rules, analysis, codes);
				// Those of which it was told why they meet nothing do not make the ruleset unknown.
				const unmet = analysis.unmet.filter(({ isTold }) => isTold);
				err.show(unmetLines({ unmet }).map((line) => `${name}: ${line}`));
				return linted;
			}),
		);
	if (rulesets.length === files.length) mustBeInRules(options.assume, rulesets);
	return linted;
}

const RANKS: Readonly<Record<Severity, number>> = {
	note: 0,
	warning: 1,
	error: 2,
};

/** Of a report: what is wrong with it, or what is not known of it. */
export function exitCode(report: LintReport, least: Severity): number {
	if (
		newFindings(report).some(({ severity }) => RANKS[severity] >= RANKS[least])
	)
		return EXIT.violated;
	return report.files.some(({ unknown }) => unknown.length > 0)
		? EXIT.unknown
		: EXIT.holds;
}
