/** Programs that a configuration names: probes, writers of conditions, conntrack. */
import { spawn } from "node:child_process";
import { reasonOf } from "../../../scenarios/files/file-failure.ts";
import { shortageOf } from "../../shortage.ts";

export interface CommandEnd {
	/** `null` when it did not end by itself, or never began. */
	readonly code: number | null;
	/** Its last line on standard error, or why it did not run. */
	readonly words: string;
	/** It never ran: there is no such program, it may not be run, or something of our own is short. */
	readonly neverRan: boolean;
}

export interface RunningCommand {
	/** Ends it, and what it started. Its end is told all the same. */
	kill(): void;
}

/** Of what a program says the end is kept: enough for a line. */
const MOST_CHARACTERS = 4096;
/** A program that has ended is not waited for longer than that because of what it left running. */
const LAST_WORDS_MS = 100;

/**
 * @param done never called before this returns
 * @param environment besides ours
 */
export function runCommand(
	[program = "", ...words]: readonly string[],
	environment: Readonly<Record<string, string>>,
	done: (end: CommandEnd) => void,
): RunningCommand {
	let isOver = false;
	let hasBegun = false;
	const end = (code: number | null, said: string, neverRan = false) => {
		if (isOver) return;
		isOver = true;
		done({ code, words: said, neverRan });
	};
	const failed = (error: unknown) => {
		const reason = shortageOf(error) ?? reasonOf(error);
		end(null, `${program}: ${reason}`, !hasBegun);
	};
	try {
		// In a group of its own, so that what it started can be ended with it.
		const child = spawn(program, words, {
			stdio: ["ignore", "ignore", "pipe"],
			env: { ...process.env, ...environment },
			detached: true,
		});
		// A program that is not there, or may not be run, is an error without it.
		child.on("spawn", () => {
			hasBegun = true;
		});
		child.on("error", failed);
		let said = "";
		// Without descriptors left there is none, whatever its type says.
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			said = `${said}${text}`.slice(-MOST_CHARACTERS);
		});
		child.on("exit", (code, signal) => {
			const finish = () => {
				clearTimeout(timer);
				// Else what it left running would keep us from ending.
				child.stderr?.destroy();
				end(code, lastLine(said) || describe(code, signal));
			};
			const timer = setTimeout(finish, LAST_WORDS_MS);
			child.once("close", finish);
		});
		return { kill: () => killGroup(child.pid, () => isOver) };
	} catch (error) {
		// Arguments that are too long, no memory: Node throws those.
		setImmediate(failed, error);
		return { kill() {} };
	}
}

/** The same with an end to our patience. */
export function commandEnd(
	command: readonly string[],
	patienceMs: number,
): Promise<CommandEnd> {
	return new Promise((resolve) => {
		let isLate = false;
		const running = runCommand(command, {}, (end) => {
			clearTimeout(timer);
			const late = { words: `no end in ${patienceMs} ms`, neverRan: false };
			resolve(isLate ? { code: null, ...late } : end);
		});
		const timer = setTimeout(() => {
			isLate = true;
			running.kill();
		}, patienceMs);
	});
}

function killGroup(pid: number | undefined, isOver: () => boolean): void {
	if (pid === undefined || isOver()) return;
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// It ended by itself meanwhile.
	}
}

function describe(code: number | null, signal: string | null): string {
	return code === null ? `ended by ${signal}` : `exit ${code}`;
}

function lastLine(text: string): string {
	return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
