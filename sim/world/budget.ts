import type { Unknown } from "../contract/gateway.ts";

/** What a play may take. It ends as unknown where that is used up, with what was played so far. */
export interface Budget {
	/** Things that the gateway is asked for, and timers of the world's, together. */
	readonly steps: number;
	/** Virtual time. */
	readonly virtualMs: number;
	/** Asked before the first step and every few of them: why there is no memory for more; `null` while there is. */
	memory(): string | null;
}

/** Steps between two looks at the memory. */
const LOOK_EVERY = 512;

/** Counts what a play has taken of its budget. */
export class Spending {
	private readonly budget: Budget;
	private steps = 0;

	constructor(budget: Budget) {
		this.budget = budget;
	}

	/**
	 * Takes a step.
	 * @returns why it cannot be taken; `null` when it can
	 */
	step(nowMs: number): Unknown | null {
		const { steps, virtualMs } = this.budget;
		const taken = this.steps++;
		const why =
			taken >= steps
				? `more than ${steps.toLocaleString("en")} steps`
				: nowMs > virtualMs
					? `more than ${(virtualMs / 1000).toLocaleString("en")} s of virtual time`
					: taken % LOOK_EVERY === 0
						? this.budget.memory()
						: null;
		if (why === null) return null;
		const reason = `budget exhausted at ${(nowMs / 1000).toFixed(3)} s: ${why}`;
		return { rule: "", text: "", line: 0, reason };
	}
}
