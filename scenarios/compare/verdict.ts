/** What comparisons amount to. */
import type { Comparison } from "./lockstep/compare-scenario.ts";

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
