/**
 * Every random draw and every race of the model goes through a Choice, so that a simulation
 * (`seeded.ts`) and a proof that visits every path (`exhaustive.ts`) are the same code.
 */
export interface Choice {
	/**
	 * One of `count` equally likely outcomes.
	 * @param count at least 1
	 * @param label what is drawn, for traces and counterexamples
	 * @returns an integer from 0 to `count - 1`
	 */
	pick(count: number, label: string): number;

	/**
	 * True with the probability `numerator / denominator`, exactly.
	 * @param label what is drawn
	 */
	happens(numerator: number, denominator: number, label: string): boolean;
}
