/** A shell on a router whose kernel is a virtual machine's: its agent runs a program at a time, to its end. */
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import {
	conditionsSocket,
	connectGuest,
} from "../../lab/docker/router/router-machine.ts";
import { EXIT } from "../base/exit-code.ts";
import { err } from "../screen/screen.ts";

export interface RouterShell {
	readonly router: number;
	/** What is run; `null`: a line at a time is read, and run by the shell in there. */
	readonly words: readonly string[] | null;
	/** What we are told is handed on to it. */
	readonly stdin: boolean;
}

/** On the router: which programs are the shell's. There is one at a time. */
const GROUP = "/tmp/shell";

type Run = (words: readonly string[], input?: string) => Promise<number>;

/** @returns the exit code */
export async function routerShell(
	docker: Docker,
	container: Docker.Container,
	{ router, words, stdin }: RouterShell,
): Promise<number> {
	const { guest, disconnect } = await connectGuest(docker, container, router);
	const run: Run = async (program, input = "") => {
		// All that the agent runs is a group of its own, whose number is its first process's.
		const noted = [
			"sh",
			"-c",
			`echo $$ > ${GROUP}; exec "$@"`,
			"sh",
			...program,
		];
		const interrupt = () =>
			void endGroup(docker, container, router).catch(complain);
		// A second Ctrl-C finds nobody who listens, and leaves it running.
		process.once("SIGINT", interrupt);
		try {
			const { status, out, err } = await guest.run(noted, input);
			process.stdout.write(out);
			process.stderr.write(err);
			return status;
		} finally {
			process.off("SIGINT", interrupt);
		}
	};
	try {
		if (words === null) return await readLines(run);
		return await run(words, stdin ? await text(process.stdin) : "");
	} finally {
		disconnect();
	}
}

/** The agent hears nothing until its program is over, so it is told at the machine's other door. */
async function endGroup(
	docker: Docker,
	container: Docker.Container,
	router: number,
): Promise<void> {
	const door = conditionsSocket(router);
	const { guest, disconnect } = await connectGuest(
		docker,
		container,
		router,
		door,
	);
	try {
		await guest.must(["sh", "-c", `kill -INT "-$(cat ${GROUP})"`]);
	} finally {
		disconnect();
	}
}

function complain(error: unknown): void {
	const why = error instanceof Error ? error.message : String(error);
	err.show([`the command on the router goes on: ${why}`]);
}

async function readLines(run: Run): Promise<number> {
	const lines = createInterface({
		input: process.stdin,
		output: process.stdout,
		prompt: "router# ",
		terminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
	});
	// On a terminal the line editor takes Ctrl-C: with a program running it is that program's.
	let isRunning = false;
	lines.on("SIGINT", () => {
		if (isRunning) process.emit("SIGINT");
		else lines.close();
	});
	let last: number = EXIT.holds;
	if (lines.terminal) lines.prompt();
	for await (const line of lines) {
		const [, leaves, code] = /^\s*(exit)\s*(\d*)\s*$/.exec(line) ?? [];
		if (leaves !== undefined) return code ? Number(code) & 0xff : last;
		isRunning = true;
		if (line.trim() !== "") last = await run(["sh", "-c", line]);
		isRunning = false;
		if (lines.terminal) lines.prompt();
	}
	return last;
}
