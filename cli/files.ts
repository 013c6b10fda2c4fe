/** Files that the command reads and writes. `-` is standard input, or standard output. */
import { createReadStream, rmSync, type Stats } from "node:fs";
import {
	access,
	chmod,
	chown,
	constants,
	realpath,
	rename,
	rm,
	stat,
	writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
	LONGEST_TEXT,
	readBounded,
	TooLongError,
} from "../scenarios/run/bounded-read.ts";
import { codeOf, reasonOf } from "../scenarios/run/file-failure.ts";
import { InputError } from "./input-error.ts";
import { out } from "./screen.ts";

export const STANDARD = "-";

export interface Text {
	/** For messages: the file as it was named, or `<stdin>`. */
	readonly name: string;
	readonly text: string;
}

/**
 * Reads a text whole.
 * @param mostOctets a longer one is refused; results of a run are longer than rulesets
 * @throws InputError when it cannot be read, is longer, or is no text
 */
export async function readText(
	file: string,
	mostOctets = LONGEST_TEXT,
): Promise<Text> {
	const name = file === STANDARD ? "<stdin>" : file;
	return { name, text: decode(await readBytes(file, name, mostOctets), name) };
}

async function readBytes(
	file: string,
	name: string,
	mostOctets: number,
): Promise<Buffer> {
	try {
		return await readBounded(
			file === STANDARD ? process.stdin : createReadStream(file),
			mostOctets,
		);
	} catch (error) {
		throw new InputError(
			`cannot read ${name}: ${reasonOf(error)}`,
			codeOf(error) === "EISDIR"
				? "Name a file in it."
				: error instanceof TooLongError
					? "Is it the file that was meant? A ruleset of a million rules has some 50 MiB."
					: "",
		);
	}
}

function decode(bytes: Buffer, name: string): string {
	try {
		// With the byte order mark, if there is one: iptables-restore stumbles over it.
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
			bytes,
		);
	} catch (error) {
		if (codeOf(error) === "ERR_STRING_TOO_LONG")
			throw new InputError(
				`${name} is longer than a text may be: ${bytes.length.toLocaleString("en")} bytes`,
				"Play it in parts (--shard), or take fewer connections.",
			);
		const isUtf16 = ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
		throw new InputError(
			`${name} is not UTF-8 text`,
			isUtf16
				? `It is UTF-16: iconv -f utf-16 -t utf-8 ${name}`
				: `If it is text in another encoding: iconv -f latin1 -t utf-8 ${name}`,
		);
	}
}

/**
 * Writes a file whole or not at all: into another one beside it, which then takes its name. What is
 * no file (/dev/null, a named pipe) is written into and stays what it is; a link leads to its file.
 * @throws InputError when that cannot be done
 */
export async function writeWhole(
	file: string,
	text: string | Iterable<string>,
): Promise<void> {
	try {
		const there = await whatIsThere(file);
		if (there && !there.isFile()) await writeFile(file, text);
		else await replace(there?.path ?? file, there, text);
	} catch (error) {
		throw cannotWrite(file, error);
	}
}

/**
 * Says before the work what would go wrong after it.
 * @throws InputError when the file could not be written now
 */
export async function mustBeWritable(file: string): Promise<void> {
	if (file === STANDARD) return;
	try {
		const there = await whatIsThere(file);
		if (there?.isDirectory())
			throw new InputError(`cannot write ${file}: it is a folder`);
		// A file is replaced, so it is its folder that counts; what is no file is written into.
		const isWrittenInto = there !== null && !there.isFile();
		const path = there?.path ?? file;
		await access(isWrittenInto ? path : dirname(path), constants.W_OK);
	} catch (error) {
		throw error instanceof InputError ? error : cannotWrite(file, error);
	}
}

/** The same for all names of a file, whether it is there yet or not. */
export async function wholePath(file: string): Promise<string> {
	for (const [folder, rest] of [
		[file, ""],
		[dirname(file), basename(file)],
	] as const)
		try {
			return join(await realpath(folder), rest);
		} catch (error) {
			if (codeOf(error) !== "ENOENT") throw cannotWrite(file, error);
		}
	return resolve(file);
}

function cannotWrite(file: string, error: unknown): InputError {
	return new InputError(
		`cannot write ${file}: ${reasonOf(error)}`,
		codeOf(error) === "ENOENT"
			? `Make the folder first: mkdir -p ${dirname(file)}`
			: "",
	);
}

async function replace(
	file: string,
	before: Stats | null,
	text: string | Iterable<string>,
): Promise<void> {
	const beside = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
	const stopListening = removeWhenStopped(beside);
	try {
		// What nobody but the owner may read is not for others while it is written, either.
		await writeFile(beside, text, { mode: before?.mode ?? 0o666, flag: "wx" });
		if (before) await chmod(beside, before.mode & 0o7777);
		if (before && process.getuid?.() === 0)
			await chown(beside, before.uid, before.gid);
		await rename(beside, file);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	} finally {
		stopListening();
	}
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Whoever stops the command finds no half of a file beside the other one.
 * @returns a function that ends it
 */
function removeWhenStopped(file: string): () => void {
	const stop = (signal: NodeJS.Signals) => {
		rmSync(file, { force: true });
		stopListening();
		// Whoever started us is to see that it was the signal that ended us.
		if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
	};
	const stopListening = () => {
		for (const signal of SIGNALS) process.off(signal, stop);
	};
	for (const signal of SIGNALS) process.on(signal, stop);
	return stopListening;
}

/** What the name leads to in the end; `null` when nothing is there yet. */
async function whatIsThere(
	file: string,
): Promise<(Stats & { readonly path: string }) | null> {
	try {
		const path = await realpath(file);
		return Object.assign(await stat(path), { path });
	} catch (error) {
		if (codeOf(error) === "ENOENT") return null;
		throw error;
	}
}

/** Writes a text that may come in pieces, whole or not at all; "-" is standard output. */
export async function writeText(
	file: string,
	text: string | Iterable<string>,
): Promise<void> {
	if (file !== STANDARD) await writeWhole(file, text);
	else
		for (const piece of typeof text === "string" ? [text] : text)
			out.data(piece);
}
