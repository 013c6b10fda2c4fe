/** What `--json` writes and `marktwin merge` reads: everything that happened. */
import type {
	ComparisonVerdict,
	JudgedComparison,
} from "../../scenarios/compare/verdict.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { reasonOf } from "../../scenarios/run/file-failure.ts";
import {
	type Outcome,
	type RunResult,
	worst,
} from "../../scenarios/run/result.ts";
import { placeInJson } from "../../scenarios/run/syntax-place.ts";
import { EXIT } from "../exit-code.ts";
import { readText } from "../files.ts";
import { InputError } from "../input-error.ts";
import type { Shard } from "../read-option.ts";

/** Changes when an older marktwin could not read it any more. */
const FORMAT = "marktwin results 1";

/** A scenario that could not be played, since the lab failed. */
export interface Failure {
	readonly scenario: PlayableScenario;
	readonly driver: RunResult["driver"];
	readonly seed: number;
	readonly message: string;
	/** The command that tries just this once more. */
	readonly replay: string;
}

export interface Results {
	/** The command that makes them all once more. */
	readonly command: string;
	/** `null`: all of it. */
	readonly shard: Shard | null;
	/** `null`: each scenario's own. */
	readonly seed: number | null;
	/** Played on one driver … */
	readonly results: readonly RunResult[];
	/** … or on two and compared. */
	readonly comparisons: readonly JudgedComparison[];
	readonly failures: readonly Failure[];
}

export function resultsFile(results: Results): object {
	return { format: FORMAT, outcome: outcomeOf(results), ...results };
}

/** Of all that could be played; model and kernel that diverge violate what is expected of them. */
export function outcomeOf({ results, comparisons }: Results): Outcome {
	return worst([
		...results.map(({ outcome }) => outcome),
		...comparisons.map(({ verdict }) => OUTCOMES[verdict]),
	]);
}

const OUTCOMES: Readonly<Record<ComparisonVerdict, Outcome>> = {
	agrees: "holds",
	diverges: "violated",
	unknown: "unknown",
};

/** What the shell is told. */
export function exitCodeOf(results: Results): number {
	return results.failures.length > 0 ? EXIT.lab : EXIT[outcomeOf(results)];
}

/**
 * Reads a file that `--json` wrote.
 * @throws InputError when it is anything else
 */
export async function readResults(file: string): Promise<Results> {
	const { name, text } = await readText(file);
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
			"marktwin run --json FILE and marktwin compare --json FILE write them.",
		);
	if (content.format !== FORMAT)
		throw new InputError(
			`${name} was written by another version of marktwin: it says "${content.format}", and this one reads "${FORMAT}"`,
			"Play it once more with this version.",
		);
	const {
		format: _,
		outcome: __,
		...results
	} = content as unknown as Results & {
		readonly format: string;
		readonly outcome: Outcome;
	};
	for (const list of ["results", "comparisons", "failures"] as const)
		if (!Array.isArray(results[list]))
			throw new InputError(
				`${name}: "${list}" is missing or no list`,
				"The file was changed after it was written.",
			);
	return results;
}

function parse(text: string, name: string): object | string | number | null {
	try {
		return JSON.parse(text);
	} catch (error) {
		const { path, message } = placeInJson(text, error);
		throw new InputError(
			`${name}${path && `:${path}`}: ${message || reasonOf(error)}`,
			"It is cut off, or no JSON: was the job that wrote it ended early?",
		);
	}
}
