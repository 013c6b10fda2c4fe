/** Everything that a command writes besides the screen: reports, and what CI systems read. */
import { existsSync } from "node:fs";
import type { Report } from "../../reports/contract/report.ts";
import { githubAnnotations } from "../../reports/formats/annotations.ts";
import { reportHtml } from "../../reports/formats/html.ts";
import { junitXml } from "../../reports/formats/junit.ts";
import { summaryMarkdown } from "../../reports/formats/summary.ts";
import type { RulesetsView } from "../../reports/formats/summary-rulesets.ts";
import { rulesetSummaries } from "../../scenarios/exact/ruleset-summary.ts";
import {
	appendText,
	identityOf,
	mustBeWritable,
	overwritten,
	STANDARD,
	writeText,
} from "../files/files.ts";
import type { OutputOptions } from "../options/output-options.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, type Screen } from "../screen/screen.ts";
import { jsonText } from "./json-text.ts";
import { readPage } from "./read-page.ts";
import { type About, reportOf } from "./report-of.ts";
import { type FuzzResults, type Results, resultsFile } from "./results-file.ts";
import { scoreboardMarkdown } from "./scoreboard.ts";

export interface Outputs {
	/** Where lines for a person go: standard output, unless something else is written there. */
	readonly screen: Screen;
	/** @returns lines for the screen that the CI system around it reads */
	write(results: Results, about: About): Promise<readonly string[]>;
}

/**
 * Says before the work what would go wrong after it.
 * @throws InputError when something could not be written
 */
export async function openOutputs(
	options: OutputOptions,
	inputs: readonly string[] = [],
): Promise<Outputs> {
	const given = withoutEmptySummary(options);
	await mustBeDifferentFiles(given, inputs);
	const { report, junit, json, summary, scoreboard } = given;
	const page = report === undefined ? null : await readPage();
	const annotates = process.env.GITHUB_ACTIONS === "true";
	const isOnStandard = OUTPUTS.some((name) => given[name] === STANDARD);
	return {
		screen: isOnStandard ? err : out,
		async write(results, about) {
			const tries = new Tries();
			if (scoreboard !== undefined)
				await tries.add(async () =>
					writeText(scoreboard, scoreboardMarkdown(fuzzOf(results))),
				);
			if (json !== undefined)
				await tries.add(() => writeText(json, jsonText(resultsFile(results))));
			if (annotates || report || junit || summary) {
				const made = await reportOf(results, about);
				if (report !== undefined && page !== null)
					await tries.add(() => writeText(report, reportHtml(made, page)));
				if (junit !== undefined)
					await tries.add(() => writeText(junit, junitXml(made)));
				if (summary !== undefined)
					await tries.add(() =>
						writeSummary(summary, made, rulesetsOf(results)),
					);
				tries.mustHaveSucceeded();
				return annotates ? githubAnnotations(made, existsSync) : [];
			}
			tries.mustHaveSucceeded();
			return [];
		},
	};
}

/** @throws InputError when there was none */
function fuzzOf({ fuzz }: Results): FuzzResults {
	if (fuzz !== undefined) return fuzz;
	throw new InputError(
		"there is no fuzz that a scoreboard could tell of",
		"Give the results of `marktwin fuzz`.",
	);
}

const OUTPUTS = ["report", "junit", "json", "summary", "scoreboard"] as const;

/** Several things to do, of which each is done whatever became of the others. */
class Tries {
	private readonly faults: InputError[] = [];

	async add(work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			this.faults.push(error);
		}
	}

	/** @throws InputError when any did not */
	mustHaveSucceeded(): void {
		const [first, ...others] = this.faults;
		if (first === undefined) return;
		if (others.length === 0) throw first;
		throw new InputError(
			first.message,
			others.map(({ message }) => message),
		);
	}
}

/**
 * `--summary "$GITHUB_STEP_SUMMARY"` is written for GitHub; elsewhere nobody gathers summaries.
 * @throws InputError when any other file has no name
 */
function withoutEmptySummary(options: OutputOptions): OutputOptions {
	for (const name of OUTPUTS)
		if (options[name] === "" && name !== "summary")
			throw new InputError(
				`--${name} "" names no file`,
				"Is a variable empty that it was to come from?",
			);
	if (options.summary !== "") return options;
	err.show([
		'marktwin: --summary "" names no file (GITHUB_STEP_SUMMARY is not set here?): no summary is written',
	]);
	const { summary: _, ...others } = options;
	return others;
}

/** @throws InputError when two would be written to the same place, one over what is read, or one cannot be */
async function mustBeDifferentFiles(
	options: OutputOptions,
	inputs: readonly string[],
): Promise<void> {
	const files = OUTPUTS.flatMap((name) => options[name] ?? []);
	for (const file of files) await mustBeWritable(file);
	if (files.filter((file) => file === STANDARD).length > 1)
		throw new InputError(
			"only one of the outputs can be written to standard output",
			"Name files for the others.",
		);
	const seen = new Map<string, string>();
	for (const file of files.filter((file) => file !== STANDARD)) {
		const path = await identityOf(file);
		const before = seen.get(path);
		if (before !== undefined)
			throw new InputError(
				before === file
					? `${file} is to be written twice`
					: `${before} and ${file} are the same file, which is to be written twice`,
			);
		seen.set(path, file);
	}
	for (const input of new Set(inputs)) {
		const output = seen.get(await identityOf(input).catch(() => ""));
		if (output !== undefined)
			throw overwritten(
				output === input
					? `${output} is read, and is to be written over`
					: `${output} is the same file as ${input}, which is read`,
			);
	}
}

/** Rulesets that a summary tells of; a run of many takes long enough. */
const MOST_RULESETS = 10;

function rulesetsOf({ results, comparisons }: Results): RulesetsView {
	const scenarios = [
		...results.map(({ scenario }) => scenario),
		...comparisons.map(({ comparison }) => comparison.scenario),
	];
	return rulesetSummaries(scenarios, MOST_RULESETS);
}

/** GitHub's own file gathers the summaries of all commands of a step. */
async function writeSummary(
	file: string,
	report: Report,
	rulesets: RulesetsView,
): Promise<void> {
	const text = summaryMarkdown(report, rulesets);
	const gathering = process.env.GITHUB_STEP_SUMMARY;
	// The same name is the same file, also where another command makes it at this moment.
	const isGathering =
		file !== STANDARD &&
		Boolean(gathering) &&
		(file === gathering ||
			(await identityOf(file)) === (await identityOf(gathering ?? "")));
	await (isGathering ? appendText(file, text) : writeText(file, text));
}
