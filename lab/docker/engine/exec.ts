/** Runs programs in containers that run already. */
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, Exec } from "dockerode";
import { LabError } from "../../lab-error.ts";
import { engineError } from "./engine-error.ts";
import { collectText, demultiplex } from "./output.ts";

/** How a program in a container ended, and what it said. */
export interface Ended {
	/** 124 when it took too long; 126 or 127 when there is no such program, and then `err` says so. */
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

export interface ExecOptions {
	readonly input?: string;
	/** Half a minute when left out; `null`: as long as it likes. */
	readonly timeoutMs?: number | null;
	/** `65534`, `postfix`; the container's own when left out. */
	readonly user?: string;
}

export interface SpawnOptions {
	readonly timeoutMs?: number | null;
	readonly user?: string;
	/** Is handed each line of standard output as soon as it is whole. */
	readonly onLine?: (line: string) => void;
}

/** A program that runs in a container. */
export interface Spawned {
	/** Writes to its standard input. */
	write(text: string): void;
	/** Ends its standard input. */
	endInput(): void;
	/** When it is over. `out` is all of it, the lines that were handed on included. */
	readonly ended: Promise<Ended>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** The engine learns of a program's end a little after its output has ended. */
const EXIT_CODE_WITHIN_MS = 10_000;
const POLL_MS = 5;
const NO_SUCH_PROGRAM = "OCI runtime exec failed";

/**
 * Runs a program to its end, whatever its exit code.
 * @throws LabError when the container is not there or does not run
 */
export async function execIn(
	container: Container,
	words: readonly string[],
	{ input = "", ...options }: ExecOptions = {},
): Promise<Ended> {
	const program = await spawnIn(container, words, options);
	if (input !== "") program.write(input);
	program.endInput();
	return program.ended;
}

/**
 * Starts a program and lets it run.
 * @throws LabError when the container is not there or does not run
 */
export async function spawnIn(
	container: Container,
	words: readonly string[],
	{ timeoutMs = DEFAULT_TIMEOUT_MS, user, onLine }: SpawnOptions = {},
): Promise<Spawned> {
	const place = `${words[0]} in container ${container.id.slice(0, 12)}`;
	try {
		const exec = await container.exec({
			Cmd: [...withinTime(words, timeoutMs)],
			AttachStdin: true,
			AttachStdout: true,
			AttachStderr: true,
			...(user === undefined ? {} : { User: user }),
		});
		const stream = await exec.start({ hijack: true, stdin: true });
		const ended = untilEnded(exec, stream, place, onLine);
		// Whoever started it may look at it much later.
		ended.catch(() => {});
		return {
			// It may end before it has read everything: its exit code tells more than a broken pipe.
			write: (text) => void (stream.writable && stream.write(text)),
			endInput: () => void stream.end(),
			ended,
		};
	} catch (error) {
		throw engineError(place, error);
	}
}

/** The engine cannot end a program that it started in a container, so another one has to. */
function withinTime(
	words: readonly string[],
	timeoutMs: number | null,
): readonly string[] {
	if (timeoutMs === null) return words;
	return ["timeout", "-k", "1", `${Math.ceil(timeoutMs) / 1000}`, ...words];
}

async function untilEnded(
	exec: Exec,
	stream: NodeJS.ReadWriteStream,
	place: string,
	onLine: ((line: string) => void) | undefined,
): Promise<Ended> {
	const out = collectText();
	const err = collectText();
	const lines = onLine === undefined ? null : splitLines(onLine);
	try {
		await demultiplex(exec, stream, {
			onOut(chunk) {
				out.take(chunk);
				lines?.(chunk);
			},
			onErr: err.take,
		});
		const code = await exitCode(exec, place);
		// What the engine says of a program that is not there comes as if the program had said it.
		const isEngines =
			(code === 126 || code === 127) && out.text().startsWith(NO_SUCH_PROGRAM);
		return isEngines
			? { code, out: "", err: out.text().trim() }
			: { code, out: out.text(), err: err.text() };
	} catch (error) {
		throw engineError(place, error);
	}
}

async function exitCode(exec: Exec, place: string): Promise<number> {
	const until = performance.now() + EXIT_CODE_WITHIN_MS;
	while (performance.now() < until) {
		const { Running, ExitCode } = await exec.inspect();
		if (!Running && ExitCode !== null) return ExitCode;
		await sleep(POLL_MS);
	}
	throw new LabError({
		code: "hangs",
		place,
		message: "its output has ended, and the engine does not say how it did",
		remedy: "Is the container paused? `docker ps` tells.",
	});
}

/** Cuts what comes into lines; a last one without an end is not handed on. */
function splitLines(onLine: (line: string) => void): (chunk: Buffer) => void {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	return (chunk) => {
		const lines = (rest + decoder.write(chunk)).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) onLine(line);
	};
}
