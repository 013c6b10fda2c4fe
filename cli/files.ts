/** Files that the command reads and writes. `-` is standard input, or standard output. */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError } from "./input-error.ts";

export const STANDARD = "-";

export interface Text {
	/** For messages: the file as it was named, or `<stdin>`. */
	readonly name: string;
	readonly text: string;
}

/**
 * Reads a text whole.
 * @throws InputError when it cannot be read, or is no text
 */
export async function readText(file: string): Promise<Text> {
	const name = file === STANDARD ? "<stdin>" : file;
	return { name, text: decode(await readBytes(file), name) };
}

async function readBytes(file: string): Promise<Buffer> {
	if (file === STANDARD) {
		const chunks: Buffer[] = [];
		for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
		return Buffer.concat(chunks);
	}
	try {
		return await readFile(file);
	} catch (error) {
		throw new InputError(
			`cannot read ${file}: ${reasonOf(error)}`,
			codeOf(error) === "EISDIR" ? "Name a file in it." : "",
		);
	}
}

function decode(bytes: Buffer, name: string): string {
	try {
		// Without the byte order mark, if there is one.
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		throw new InputError(
			`${name} is not UTF-8 text`,
			`If it is text in another encoding: iconv -f latin1 -t utf-8 ${name}`,
		);
	}
}

/**
 * Writes a file whole or not at all: into another one beside it, which then takes its name.
 * @throws InputError when that cannot be done
 */
export async function writeWhole(file: string, text: string): Promise<void> {
	const beside = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
	try {
		const mode = await modeOf(file);
		await writeFile(beside, text, { mode, flag: "wx" });
		await rename(beside, file);
	} catch (error) {
		await rm(beside, { force: true });
		throw new InputError(
			`cannot write ${file}: ${reasonOf(error)}`,
			codeOf(error) === "ENOENT"
				? `Make the folder first: mkdir -p ${dirname(file)}`
				: "",
		);
	}
}

/** A file that is replaced keeps its permissions. */
async function modeOf(file: string): Promise<number> {
	try {
		const there = await stat(file);
		if (there.isDirectory()) throw new InputError(`${file} is a folder`);
		return there.mode & 0o777;
	} catch (error) {
		if (codeOf(error) === "ENOENT") return 0o666;
		throw error;
	}
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "no such file or folder",
	EISDIR: "it is a folder",
	ENOTDIR: "a part of its path is not a folder",
	EACCES: "permission denied",
	EPERM: "operation not permitted",
	EROFS: "the file system is read-only",
	ENOSPC: "no space left",
	ENAMETOOLONG: "its name is too long",
	ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

/** Why the machine refused, in words. */
function reasonOf(error: unknown): string {
	const code = codeOf(error);
	if (code && REASONS[code]) return REASONS[code];
	return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | null {
	return error instanceof Error && "code" in error ? String(error.code) : null;
}
