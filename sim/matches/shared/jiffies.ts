/** Ticks per second of Debian's kernel (CONFIG_HZ, 6.1 amd64). */
export const HZ = 250;

/** The kernel's clock, which rate limits count by: one tick is 4 ms. */
export function jiffies(nowMs: number): number {
	return Math.floor(nowMs / (1000 / HZ));
}

/** `msecs_to_jiffies` (include/linux/jiffies.h, 6.1): rounds up. */
export function jiffiesOfMs(ms: number): number {
	return Math.ceil(ms / (1000 / HZ));
}
