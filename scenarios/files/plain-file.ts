/**
 * Regular files, read and written so that nothing that lies in their place hangs us (a named pipe, a
 * device), fills the memory, or has us write somewhere else (a link that was planted).
 */
import { randomBytes } from "node:crypto";
import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	lstatSync,
	openSync,
	readSync,
	renameSync,
	rmSync,
	type Stats,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

const {
	O_CREAT,
	O_EXCL,
	O_NOCTTY,
	O_NOFOLLOW,
	O_NONBLOCK,
	O_RDONLY,
	O_WRONLY,
} = constants;
const CHUNK_OCTETS = 64 * 1024;

/** What is in the place of a file is none: what it is, is the message. */
export class NotPlainError extends Error {
	override readonly name = "NotPlainError";
}

export interface ReadOptions {
	/** A longer file is refused. */
	readonly mostOctets: number;
	/** Refuse a link in the place of the file, and a file of another user's. */
	readonly isOurs?: boolean;
}

/**
 * Reads a regular file whole, one below /proc too.
 * @throws NotPlainError for anything else and for one that is too long; the system's error else
 */
export function readPlainFile(file: string, options: ReadOptions): string {
	return readPlainOctets(file, options).toString("utf8");
}

/** The same for a file that is no text. */
export function readPlainOctets(
	file: string,
	{ mostOctets, isOurs = false }: ReadOptions,
): Buffer {
	const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	const descriptor = openSync(file, isOurs ? flags | O_NOFOLLOW : flags);
	try {
		const stats = fstatSync(descriptor);
		mustBePlain(stats);
		if (isOurs && stats.uid !== (process.getuid?.() ?? stats.uid))
			throw new NotPlainError("it belongs to another user");
		return readTo(descriptor, mostOctets);
	} finally {
		closeSync(descriptor);
	}
}

/** The size that is said beforehand is 0 below /proc, and may change: what counts is what comes. */
function readTo(descriptor: number, mostOctets: number): Buffer {
	const chunks: Buffer[] = [];
	const chunkOctets = Math.min(CHUNK_OCTETS, mostOctets + 1);
	for (let length = 0; ; ) {
		const chunk = Buffer.allocUnsafe(chunkOctets);
		const count = readSync(descriptor, chunk);
		if (count === 0) return Buffer.concat(chunks);
		chunks.push(chunk.subarray(0, count));
		length += count;
		if (length > mostOctets)
			throw new NotPlainError(`it is longer than ${mostOctets} octets`);
	}
}

/**
 * Opens a regular file that is there already for writing, without making one and without waiting.
 * @returns a descriptor, for the caller to close
 * @throws NotPlainError for anything else; the system's error else
 */
export function openPlainForWriting(file: string): number {
	const descriptor = openSync(file, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	try {
		mustBePlain(fstatSync(descriptor));
		return descriptor;
	} catch (error) {
		closeSync(descriptor);
		throw error;
	}
}

export interface ReplaceOptions {
	/** Of the new file, whatever the umask is. */
	readonly mode: number;
	/** Whose it is to be; else ours. */
	readonly owner?: Pick<Stats, "uid" | "gid">;
}

/**
 * Writes a file whole or not at all: one beside it, which then takes its name. The name of that one
 * cannot be foreseen, so nothing lies there before us; a link in the place of the file is replaced,
 * not followed.
 * @param text may come in pieces
 * @throws NotPlainError where something else than a file is, the system's error else; what was there
 * stays as it was
 */
export function replaceFile(
	file: string,
	text: string | Iterable<string>,
	{ mode, owner }: ReplaceOptions,
): void {
	const there = lstatSync(file, { throwIfNoEntry: false });
	// A device's name is not ours to take, nor a named pipe's.
	if (there !== undefined && !there.isSymbolicLink()) mustBePlain(there);
	const beside = join(
		dirname(file),
		`.marktwin-${randomBytes(8).toString("hex")}.tmp`,
	);
	const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	// For nobody else while it is written: modes and owners come when it is whole.
	const descriptor = openSync(beside, flags, 0o600);
	try {
		try {
			for (const piece of typeof text === "string" ? [text] : text)
				writeAll(descriptor, piece);
			if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
			fchmodSync(descriptor, mode);
		} finally {
			closeSync(descriptor);
		}
		renameSync(beside, file);
	} catch (error) {
		// It is ours alone, so it can be removed where it could be made.
		rmSync(beside, { force: true });
		throw error;
	}
}

function writeAll(descriptor: number, text: string): void {
	let rest = Buffer.from(text);
	while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}

function mustBePlain(stats: Stats): void {
	if (stats.isFile()) return;
	throw new NotPlainError(
		stats.isDirectory()
			? "it is a folder"
			: stats.isFIFO()
				? "it is a named pipe, not a file"
				: "it is a device, not a file",
	);
}
