/** Files that the command reads and writes. `-` is standard input, or standard output. */
import { access, constants, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
	LONGEST_TEXT,
	readBounded,
	TooLongError,
} from "../../scenarios/files/bounded-read.ts";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { rememberRead, wasRead } from "../../scenarios/files/files-read.ts";
import { makeFolders } from "../../scenarios/files/make-folders.ts";
import {
	findTarget,
	replaceFile,
	type Target,
} from "../../scenarios/files/replace-file.ts";
import { shellLine } from "../../scenarios/result/invocation.ts";
import {
	decodeOctets,
	encodeOctets,
} from "../../sim/extension/values/octets.ts";
import { InputError } from "../screen/input-error.ts";
import { out } from "../screen/screen.ts";
import { mustHaveReader, readingFrom, writeInto } from "./named-pipe.ts";

export const STANDARD = "-";
/** What a folder has that holds a capture; not imported, since each command begins with this file. */
const CAPTURE_INDEX = "capture.json";
/** As places in it are named. */
export const STANDARD_NAME = "<stdin>";

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
	const name = file === STANDARD ? STANDARD_NAME : file;
	return { name, text: decode(await readBytes(file, name, mostOctets), name) };
}

/**
 * Reads rules whole, whatever octets are in them: those of no character stand for themselves
 * (`sim/extension/values/octets.ts`), and come out again as they were.
 * @param file a folder that `marktwin capture --into` wrote has rules as well
 * @throws InputError when the file cannot be read, or is no text
 * @throws ScenarioError when it is a folder with a capture that is not whole
 */
export async function readRules(file: string): Promise<Text> {
	if (file !== STANDARD && (await isCaptureFolder(file))) {
		const { readCapture } = await import(
			"../../scenarios/analysis/capture/read-capture.ts"
		);
		return (await readCapture(file)).rules;
	}
	const name = file === STANDARD ? STANDARD_NAME : file;
	const bytes = await readBytes(file, name, LONGEST_TEXT);
	const wrong = whyNoRules(bytes, name);
	if (wrong !== null) throw wrong;
	return { name, text: decodeOctets(bytes) };
}

async function isCaptureFolder(path: string): Promise<boolean> {
	try {
		await access(join(path, CAPTURE_INDEX), constants.F_OK);
		return true;
	} catch {
		// What else may be wrong with the path is told by reading it.
		return false;
	}
}

/** How files begin that are no text, and what makes one of them. */
const BINARY: readonly (readonly [
	start: string,
	what: string,
	command: string,
])[] = [
	["1f8b", "compressed (gzip)", "zcat"],
	["fd377a585a00", "compressed (xz)", "xzcat"],
	["28b52ffd", "compressed (zstd)", "zstdcat"],
	["425a68", "compressed (bzip2)", "bzcat"],
	["fffe", "UTF-16 text", "iconv -f utf-16 -t utf-8"],
	["feff", "UTF-16 text", "iconv -f utf-16 -t utf-8"],
];

/** Octets at the beginning that are looked at. */
const LOOKED_AT = 4096;
/** One control character among so many is one too many. */
const SELDOM = 20;

function whyNoRules(bytes: Buffer, name: string): InputError | null {
	const start = bytes.toString("hex", 0, 8);
	for (const [sign, what, command] of BINARY)
		if (start.startsWith(sign))
			return new InputError(
				`${name} is ${what}, and no ruleset`,
				`Read it with: ${name === STANDARD_NAME ? command : `${command} ${operand(name)}`}`,
			);
	const looked = bytes.subarray(0, LOOKED_AT);
	// Tabs and the ends of lines are none; iptables takes the others too, but hardly anybody writes them.
	const controls = looked.filter(
		(octet) => octet === 0x7f || (octet < 0x20 && (octet < 9 || octet > 13)),
	).length;
	return start.startsWith("7f454c46") || controls * SELDOM > looked.length
		? new InputError(`${name} is no text, and no ruleset`, "")
		: null;
}

async function readBytes(
	file: string,
	name: string,
	mostOctets: number,
): Promise<Buffer> {
	try {
		if (file === STANDARD) return await readBounded(process.stdin, mostOctets);
		const octets = await readBounded(readingFrom(file), mostOctets);
		rememberRead(await stat(file));
		return octets;
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
 * no file (/dev/null, a named pipe) is written into and stays what it is; a link leads to its file,
 * also to one that is not there yet.
 * @param how.over a file that the command has read is written over when this is `"what was read"`
 * @throws InputError when that cannot be done
 */
export async function writeWhole(
	file: string,
	text: string | Iterable<string>,
	how: { readonly over?: "what was read" } = {},
): Promise<void> {
	try {
		const target = await findTarget(file);
		if (how.over === undefined) mustNotBeRead(file, target);
		const octets = typeof text === "string" ? encodeOctets(text) : text;
		if (isWrittenInto(target))
			await writeInto(target.path, target.before, octets);
		else await replaceFile(target, octets);
	} catch (error) {
		throw error instanceof InputError ? error : cannotWrite(file, error);
	}
}

/**
 * Adds a text at the end of a file, in one piece: others that do so at the same time lose nothing.
 * @throws InputError when that cannot be done
 */
export async function appendText(file: string, text: string): Promise<void> {
	try {
		const { path, before } = await findTarget(file);
		if (before?.isFIFO()) return await writeInto(path, before, text);
		const octets = Buffer.from(text);
		const handle = await open(file, "a");
		try {
			// O_APPEND finds the end and writes in one step, as long as it is one call.
			const { bytesWritten } = await handle.write(octets);
			if (bytesWritten < octets.length)
				await handle.appendFile(octets.subarray(bytesWritten));
		} finally {
			await handle.close();
		}
	} catch (error) {
		throw error instanceof InputError ? error : cannotWrite(file, error);
	}
}

/**
 * Says before the work what would go wrong after it.
 * @throws InputError when the file could not be written now
 */
export async function mustBeWritable(file: string): Promise<void> {
	if (file === STANDARD) return;
	try {
		const target = await findTarget(file);
		if (target.before?.isDirectory())
			throw new InputError(`cannot write ${file}: it is a folder`);
		// A file is replaced, so it is its folder that counts.
		const path = isWrittenInto(target) ? target.path : dirname(target.path);
		await access(path, constants.W_OK);
		await mustHaveReader(path, target.before);
	} catch (error) {
		throw error instanceof InputError ? error : cannotWrite(file, error);
	}
}

/** @throws InputError when the command has read it: what its user gave would be lost */
function mustNotBeRead(file: string, { before }: Target): void {
	if (before?.isFile() && wasRead(before))
		throw overwritten(`${file} is read, and is to be written over`);
}

/** An output would take the place of an input. */
export function overwritten(message: string): InputError {
	return new InputError(message, "Name another file for the output.");
}

function isWrittenInto({ before }: Target): boolean {
	return before !== null && !before.isFile();
}

/** The same for all names of a file, links among them, whether it is there yet or not. */
export async function identityOf(file: string): Promise<string> {
	try {
		const { path, before } = await findTarget(file);
		return before === null ? path : `${before.dev}:${before.ino}`;
	} catch (error) {
		throw cannotWrite(file, error);
	}
}

function cannotWrite(file: string, error: unknown): InputError {
	return new InputError(
		`cannot write ${file}: ${reasonOf(error)}`,
		codeOf(error) === "ENOENT"
			? `Make the folder first: mkdir -p ${operand(dirname(file))}`
			: "",
	);
}

/**
 * Makes a folder for outputs and those above it, where they are missing.
 * @throws InputError
 */
export function makeOutputFolder(folder: string): void {
	try {
		makeFolders(folder);
	} catch (error) {
		const name = folder === "" ? '""' : folder;
		const isFile = codeOf(error) === "EEXIST";
		throw new InputError(
			`cannot make the folder ${name}: ${isFile ? "a file stands there" : reasonOf(error)}`,
			"Name another folder.",
		);
	}
}

/** A path as a word of a command line that no program takes for an option; `-` stays what it is. */
export function operand(path: string): string {
	const isOption = path !== STANDARD && path.startsWith("-");
	return shellLine([isOption ? `./${path}` : path]);
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
