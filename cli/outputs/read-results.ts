/** Reads what `--json` wrote, and believes nothing of it that can be checked. */
import * as v from "valibot";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { reasonOf } from "../../scenarios/files/file-failure.ts";
import { checkReferences } from "../../scenarios/language/check/check-references.ts";
import { faultOf, joined } from "../../scenarios/language/fault-of-issue.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import {
	DUPLICATE_REMEDY,
	duplicateKey,
	duplicateWords,
} from "../../scenarios/load/duplicate-keys.ts";
import { placeInJson } from "../../scenarios/load/syntax-place.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { resultOf } from "../../scenarios/run/run-scenario.ts";
import { readText } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { firstDifference } from "./first-difference.ts";
import { otherModel, playAgain } from "./play-again.ts";
import {
	drawsOf,
	type FuzzResults,
	outcomeOf,
	type Results,
} from "./results-file.ts";
import { FORMAT, resultsSchema } from "./results-schema.ts";

/** Octets: longer ones are longer than a string may be. */
const LONGEST_RESULTS = 2 ** 30;

const CHANGED =
	"The file was changed after it was written, or another version of marktwin has written it.";

/**
 * Reads a file that `--json` wrote. What results amount to follows from what happened, and what happened
 * on the model from scenario and seed; a file that says otherwise was changed, and is refused.
 * @throws InputError when it is anything else
 */
export async function readResults(file: string): Promise<Results> {
	const { name, text } = await readText(file, LONGEST_RESULTS);
	const content = parse(text, name);
	const isResults =
		typeof content === "object" &&
		content !== null &&
		"format" in content &&
		typeof content.format === "string" &&
		content.format.startsWith("marktwin results ");
	if (!isResults)
		throw new InputError(
			`${name} holds no results of marktwin`,
			"marktwin run, compare and fuzz write them with --json FILE.",
		);
	if (content.format !== FORMAT)
		throw new InputError(
			`${name} was written by another version of marktwin: it says "${content.format}", and this one reads "${FORMAT}"`,
			"Play it once more with this version.",
		);
	return believed(content, name);
}

function believed(content: object, name: string): Results {
	const checked = v.safeParse(resultsSchema, content, { abortEarly: true });
	if (!checked.success) {
		const { path, message } = faultOf(checked.issues[0]);
		throw changed(name, path, message);
	}
	mustBeWhole(content, checked.output, name);
	const { format: _, outcome, draws, ...given } = content;
	const { failures, fuzz } = given;
	const results = given.results.map((one, index) =>
		consistent(one, name, `results[${index}]`),
	);
	const comparisons = given.comparisons.map((judged, index) => {
		const path = `comparisons[${index}]`;
		const { comparison, verdict } = judged;
		mustBePlayable(comparison.scenario, name, `${path}.comparison.scenario`);
		const result =
			comparison.result === null
				? null
				: comparedResult(comparison.result, name, `${path}.comparison.result`);
		const again = judgeComparison({ ...comparison, result });
		mustBeSame(again.verdict, verdict, name, `${path}.verdict`);
		return again;
	});
	for (const [index, { scenario }] of failures.entries())
		mustBePlayable(scenario, name, `failures[${index}].scenario`);
	if (fuzz !== undefined) mustHoldFindings(fuzz, comparisons, name);
	const all: Results = { ...given, results, comparisons };
	mustBeSame(outcomeOf(all), outcome, name, "outcome");
	mustBeSame(
		drawsOf(all)?.outcome ?? "nothing",
		draws?.outcome ?? "nothing",
		name,
		"draws.outcome",
	);
	return all;
}

/**
 * Nothing had to be filled in. So what is handed on is what was given, with its keys in their order, and
 * is written again as it was.
 */
function mustBeWhole<Data extends object>(
	given: object,
	read: Data,
	name: string,
): asserts given is Data {
	const difference = firstDifference(read, given, "");
	if (difference === null) return;
	const { path, other } = difference;
	const message = other === undefined ? "is missing" : "is no object";
	throw changed(name, path, message);
}

/** The model follows what a kernel draws while the two are compared: by itself it may play otherwise. */
function comparedResult(given: RunResult, name: string, path: string) {
	mustBePlayable(given.scenario, name, `${path}.scenario`);
	const other = otherModel(given);
	if (other !== null)
		throw changed(name, `${path}.${other.path}`, other.message);
	return judgedAgain(given, name, path);
}

/** Each divergence that a fuzz has found is among the comparisons; others may be there as well. */
function mustHoldFindings(
	{ findings }: FuzzResults,
	comparisons: Results["comparisons"],
	name: string,
): void {
	const found = comparisons.filter(({ verdict }) => verdict === "diverges");
	if (found.length < findings)
		throw changed(
			name,
			"fuzz.findings",
			`it says ${findings}, and ${found.length} stand in it`,
		);
}

/**
 * Judged once more from what happened, and on the model what happened is played once more: of what a
 * file says of its judgements nothing is believed.
 */
function consistent(given: RunResult, name: string, path: string): RunResult {
	mustBePlayable(given.scenario, name, `${path}.scenario`);
	const difference = playAgain(given);
	if (difference !== null)
		throw changed(name, `${path}.${difference.path}`, difference.message);
	return judgedAgain(given, name, path);
}

function judgedAgain(given: RunResult, name: string, path: string): RunResult {
	const { scenario, account, seed, driver, replay } = given;
	const again = resultOf(scenario, account, { seed, driver, replay });
	const { judgements, outcome } = again;
	if (judgements.length !== given.judgements.length)
		throw changed(
			name,
			`${path}.judgements`,
			`it says ${given.judgements.length}, and what stands in it amounts to ${judgements.length}`,
		);
	for (const [index, { outcome }] of judgements.entries()) {
		const said = given.judgements[index]?.outcome;
		mustBeSame(outcome, said, name, `${path}.judgements[${index}].outcome`);
	}
	mustBeSame(outcome, given.outcome, name, `${path}.outcome`);
	return again;
}

/** What its parts say of each other fits. */
function mustBePlayable(
	scenario: PlayableScenario,
	name: string,
	path: string,
): void {
	const [fault] = checkReferences(scenario);
	if (fault !== undefined)
		throw changed(name, joined(path, fault.path), fault.message);
}

function mustBeSame(
	follows: string,
	said: unknown,
	name: string,
	path: string,
): void {
	if (follows !== said)
		throw changed(
			name,
			path,
			`it says ${said}, and what stands in it amounts to ${follows}`,
		);
}

function changed(name: string, path: string, message: string): InputError {
	return new InputError(
		`${name}: ${path === "" ? "" : `${path}: `}${message}`,
		CHANGED,
	);
}

function parse(text: string, name: string): object | string | number | null {
	let value: object | string | number | null;
	try {
		value = JSON.parse(text);
	} catch (error) {
		const { path, message } = placeInJson(text, error);
		throw new InputError(
			`${name}${path && `: ${path}`}: ${message || reasonOf(error)}`,
			"It is cut off, or no JSON: was the job that wrote it ended early?",
		);
	}
	const twice = duplicateKey(text);
	if (twice === null) return value;
	throw new InputError(
		`${name}: ${twice.place}: ${duplicateWords(twice)}`,
		DUPLICATE_REMEDY,
	);
}
