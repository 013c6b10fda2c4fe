/** What `--json` writes and `marktwin merge` reads: everything that happened. */
import type * as v from "valibot";
import type { ComparisonVerdict } from "../../scenarios/compare/verdict.ts";
import { isOutside } from "../../scenarios/fuzz/chance.ts";
import { type Outcome, worst } from "../../scenarios/result/result.ts";
import { EXIT } from "../base/exit-code.ts";
import { FORMAT, type resultsSchema } from "./results-schema.ts";

/** The whole file. */
type ResultsFile = v.InferOutput<typeof resultsSchema>;

/** What a command hands over: the rest of the file follows from it. */
export type Results = Omit<ResultsFile, "format" | "outcome">;

/** A scenario that could not be played. */
export type Failure = Results["failures"][number];

/** A scenario that `--bail` left. */
export type NotPlayed = NonNullable<Results["notPlayed"]>[number];

/** The totals of a fuzz; those of several put together name every seed and kernel. */
export type FuzzResults = NonNullable<Results["fuzz"]>;

/** As results tell of those that were left. */
export function notPlayed(
	left: readonly { readonly scenario: NotPlayed }[],
): Pick<Results, "notPlayed"> {
	if (left.length === 0) return {};
	return {
		notPlayed: left.map(({ scenario: { name, suite, title } }) => ({
			name,
			suite,
			title,
		})),
	};
}

export function resultsFile(results: Results): ResultsFile {
	return { format: FORMAT, outcome: outcomeOf(results), ...results };
}

/** Of all that could be played; model and kernel that diverge violate what is expected of them. */
export function outcomeOf({ results, comparisons, fuzz }: Results): Outcome {
	return worst([
		...(fuzz === undefined ? [] : [outcomeOfFuzz(fuzz)]),
		...results.map(({ outcome }) => outcome),
		...comparisons.map(({ verdict }) => OUTCOMES[verdict]),
	]);
}

/** What it does not know and has not met is told, and keeps nothing from holding. */
function outcomeOfFuzz({ findings, chances, texts }: FuzzResults): Outcome {
	const differ = findings + (texts?.findings ?? 0);
	return differ > 0 || chances.some(isOutside) ? "violated" : "holds";
}

const OUTCOMES: Readonly<Record<ComparisonVerdict, Outcome>> = {
	agrees: "holds",
	diverges: "violated",
	unknown: "unknown",
};

/** What the shell is told. */
export function exitCodeOf(results: Results): number {
	const { failures } = results;
	const causes = new Set(failures.map(({ cause }) => cause));
	if (causes.has("bug")) return EXIT.bug;
	if (causes.has("input")) return EXIT.badInput;
	return failures.length > 0 ? EXIT.lab : EXIT[outcomeOf(results)];
}
