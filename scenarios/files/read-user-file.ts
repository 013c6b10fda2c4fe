/** Reads a file that a user names, or that a scenario names for him. */
import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { decodeOctets } from "../../sim/extension/values/octets.ts";
import { LONGEST_TEXT, readBounded, TooLongError } from "./bounded-read.ts";
import { reasonOf } from "./file-failure.ts";
import { rememberRead } from "./files-read.ts";

/** A file that is not read, why, and what to do about it ("" where the reader has to know). */
export class UnreadableFile extends Error {
	override readonly name = "UnreadableFile";
	readonly remedy: string;

	constructor(message: string, remedy: string) {
		super(message);
		this.remedy = remedy;
	}
}

/**
 * A text of a regular file. Devices, pipes and folders are refused without a read, which could wait
 * for ever, have no end, or have an effect.
 * @param below the file has to lie in this folder or below it, links followed
 * @throws UnreadableFile
 */
export async function readUserFile(
	path: string,
	below: string | null = null,
): Promise<string> {
	if (below !== null) await mustLieBelow(path, below);
	try {
		mustBeRegular(path, await stat(path));
		// It may have become another one since: a pipe without a writer is opened all the same.
		const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const there = await handle.stat();
			mustBeRegular(path, there);
			rememberRead(there);
			// What is below /proc has no size before it is read.
			const stream = handle.createReadStream({ autoClose: false });
			return decodeOctets(await readBounded(stream, LONGEST_TEXT));
		} finally {
			await handle.close();
		}
	} catch (error) {
		throw asUnreadable(path, error);
	}
}

async function mustLieBelow(path: string, folder: string): Promise<void> {
	// By name first: whether a file elsewhere exists is not said either.
	const isInside =
		isBelow(resolve(path), resolve(folder)) &&
		isBelow(await linksFollowed(path), await linksFollowed(folder));
	if (!isInside)
		throw new UnreadableFile(
			`${path} lies outside of the scenario's folder, ${folder}`,
			"A JSON scenario names rules in its own folder or below it. Play others with `--rules NAME=FILE`.",
		);
}

function isBelow(path: string, folder: string): boolean {
	const way = relative(folder, path);
	return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function linksFollowed(path: string): Promise<string> {
	try {
		return await realpath(path);
	} catch (error) {
		throw asUnreadable(path, error);
	}
}

interface Kind {
	/** Octets; 0 for a file that is made as it is read. */
	readonly size: number;
	isFile(): boolean;
	isDirectory(): boolean;
}

function mustBeRegular(path: string, kind: Kind): void {
	if (kind.isDirectory())
		throw new UnreadableFile(
			`cannot read ${path}: it is a folder`,
			"Name a file in it.",
		);
	if (!kind.isFile())
		throw new UnreadableFile(
			`cannot read ${path}: it is a device, a pipe or a socket`,
			"Name a regular file.",
		);
	if (kind.size > LONGEST_TEXT) throw new TooLongError(LONGEST_TEXT);
}

function asUnreadable(path: string, error: unknown): UnreadableFile {
	return error instanceof UnreadableFile
		? error
		: new UnreadableFile(`cannot read ${path}: ${reasonOf(error)}`, "");
}
