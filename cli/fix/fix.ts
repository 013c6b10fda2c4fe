import type { LintFinding } from "../../scenarios/analysis/lint/finding.ts";
import {
	type FixedFindings,
	fixFindings,
} from "../../scenarios/analysis/lint/fix/fix-findings.ts";
import { unknownOf } from "../../scenarios/analysis/lint/run/unknown.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { printFaults } from "../../sim/ruleset/base/ruleset-error.ts";
import { type FixedRules, fixRules } from "../../sim/script/fix-rules.ts";
import { EXIT } from "../base/exit-code.ts";
import { identityOf, STANDARD, writeWhole } from "../files/files.ts";
import { readCodes } from "../lint/lint.ts";
import type { Codes } from "../lint/lint-file.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { RulesAndWorld, WorldOptions } from "../options/world-options.ts";
import { sayAssumed } from "../rules/say-assumed.ts";
import { InputError } from "../screen/input-error.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { changeLines, leftLines, repairLines } from "./print.ts";

export interface FixOptions extends WorldOptions {
	readonly output?: string;
	readonly inPlace?: boolean;
	readonly check?: boolean;
	readonly unsafe?: boolean;
	readonly only: readonly string[];
	readonly ignore: readonly string[];
}

export async function fix(file: string, options: FixOptions): Promise<void> {
	await mustHavePlace(file, options);
	const codes = readCodes(options);
	const told = await readRulesAndWorld(file, options);
	const { name } = told.rules;
	const fixed = await whileShowing(`repairing ${name} …`, async () =>
		fixRules(told.rules.text, {
			file: name,
			linux: told.given.linux ?? DEFAULT_LINUX,
		}),
	);
	err.show(changeLines(fixed.changes, name, err));
	sayNotes(fixed.notes);
	if (options.inPlace) mustBeRulesFile(told, fixed, options);
	if (fixed.faults.length > 0) return refuse(fixed, file, name, options);
	const found = await whileShowing(`linting ${name} …`, async () =>
		fixFindings(fixed.lines, {
			file: name,
			given: told.given,
			isChosen: (finding) => isChosen(finding, codes, options),
		}),
	);
	mustBeInRules(options.assume, [found.analysis.ruleset]);
	sayAssumed(name, found.analysis);
	sayFindings(found, { name, codes, isAsItWas: fixed.changes.length === 0 });
	await write(found.text, file, told.rules.text, options);
	// A script is another text in any case.
	const written = fixed.isScript ? 1 : 0;
	const wouldChange =
		fixed.changes.length > written || found.repairs.length > 0;
	const isLeft = leftOf(found, codes).some(
		({ severity }) => severity !== "note",
	);
	if (isLeft || (options.check && wouldChange))
		process.exitCode = EXIT.violated;
	else if (
		unknownOf({ file: name, ...found.analysis }, found.findings).length > 0
	)
		process.exitCode = EXIT.unknown;
}

async function mustHavePlace(
	file: string,
	{ output, inPlace }: FixOptions,
): Promise<void> {
	if (inPlace && file === STANDARD)
		throw new InputError(
			"--in-place needs a file",
			"Standard input has no place to write back to.",
		);
	const isOverItself =
		output !== undefined &&
		![file, output].includes(STANDARD) &&
		(await identityOf(output)) === (await identityOf(file));
	if (isOverItself)
		throw new InputError(
			`--output ${output} is the file that is read`,
			"--in-place repairs a file where it is, and leaves it alone where faults remain.",
		);
}

function mustBeRulesFile(
	{ rules, capture }: RulesAndWorld,
	{ isScript }: FixedRules,
	options: WorldOptions,
): void {
	const remedy = "Name another file: --output my.rules.";
	if (isScript)
		throw new InputError(
			`${rules.name} is a script, and --in-place would put a file for iptables-restore in its place`,
			remedy,
		);
	if (capture !== null && options.capture === undefined)
		throw new InputError(
			`${rules.name} belongs to a capture, which tells what a machine has`,
			remedy,
		);
}

function isChosen(
	{ lint }: LintFinding,
	codes: Codes,
	{ unsafe = false }: FixOptions,
): boolean {
	const isAllowed = lint.fix === "safe" || (unsafe && lint.fix === "unsafe");
	return isAllowed && isAsked(lint.code, codes);
}

function isAsked(
	code: LintFinding["lint"]["code"],
	{ only, ignore }: Codes,
): boolean {
	return (only === undefined || only.includes(code)) && !ignore.includes(code);
}

/** Findings that count, of the rules that were asked for. */
function leftOf(
	{ findings }: FixedFindings,
	codes: Codes,
): readonly LintFinding[] {
	return findings.filter(
		({ suppressed, lint }) => suppressed === null && isAsked(lint.code, codes),
	);
}

/** What is left would be refused. */
async function refuse(
	fixed: FixedRules,
	file: string,
	name: string,
	options: FixOptions,
): Promise<void> {
	process.exitCode = EXIT.badInput;
	err.show([
		fixed.isRefused
			? "\nThe script stays as it is:\n"
			: "\nStill to be done by hand, in lines of the repaired text:\n",
		printFaults(fixed.faults),
	]);
	if (fixed.isRefused) return;
	if (options.inPlace) err.show([`\n${nameText(name)} was left as it is.`]);
	else await write(fixed.text, file, fixed.text, options);
}

function sayFindings(
	found: FixedFindings,
	{
		name,
		codes,
		isAsItWas,
	}: {
		readonly name: string;
		readonly codes: Codes;
		readonly isAsItWas: boolean;
	},
): void {
	const { analysis, repairs, notRepaired } = found;
	const isUntouched =
		isAsItWas && repairs.length === 0 && notRepaired.length === 0;
	const left = leftOf(found, codes);
	const shown = nameText(name);
	err.show([
		...analysis.world.notes.map((note) => `${shown}: ${note}`),
		...repairLines(repairs, notRepaired, err),
		...leftLines(left, { name, lines: found.lines, paper: err }),
		...unknownOf({ file: name, ...analysis }, found.findings).map(
			(text) => `${err.paint("yellow", "?")} ${shown}: ${text}`,
		),
	]);
	if (isUntouched) err.show([`${shown}: nothing to repair`]);
}

async function write(
	text: string,
	file: string,
	before: string,
	{ output, inPlace, check }: FixOptions,
): Promise<void> {
	if (check) return;
	if (output !== undefined && output !== STANDARD)
		await writeWhole(output, text);
	else if (!inPlace) out.data(text);
	else if (text !== before)
		await writeWhole(file, text, { over: "what was read" });
}
