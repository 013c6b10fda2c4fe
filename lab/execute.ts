/** Runs the host's programs. */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { LabError } from "./lab-error.ts";

export interface Finished {
	/** 128 + the signal's number when one ended it. */
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

export interface ExecuteOptions {
	readonly cwd?: string;
	/** Besides the environment that we have. */
	readonly env?: Readonly<Record<string, string>>;
	readonly input?: string | Uint8Array;
}

/** How many lines of a failing tool are shown. */
const LAST_LINES = 20;

/**
 * Waits for a program to end, whatever its exit code.
 * @throws LabError (`missing`) when there is no such program
 */
export async function execute(
	program: string,
	words: readonly string[],
	options: ExecuteOptions = {},
): Promise<Finished> {
	const bytes = await executeBytes(program, words, options);
	return { ...bytes, out: bytes.out.toString("utf8") };
}

/** The same for a program whose output is no text. */
export function executeBytes(
	program: string,
	words: readonly string[],
	{ cwd, env = {}, input = "" }: ExecuteOptions = {},
): Promise<{
	readonly code: number;
	readonly out: Buffer;
	readonly err: string;
}> {
	return new Promise((resolve, reject) => {
		const child = spawn(program, words, {
			...(cwd === undefined ? {} : { cwd }),
			env: { ...process.env, LC_ALL: "C.UTF-8", ...env },
			stdio: ["pipe", "pipe", "pipe"],
		});
		const out: Buffer[] = [];
		const err: Buffer[] = [];
		child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
		child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
		// A program that does not read to the end is no fault of ours.
		child.stdin.on("error", () => {});
		child.stdin.end(input);
		child.on("error", () => reject(missingProgram(program)));
		child.on("close", (code) =>
			resolve({
				code: code ?? 137,
				out: Buffer.concat(out),
				err: Buffer.concat(err).toString("utf8"),
			}),
		);
	});
}

/**
 * Runs a program that has to succeed.
 * @param what it is to do, for the message: `unpacking iptables`
 * @throws LabError (`build`) with the last lines of what it said
 */
export async function mustExecute(
	what: string,
	program: string,
	words: readonly string[],
	options: ExecuteOptions = {},
): Promise<string> {
	const { code, out, err } = await execute(program, words, options);
	if (code === 0) return out;
	const missing = missingPrograms(`${out}\n${err}`);
	throw new LabError({
		code: "build",
		place: what,
		message:
			missing.length === 0
				? `${program} ended with ${code}`
				: `${program} ended with ${code}, since ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not installed`,
		remedy: remedyForPrograms(missing),
		console: lastLines(`${out}\n${err}`, LAST_LINES),
	});
}

/** Debian's packages of programs that have another name; most packages are called like their program. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
	["pahole", "dwarves"],
	["cc", "gcc"],
	["ld", "binutils"],
	["as", "binutils"],
	["ar", "binutils"],
	["nm", "binutils"],
	["objcopy", "binutils"],
	["objdump", "binutils"],
	["strip", "binutils"],
	["readelf", "binutils"],
	["awk", "mawk"],
	["depmod", "kmod"],
	["xz", "xz-utils"],
]);

/** What a shell or make says of a program that is not there. */
const NOT_FOUND = [
	/^(?:\/bin\/)?(?:sh|bash): (?:line )?\d+: (\S+): (?:command )?not found$/gm,
	/^make(?:\[\d+\])?: (\S+): (?:No such file or directory|not found)$/gim,
	/^env: ['‘]?([^\s'’]+)['’]?: No such file or directory$/gm,
];

/** Programs that some tool did not find, each once. */
export function missingPrograms(said: string): readonly string[] {
	const found = NOT_FOUND.flatMap((pattern) =>
		Array.from(said.matchAll(pattern), ([, name = ""]) => basename(name)),
	);
	return [...new Set(found)];
}

function remedyForPrograms(programs: readonly string[]): string {
	if (programs.length === 0) return "";
	const packages = programs.map((name) => PACKAGES.get(name) ?? name);
	const sudo = process.getuid?.() === 0 ? "" : "sudo ";
	return `${sudo}apt-get install --no-install-recommends ${[...new Set(packages)].join(" ")}`;
}

/** The last lines that are not empty. */
export function lastLines(text: string, count: number): readonly string[] {
	return text
		.split(/\r?\n|\r/)
		.map((line) => line.trimEnd())
		.filter((line) => line !== "")
		.slice(-count);
}

/** Where a program is, or `null`. Users who are not root often have no sbin in their path. */
export function findProgram(name: string): string | null {
	const folders = (process.env.PATH ?? "").split(delimiter);
	for (const folder of [...folders, "/usr/sbin", "/sbin"]) {
		if (folder === "") continue;
		const path = join(folder, name);
		try {
			accessSync(path, constants.X_OK);
			return path;
		} catch {
			// Not here: in another folder, perhaps.
		}
	}
	return null;
}

function missingProgram(program: string): LabError {
	return new LabError({
		code: "missing",
		place: program,
		message: "this program is not installed",
		remedy: "`marktwin lab doctor` says what is missing, and how to get it.",
	});
}
