/** What comparisons amount to, known divergences taken into account. */
import type { Comparison } from "./compare-scenario.ts";
import type { Divergence, KnownDivergence } from "./divergence.ts";

/**
 * `agrees`: nothing differs that is not known to. `diverges`: something does, or a known divergence
 * is not there any more. `unknown`: the model did not know how to go on.
 */
export type ComparisonVerdict = "agrees" | "diverges" | "unknown";

export interface JudgedComparison {
	readonly comparison: Comparison;
	readonly verdict: ComparisonVerdict;
	/** Divergences that nobody knows of. */
	readonly unexpected: readonly Divergence[];
	/** Known ones that were seen … */
	readonly known: readonly KnownDivergence[];
	/** … and those that should have been, and were not. */
	readonly missing: readonly KnownDivergence[];
}

export function judgeComparison(
	comparison: Comparison,
	knownDivergences: readonly KnownDivergence[],
): JudgedComparison {
	const { divergences, scenario, unknown } = comparison;
	const here = knownDivergences.filter(
		(known) => known.scenario === scenario.name,
	);
	const isKnownToEnd = here.some(({ kinds }) => kinds.includes("unknown"));
	const seen = ({ kinds }: KnownDivergence) =>
		divergences.some(({ kind }) => kinds.includes(kind)) ||
		(unknown !== null && kinds.includes("unknown"));
	const unexpected = divergences.filter(
		({ kind }) => !here.some((known) => known.kinds.includes(kind)),
	);
	const missing = here.filter((known) => !seen(known));
	const parts = unexpected.length + missing.length > 0;
	return {
		comparison,
		verdict:
			unknown !== null && !isKnownToEnd
				? "unknown"
				: parts
					? "diverges"
					: "agrees",
		unexpected,
		known: here.filter(seen),
		missing,
	};
}
