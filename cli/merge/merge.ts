/** Reads the results of several machines, and reports them as one. */
import { counted } from "../../reports/wording.ts";
import {
	commandLine,
	type Invocation,
} from "../../scenarios/result/invocation.ts";
import { EXIT } from "../base/exit-code.ts";
import type { OutputOptions } from "../options/output-options.ts";
import { openOutputs } from "../outputs/outputs.ts";
import { readResults } from "../outputs/read-results.ts";
import { cutShort } from "../outputs/report-of.ts";
import {
	exitCodeOf,
	notPlayed,
	outcomeOf,
	type Results,
} from "../outputs/results-file.ts";
import { InputError } from "../screen/input-error.ts";
import { progress } from "../screen/screen.ts";
import { screenText } from "../screen/screen-text.ts";
import { fuzzTogether, remarksOn } from "./fuzz.ts";
import {
	isEmpty,
	missingShards,
	mustDiffer,
	type Part,
	scenariosIn,
} from "./shards.ts";

/** @returns the exit code */
export async function merge(
	files: readonly string[],
	options: OutputOptions,
): Promise<number> {
	const outputs = await openOutputs(options, files);
	const parts: Part[] = [];
	for (const file of files) {
		progress.show(`reading ${file} …`);
		parts.push(mustHoldSome({ file, results: await readResults(file) }));
	}
	const missing = missingShards(parts);
	mustDiffer(parts);
	const all = together(parts);
	if (isEmpty(all))
		throw new InputError(
			"there is no scenario in any of the files",
			"Shards of more machines than scenarios are empty; one of them is not.",
		);
	const remarks = remarksOn(all);
	const notices = [...missing, ...remarks];
	const about = { tookMs: null, createdAt: null, notices };
	const { screen } = outputs;
	const { paint } = screen;
	screen.show([
		`${count(all)} from ${counted(files.length, "file")}: ${verdict(all)}`,
		...cutShort(all).map((one) => paint("yellow", screenText(one))),
		...remarks.map((one) => paint("yellow", screenText(one))),
		...missing.map((one) => paint("red", screenText(one))),
	]);
	screen.command(await outputs.write(all, about).finally(progress.clear));
	return missing.length > 0 ? EXIT.badInput : exitCodeOf(all);
}

/** Whoever plays nothing says so, and writes no results; only a shard may have come away empty. A fuzz that has found nothing is no such thing. */
function mustHoldSome(part: Part): Part {
	const { file, results } = part;
	if (results.shard === null && isEmpty(results))
		throw new InputError(
			`there is no scenario in ${file}`,
			"The file was changed after it was written.",
		);
	return part;
}

/** `13 scenarios`, `300 rulesets and 12,345 packets of a fuzz`, or both. */
function count(all: Results): string {
	const { fuzz } = all;
	const scenarios = scenariosIn(all);
	return [
		...(scenarios > 0 || fuzz === undefined
			? [counted(scenarios, "scenario")]
			: []),
		...(fuzz === undefined
			? []
			: [
					`${counted(fuzz.cases, "ruleset")} and ${counted(fuzz.packets, "packet")} of a fuzz`,
				]),
	].join(", ");
}

function verdict(all: Results): string {
	const { results, failures } = all;
	if (failures.length > 0) return `${failures.length} could not be played`;
	const isComparison = results.length === 0;
	return {
		holds: isComparison ? "all agree" : "all hold",
		violated: isComparison ? "some diverge" : "some are violated",
		unknown: "some are unknown",
	}[outcomeOf(all)];
}

/** By how they are spelled. */
function distinct(commands: readonly Invocation[]): readonly Invocation[] {
	return [...new Map(commands.map((one) => [commandLine(one), one])).values()];
}

function together(parts: readonly Part[]): Results {
	const results = parts.map((part) => part.results);
	const seeds = new Set(results.map(({ seed }) => seed));
	return {
		commands: distinct(results.flatMap(({ commands }) => commands)),
		shard: null,
		seed: seeds.size === 1 ? (results[0]?.seed ?? null) : null,
		results: results.flatMap((one) => one.results),
		comparisons: results.flatMap((one) => one.comparisons),
		failures: results.flatMap((one) => one.failures),
		...notPlayed(
			results.flatMap((one) =>
				(one.notPlayed ?? []).map((scenario) => ({ scenario })),
			),
		),
		...fuzzTogether(results),
	};
}
