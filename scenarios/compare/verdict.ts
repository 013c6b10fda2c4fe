/** What comparisons amount to. */
import type { Comparison } from "./lockstep/compare-scenario.ts";
import {
	addDraws,
	type JudgedDraws,
	judgeDraws,
} from "./lockstep/draw-counts.ts";

/**
 * `agrees`: nothing differs. `diverges`: something does. `unknown`: nothing did, as far as it was
 * compared; how it goes on the model does not know, or a kernel's chance decided and could not be seen.
 */
export type ComparisonVerdict = "agrees" | "diverges" | "unknown";

export interface JudgedComparison {
	readonly comparison: Comparison;
	readonly verdict: ComparisonVerdict;
}

export function judgeComparison(comparison: Comparison): JudgedComparison {
	const { divergences, unknown } = comparison;
	const verdict =
		divergences.length > 0
			? "diverges"
			: unknown !== null
				? "unknown"
				: "agrees";
	return { comparison, verdict };
}

/** What kernels drew over several comparisons, against the chances that the model has. */
export function judgeAllDraws(
	comparisons: readonly Pick<Comparison, "drawn">[],
): readonly JudgedDraws[] {
	return judgeDraws(addDraws(comparisons.map(({ drawn = [] }) => drawn)));
}
