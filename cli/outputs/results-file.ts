/** What `--json` writes and `marktwin merge` reads: everything that happened. */
import type {
	ComparisonVerdict,
	JudgedComparison,
} from "../../scenarios/compare/verdict.ts";
import { isOutside } from "../../scenarios/fuzz/chance.ts";
import type { FuzzTotals } from "../../scenarios/fuzz/totals.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../scenarios/result/invocation.ts";
import {
	type Outcome,
	type RunResult,
	worst,
} from "../../scenarios/result/result.ts";
import { EXIT } from "../exit-code.ts";
import type { Shard } from "../options/read-option.ts";

/** Changes when an older marktwin could not read it any more. */
export const FORMAT = "marktwin results 3" as const;

/** A scenario that `--bail` left. */
export type NotPlayed = Pick<PlayableScenario, "name" | "suite" | "title">;

/** A scenario that could not be played. */
export interface Failure {
	/** `input`: what it was given cannot be set up. `bug`: of marktwin. Left out when the lab failed. */
	readonly cause?: "input" | "bug";
	readonly scenario: PlayableScenario;
	readonly driver: DriverInfo;
	readonly seed: number;
	readonly message: string;
	/** The command that tries just this once more. */
	readonly replay: Invocation;
}

export interface Results {
	/** What makes them all once more: one command, and each of several that were merged. */
	readonly commands: readonly Invocation[];
	/** `null`: all of it. */
	readonly shard: Shard | null;
	/** `null`: each scenario's own. */
	readonly seed: number | null;
	/** Played on one driver … */
	readonly results: readonly RunResult[];
	/** … or on two and compared. */
	readonly comparisons: readonly JudgedComparison[];
	readonly failures: readonly Failure[];
	/** What `--bail` left; left out where it left none. */
	readonly notPlayed?: readonly NotPlayed[];
	/** What a fuzz has played, besides the comparisons that differ. */
	readonly fuzz?: FuzzResults;
}

/** The totals of a fuzz; those of several put together name every seed and kernel. */
export interface FuzzResults extends Omit<FuzzTotals, "seed" | "kernel"> {
	readonly seed: FuzzTotals["seed"] | readonly FuzzTotals["seed"][];
	readonly kernel: FuzzTotals["kernel"] | readonly FuzzTotals["kernel"][];
}

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

export function resultsFile(results: Results): Results & {
	readonly format: typeof FORMAT;
	readonly outcome: Outcome;
} {
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
