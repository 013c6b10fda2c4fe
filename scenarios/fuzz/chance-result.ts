/** What is kept of a rule of chance that was played: results are read and judged without the fuzz. */

/** How many packets a rule matched on model and kernel, and how many it may. */
export interface ChanceResult {
	/** As the rule says it. */
	readonly probability: string;
	readonly inverted: boolean;
	readonly packets: number;
	/** Packets that matched. */
	readonly model: number;
	readonly kernel: number;
	/** Where either has to lie. */
	readonly low: number;
	readonly high: number;
}

/** Whether either side matched more or fewer packets than chance allows. */
export function isOutside({ model, kernel, low, high }: ChanceResult): boolean {
	return [model, kernel].some((count) => count < low || count > high);
}
