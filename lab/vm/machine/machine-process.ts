/** QEMU as a process: started, listened to, and ended with all that it has started. */
import { spawn } from "node:child_process";
import { createTail } from "./console.ts";

export interface MachineProcess {
	/** `undefined` when it could not be started. */
	readonly pid: number | undefined;
	/** It, or what it has started, runs no more. */
	readonly ended: Promise<void>;
	/** What it said last on standard error. */
	errors(): string;
	kill(): void;
}

/** What it has said before its end is waited for that long after it. */
const LAST_WORDS_MS = 200;

/** @param words the program, and what stands behind it */
export function startProcess([
	program = "",
	...words
]: readonly string[]): MachineProcess {
	// A process group of its own: Ctrl-C is for the harness, which ends it in order.
	const child = spawn(program, words, {
		stdio: ["ignore", "ignore", "pipe"],
		detached: true,
	});
	const errors = createTail();
	child.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
	const ended = new Promise<void>((resolve) => {
		child.once("error", () => resolve());
		child.once("close", () => resolve());
	});
	child.once("exit", () => {
		// What it has left running would keep its standard error open.
		killGroup(child.pid);
		setTimeout(() => child.stderr.destroy(), LAST_WORDS_MS).unref();
	});
	return {
		pid: child.pid,
		ended,
		errors: errors.text,
		kill() {
			// Once it has been waited for, its number may be another one's.
			if (child.exitCode === null && child.signalCode === null)
				killGroup(child.pid);
		},
	};
}

function killGroup(pid: number | undefined): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// Nothing of it is left.
	}
}
