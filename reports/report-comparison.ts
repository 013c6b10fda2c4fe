/** The part of the contract that is about two drivers. */

/** Two drivers, asked the same. */
export interface ComparisonView {
	readonly model: string;
	readonly kernel: string;
	readonly asks: number;
	/** That came out of both. */
	readonly packets: number;
	/** Where whole connections were compared instead: so many; else `null`. */
	readonly connections: number | null;
	/** First those that nobody knows of. */
	readonly divergences: readonly DivergenceView[];
	/** Known divergences that were not seen any more. */
	readonly missing: readonly string[];
}

export interface DivergenceView {
	readonly kind: string;
	readonly atMs: number;
	/** What both were asked. */
	readonly asked: string;
	readonly model: readonly string[];
	readonly kernel: readonly string[];
	readonly modelRules: readonly string[];
	readonly kernelRules: readonly string[];
	/** Why it is known; "" when it is not. */
	readonly known: string;
}
