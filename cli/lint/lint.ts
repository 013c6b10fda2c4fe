import type { LintedFile, LintReport } from "../../reports/lint/lint-report.ts";
import type {
	LintCode,
	LintFinding,
	Severity,
} from "../../scenarios/analysis/lint/finding.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { EXIT } from "../base/exit-code.ts";
import { version } from "../base/version.ts";
import { mustBeWritable, STANDARD } from "../files/files.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { InputError } from "../screen/input-error.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

export interface LintCommandOptions extends WorldOptions {
	readonly format: "text" | "json" | "sarif" | "github" | "gitlab";
	readonly severity: Severity;
	readonly only: readonly string[];
	readonly ignore: readonly string[];
	readonly baseline?: string;
	readonly writeBaseline?: string;
	readonly output?: string;
}

/** Codes of the rules to run. */
interface Codes {
	readonly only?: readonly LintCode[];
	readonly ignore: readonly LintCode[];
}

export async function lint(
	files: readonly string[],
	options: LintCommandOptions,
): Promise<void> {
	const { format, severity, output, writeBaseline } = options;
	for (const file of [output, writeBaseline])
		if (file !== undefined) await mustBeWritable(file);
	const { allLintRules } = await import(
		"../../scenarios/analysis/lint/rules/index.ts"
	);
	const codes = await readCodes(options);
	const linted = await lintFiles(files, options, codes);
	const good = linted.filter((one) => one !== null);
	const report: LintReport = {
		version: version(),
		rules: allLintRules,
		files: good.map(({ file }) => file),
		findings: good.flatMap(({ findings }) => findings),
		hasBaseline: false,
		stale: [],
	};
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

async function readCodes({ only, ignore }: LintCommandOptions): Promise<Codes> {
	if (only.length + ignore.length === 0) return { ignore: [] };
	const { findRule } = await import("../explain/find-rule.ts");
	const codeOf = (text: string) => findRule(text).code;
	return {
		...(only.length > 0 ? { only: only.map(codeOf) } : {}),
		ignore: ignore.map(codeOf),
	};
}

interface Linted {
	readonly file: LintedFile;
	readonly findings: readonly LintFinding[];
}

/** `null` for each file that does not load: its faults are printed. */
async function lintFiles(
	files: readonly string[],
	options: WorldOptions,
	codes: Codes,
): Promise<readonly (Linted | null)[]> {
	mustReadOnce(files, options);
	const { readRulesAndWorld } = await import("../options/read-world.ts");
	const { analyse } = await import(
		"../../scenarios/analysis/services/analysis.ts"
	);
	const { lintRuleset } = await import(
		"../../scenarios/analysis/lint/run/lint-ruleset.ts"
	);
	const { unknownOf } = await import(
		"../../scenarios/analysis/lint/run/unknown.ts"
	);
	const linted: (Linted | null)[] = [];
	for (const file of files)
		linted.push(
			await whileShowing(`linting ${file} …`, async () => {
				const { rules, given } = await readRulesAndWorld(file, options);
				const { name, text } = rules;
				const ruleset = await loaded(text, name);
				if (ruleset === null) return null;
				const facts = { file: name, ...analyse(ruleset, given) };
				err.show(facts.world.notes.map((note) => `${nameText(name)}: ${note}`));
				const lines = text.split(/\r?\n/);
				return {
					file: { name, lines, unknown: unknownOf(facts) },
					findings: lintRuleset(facts, text, codes),
				};
			}),
		);
	return linted;
}

/** What is read for each of several files would be empty for the second one. */
function mustReadOnce(
	files: readonly string[],
	{ addresses, routes, routingRules }: WorldOptions,
): void {
	const told = [addresses, routes, routingRules];
	const named = [...files, ...told].filter((one) => one === STANDARD);
	if (named.length > 1 || (files.length > 1 && told.includes(STANDARD)))
		throw new InputError(
			"standard input (-) would be read more than once",
			"Name a file in its place.",
		);
}

/** `null` where it would not load; says why, and what a script does besides. */
async function loaded(text: string, file: string): Promise<Ruleset | null> {
	const { checkRules } = await import("../../sim/script/check-rules.ts");
	const { ruleset, faults, notes } = checkRules(text, { file });
	sayNotes(notes);
	if (ruleset !== null) return ruleset;
	const { printFaults } = await import(
		"../../sim/ruleset/base/ruleset-error.ts"
	);
	const { refusal } = await import("../check/refusal.ts");
	err.show([
		`${printFaults(faults)}\n`,
		`${err.paint("red", "✗")} ${nameText(file)} ${refusal(faults)}`,
	]);
	return null;
}

const RANKS: Readonly<Record<Severity, number>> = {
	note: 0,
	warning: 1,
	error: 2,
};

async function exitCode(report: LintReport, least: Severity): Promise<number> {
	const { newFindings } = await import("../../reports/lint/lint-report.ts");
	if (
		newFindings(report).some(({ severity }) => RANKS[severity] >= RANKS[least])
	)
		return EXIT.violated;
	return report.files.some(({ unknown }) => unknown.length > 0)
		? EXIT.unknown
		: EXIT.holds;
}
