/**
 * How often rules with `statistic --mode random` matched in a kernel. The model follows each draw, so
 * that a kernel draws with other odds shows in nothing but these numbers.
 */
import { binomialBand } from "../../../sim/statistics.ts";
import type { Divergence } from "./divergence.ts";

interface Drawn {
	readonly rule: string;
	/** Of a match. */
	readonly chance: number;
	draws: number;
	matches: number;
}

/** Of a right kernel being called wrong, in one comparison. */
const FALSE_ALARM = 1e-6;

export class DrawTally {
	private readonly drawn = new Map<string, Drawn>();

	/** @param chance with which the rule matches */
	count(rule: string, chance: number, matches: boolean): void {
		const key = `${rule} ${chance}`;
		const known = this.drawn.get(key);
		const one = known ?? { rule, chance, draws: 0, matches: 0 };
		if (known === undefined) this.drawn.set(key, one);
		one.draws++;
		if (matches) one.matches++;
	}

	/** Rules that matched more or less often than chance explains. */
	divergences(atMs: number): readonly Divergence[] {
		const confidence = 1 - FALSE_ALARM / Math.max(1, this.drawn.size);
		return [...this.drawn.values()].flatMap((one) => {
			const { rule, chance, draws, matches } = one;
			const { low, high } = binomialBand(draws, chance, confidence);
			if (matches >= low && matches <= high) return [];
			const divergence: Divergence = {
				kind: "draws",
				atMs,
				asked: `${draws} draws for ${rule}, which matches with a probability of ${chance}`,
				model: [`${low} to ${high} matches`],
				kernel: [`${matches} matches`],
				rules: { model: [], kernel: [] },
			};
			return [divergence];
		});
	}
}
