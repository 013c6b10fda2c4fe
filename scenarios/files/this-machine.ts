/** Which machine this is and which of its processes run: by that, what a killed process left is known for such. */
import { readFileSync, readlinkSync } from "node:fs";
import { codeOf } from "./file-failure.ts";

let known: string | null = null;

/**
 * Which boot of the machine this is. Read once: a process does not outlive the boot that it runs in,
 * but may run out of descriptors.
 * @throws the system's error where /proc has none
 */
export function bootId(): string {
	known ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	return known;
}

/** The namespace within which a process's number means something; "" without /proc. */
export function pidNamespace(): string {
	try {
		return readlinkSync("/proc/self/ns/pid");
	} catch (error) {
		if (codeOf(error) === null) throw error;
		return "";
	}
}

/** Start of a process that runs, where /proc does not tell it. */
const UNKNOWN_START = "0";

/**
 * Clock ticks from the machine's boot to the process's start (`/proc/PID/stat`, field 22): numbers of
 * processes are given again, starts are not.
 * @returns `null` where no such process runs
 */
export function startOf(pid: number): string | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The second field, the name, may have spaces and parentheses in it.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" ? null : (fields[19] ?? UNKNOWN_START);
	} catch (error) {
		if (codeOf(error) === null) throw error;
		return isThere(pid) ? UNKNOWN_START : null;
	}
}

/** Without /proc, or with one that hides the processes of others. */
function isThere(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return codeOf(error) !== "ESRCH";
	}
}
