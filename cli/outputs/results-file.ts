/** What `--json` writes and `marktwin merge` reads: everything that happened. */
import type * as v from "valibot";
import {
	addDraws,
	judgeDraws,
} from "../../scenarios/compare/lockstep/draw-counts.ts";
import type { ComparisonVerdict } from "../../scenarios/compare/verdict.ts";
import { isOutside } from "../../scenarios/fuzz/chance-result.ts";
import { type Outcome, worst } from "../../scenarios/result/result.ts";
import { EXIT } from "../base/exit-code.ts";
import { FORMAT, type resultsSchema } from "./results-schema.ts";

/** The whole file. */
type ResultsFile = v.InferOutput<typeof resultsSchema>;

/** What a command hands over: the rest of the file follows from it. */
export type Results = Omit<ResultsFile, "format" | "outcome" | "draws">;

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
	const draws = drawsOf(results);
	return {
		format: FORMAT,
		outcome: outcomeOf(results),
		...(draws === null ? {} : { draws }),
		...results,
	};
}

/** What kernels drew over all plays; `null`: nothing. The findings of a fuzz are among its cases. */
export function drawsOf({
	comparisons,
	fuzz,
}: Pick<Results, "comparisons" | "fuzz">): NonNullable<
	ResultsFile["draws"]
> | null {
	const kinds = judgeDraws(
		addDraws(
			fuzz === undefined
				? comparisons.map(({ comparison }) => comparison.drawn ?? [])
				: [fuzz.drawn ?? []],
		),
	);
	if (kinds.length === 0) return null;
	const isAsLikely = kinds.every((one) => one.isAsLikely);
	return { outcome: isAsLikely ? "holds" : "violated", kinds };
}

/** Of all that could be played; model and kernel that diverge violate what is expected of them. */
export function outcomeOf(all: Results): Outcome {
	const { results, comparisons, fuzz } = all;
	const draws = drawsOf(all);
	return worst([
		...(draws === null ? [] : [draws.outcome]),
		...(fuzz === undefined ? [] : [outcomeOfFuzz(fuzz)]),
		...results.map(({ outcome }) => outcome),
		...comparisons.map(({ verdict }) => OUTCOMES[verdict]),
	]);
}

/** What it does not know and has not met is told, and keeps nothing from holding; what a machine died of does. */
function outcomeOfFuzz({
	findings,
	chances,
	texts,
	lost = 0,
}: FuzzResults): Outcome {
	const differ = findings + (texts?.findings ?? 0);
	if (differ > 0 || chances.some(isOutside)) return "violated";
	return lost > 0 ? "unknown" : "holds";
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
