import type { LintReport } from "../../reports/lint/lint-report.ts";
import type { Severity } from "../../scenarios/analysis/lint/finding.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustBeWritable, STANDARD } from "../files/files.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { InputError } from "../screen/input-error.ts";
import { err, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import type { Codes, Linted } from "./lint-file.ts";

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
	const { reportOf } = await import("./lint-file.ts");
	const codes = await readCodes(options);
	const linted = await lintFiles(files, options, codes);
	const good = linted.filter((one) => one !== null);
	const report = reportOf(good);
	const isBad = good.length < linted.length;
	if (isBad) process.exitCode = EXIT.badInput;
	// A report or a baseline without one of the files would say that what is wrong with it is gone.
	if (isBad && format !== "text") return;
	const { knownIn } = await import("./known.ts");
	const { writeReport } = await import("./write-report.ts");
	const baselines = {
		from: options.baseline,
		to: isBad ? undefined : writeBaseline,
	};
	const judged = await knownIn(report, baselines, codes);
	await writeReport(judged, format, output);
	if (!isBad) process.exitCode = await exitCode(judged, severity);
}

export async function readCodes({
	only,
	ignore,
}: Pick<LintCommandOptions, "only" | "ignore">): Promise<Codes> {
	if (only.length + ignore.length === 0) return { ignore: [] };
	const { findRule } = await import("../explain/find-rule.ts");
	const codeOf = (text: string) => findRule(text).code;
	return {
		...(only.length > 0 ? { only: only.map(codeOf) } : {}),
		ignore: ignore.map(codeOf),
	};
}

/** `null` for each file that does not load: its faults are printed. */
async function lintFiles(
	files: readonly string[],
	options: WorldOptions,
	codes: Codes,
): Promise<readonly (Linted | null)[]> {
	mustReadOnce(files, options);
	const { analysed } = await import("../rules/analysed.ts");
	const { lintFile } = await import("./lint-file.ts");
	const { unmetLines } = await import("../split/print.ts");
	const { sayAssumed } = await import("../rules/say-assumed.ts");
	const { mustBeInRules } = await import("../options/check-assumed.ts");
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
				// Findings say why rules meet nothing; where there is none, a ✓ has to say what it leaves out.
				if (linted.findings.length === 0)
					err.show(unmetLines(analysis).map((line) => `${name}: ${line}`));
				return linted;
			}),
		);
	if (rulesets.length === files.length) mustBeInRules(options.assume, rulesets);
	return linted;
}

/**
 * What is read for each of several files would be empty for the second one.
 * @throws InputError
 */
export function mustReadOnce(
	files: readonly string[],
	{ addresses, routes, routingRules, sets }: WorldOptions,
): void {
	const told = [addresses, routes, routingRules, sets];
	const named = [...files, ...told].filter((one) => one === STANDARD);
	if (named.length > 1 || (files.length > 1 && told.includes(STANDARD)))
		throw new InputError(
			"standard input (-) would be read more than once",
			"Name a file in its place.",
		);
}

const RANKS: Readonly<Record<Severity, number>> = {
	note: 0,
	warning: 1,
	error: 2,
};

/** Of a report: what is wrong with it, or what is not known of it. */
export async function exitCode(
	report: LintReport,
	least: Severity,
): Promise<number> {
	const { newFindings } = await import("../../reports/lint/lint-report.ts");
	if (
		newFindings(report).some(({ severity }) => RANKS[severity] >= RANKS[least])
	)
		return EXIT.violated;
	return report.files.some(({ unknown }) => unknown.length > 0)
		? EXIT.unknown
		: EXIT.holds;
}
