/**
 * Regular files, opened so that nothing that lies in their place hangs us (a named pipe, a device) or
 * fills the memory. `replace-file.ts` replaces them.
 */
import {
	closeSync,
	constants,
	fstatSync,
	lstatSync,
	openSync,
	readSync,
	type Stats,
} from "node:fs";

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const CHUNK_OCTETS = 64 * 1024;

/** What is in the place of a file is none: what it is, is the message. */
class NotPlainError extends Error {
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
 * Opens a regular file that is there already for writing, without making one, without waiting and
 * without following a link in its place.
 * @returns a descriptor, for the caller to close
 * @throws NotPlainError for anything else; the system's error else
 */
export function openPlainForWriting(file: string): number {
	mustBePlain(lstatSync(file));
	const flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	const descriptor = openSync(file, flags);
	try {
		mustBePlain(fstatSync(descriptor));
		return descriptor;
	} catch (error) {
		closeSync(descriptor);
		throw error;
	}
}

/** @throws NotPlainError for anything but a regular file */
export function mustBePlain(stats: Stats): void {
	if (stats.isFile()) return;
	throw new NotPlainError(
		stats.isDirectory()
			? "it is a folder"
			: stats.isFIFO()
				? "it is a named pipe, not a file"
				: stats.isSymbolicLink()
					? "it is a link, not a file"
					: "it is a device, not a file",
	);
}
