import { HZ } from "../../kernel.ts";

/** The kernel's clock, which rate limits count by: one tick is 4 ms. */
export function jiffies(nowMs: number): number {
	return Math.floor(nowMs / (1000 / HZ));
}

/** `msecs_to_jiffies` (include/linux/jiffies.h, 6.1): rounds up. */
export function jiffiesOfMs(ms: number): number {
	return Math.ceil(ms / (1000 / HZ));
}
