/** Which boot of the machine this is: what was noted in an earlier one may not hold any more. */
import { readFileSync } from "node:fs";

let known: string | null = null;

/** Read once: a process does not outlive the boot it runs in, but may run out of descriptors. */
export function bootId(): string {
	known ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	return known;
}
