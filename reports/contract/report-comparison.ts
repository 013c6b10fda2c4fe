/** The part of the contract that is about two drivers. */

/** Two drivers, asked the same. */
export interface ComparisonView {
	readonly model: string;
	readonly kernel: string;
	readonly asks: number;
	/** That came out of both. */
	readonly packets: number;
	/** Draws of the kernel's that the model followed. */
	readonly draws: number;
	/** Where whole connections were compared instead: so many; else `null`. */
	readonly connections: number | null;
	readonly divergences: readonly DivergenceView[];
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
}
