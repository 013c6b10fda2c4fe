/**
 * Replaces a file whole or not at all: the text goes into a new file beside it, which then takes its
 * name, so a reader sees all of the old text or all of the new one.
 *
 * The new file's name says which process writes it and cannot be foreseen, and the file is opened with
 * O_EXCL and O_NOFOLLOW: what another user has put there is not written into. A process that is killed
 * leaves its file behind, and the next one that replaces a file in that folder removes it.
 */
import { createHash, randomBytes } from "node:crypto";
import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	fsync,
	lstatSync,
	openSync,
	readdirSync,
	renameSync,
	rmSync,
	type Stats,
	unlinkSync,
	write,
	writeSync,
} from "node:fs";
import { readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { codeOf } from "./file-failure.ts";
import { mustBePlain } from "./plain-file.ts";
import { atProcessEnd } from "./process-end.ts";
import { bootId, pidNamespace, startOf } from "./this-machine.ts";

/** What a name leads to in the end. */
export interface Target {
	readonly path: string;
	/** `null` when nothing is there yet. */
	readonly before: Stats | null;
}

/** As many links as Linux follows (`MAXSYMLINKS`). */
const MOST_LINKS = 40;

/**
 * Follows the links of a name, also one that leads to what is not there yet.
 * @throws the error of the file system, ENOENT where the folder is not there
 */
export async function findTarget(file: string): Promise<Target> {
	let path = resolve(file);
	// The link of a pipe (/dev/stdout, /dev/fd/63) leads to no name: it is written into by its own.
	const there = await stat(path).catch(passing(null));
	if (there !== null && !there.isFile()) return { path, before: there };
	for (let links = 0; links <= MOST_LINKS; links++) {
		try {
			const real = await realpath(path);
			return { path: real, before: await stat(real) };
		} catch (error) {
			if (codeOf(error) !== "ENOENT") throw error;
		}
		// Not there, or a link to what is not there: the file is made where the link leads.
		path = join(await realpath(dirname(path)), basename(path));
		const next = await linkAt(path);
		if (next === null) return { path, before: null };
		path = resolve(dirname(path), next);
	}
	throw Object.assign(new Error("too many links"), { code: "ELOOP" });
}

async function linkAt(path: string): Promise<string | null> {
	try {
		return await readlink(path);
	} catch (error) {
		if (["ENOENT", "EINVAL"].includes(codeOf(error) ?? "")) return null;
		throw error;
	}
}

/**
 * For a file that a user names: links were followed (`findTarget`), mode and owner stay as they were,
 * and the text is on the disk before it takes the name. A signal leaves nothing beside it.
 * @param text may come in pieces
 * @throws the system's error; what was there stays as it was
 */
export async function replaceFile(
	{ path, before }: Target,
	text: string | Uint8Array | Iterable<string>,
): Promise<void> {
	// What only the owner may read is for nobody else while it is written, either.
	const beside = openBeside(path, (before?.mode ?? 0o666) & 0o777);
	const stopListening = atProcessEnd(() =>
		rmSync(beside.path, { force: true }),
	);
	try {
		try {
			for (const piece of piecesOf(text)) await writeAll(beside, piece);
			if (before !== null) keepOwnerAndMode(beside, before);
			await onDisk(beside);
		} finally {
			closeSync(beside.descriptor);
		}
		renameSync(beside.path, path);
	} catch (error) {
		rmSync(beside.path, { force: true });
		throw error;
	} finally {
		stopListening();
	}
}

/**
 * For a file that a program keeps for others to read while it runs, in a folder where they may have put
 * something in its place: a link there is replaced, not followed. It need not outlive a crash of the
 * machine, so nothing waits for the disk.
 * @param mode of the new file, whatever the umask is
 * @returns what tells the new file from others
 * @throws NotPlainError where something else than a file is, the system's error else; what was there
 * stays as it was
 */
export function replaceFileSync(
	file: string,
	text: string,
	mode: number,
): Stats {
	const there = lstatSync(file, { throwIfNoEntry: false });
	// A device's name is not ours to take, nor a named pipe's.
	if (there !== undefined && !there.isSymbolicLink()) mustBePlain(there);
	const beside = openBeside(file, mode);
	let stats: Stats;
	try {
		try {
			let rest = Buffer.from(text);
			while (rest.length > 0)
				rest = rest.subarray(writeSync(beside.descriptor, rest));
			fchmodSync(beside.descriptor, mode);
			stats = fstatSync(beside.descriptor);
		} finally {
			closeSync(beside.descriptor);
		}
		renameSync(beside.path, file);
		return stats;
	} catch (error) {
		rmSync(beside.path, { force: true });
		throw error;
	}
}

interface Beside {
	readonly path: string;
	readonly descriptor: number;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

function openBeside(file: string, mode: number): Beside {
	const folder = dirname(file);
	sweep(folder);
	const path = join(folder, `${prefix()}${randomBytes(9).toString("hex")}`);
	const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	return { path, descriptor: openSync(path, flags, mode) };
}

function piecesOf(
	text: string | Uint8Array | Iterable<string>,
): Iterable<string | Uint8Array> {
	return typeof text === "string" || text instanceof Uint8Array ? [text] : text;
}

const writeSome = promisify(write);

async function writeAll(
	{ descriptor }: Beside,
	piece: string | Uint8Array,
): Promise<void> {
	let rest = typeof piece === "string" ? Buffer.from(piece) : piece;
	while (rest.length > 0) {
		const { bytesWritten } = await writeSome(descriptor, rest);
		rest = rest.subarray(bytesWritten);
	}
}

/** The owner first, since a change of it takes the set-user-ID bit away (`chown(2)`). */
function keepOwnerAndMode({ descriptor }: Beside, before: Stats): void {
	const { uid, gid } = fstatSync(descriptor);
	try {
		if (process.getuid?.() === 0)
			fchownSync(descriptor, before.uid, before.gid);
		else if (gid !== before.gid) fchownSync(descriptor, uid, before.gid);
	} catch (error) {
		// A group that we are not in: the file has ours from now on, as with any editor.
		if (codeOf(error) !== "EPERM") throw error;
	}
	fchmodSync(descriptor, before.mode & 0o7777);
}

const syncToDisk = promisify(fsync);

/** Else a crash of the machine could leave the new name with nothing in it. */
async function onDisk({ descriptor }: Beside): Promise<void> {
	try {
		await syncToDisk(descriptor);
	} catch (error) {
		// File systems that know no such thing: `fsync(2)`, EINVAL; FUSE has the others.
		if (!["EINVAL", "ENOSYS", "ENOTSUP"].includes(codeOf(error) ?? ""))
			throw error;
	}
}

/** A file of another machine, or of another namespace's process, is one of a killed run after that time. */
const OLD_MS = 24 * 3_600_000;

let ours: string | null = null;

/**
 * `.marktwin-MACHINE-PID-START-`: whose file it is, so that a later process knows whether that one is
 * gone. Made once: it must not change when descriptors run out.
 */
function prefix(): string {
	ours ??= `.marktwin-${machine()}-${process.pid}-${startOf(process.pid) ?? "0"}-`;
	return ours;
}

/** The machine since it was started, and the namespace within which a process's number means something. */
function machine(): string {
	let boot = "";
	try {
		boot = bootId();
	} catch (error) {
		// Without /proc there is no such file; the names are those of one machine then.
		if (codeOf(error) === null) throw error;
	}
	const parts = [boot, pidNamespace()].join();
	return createHash("sha256").update(parts).digest("hex").slice(0, 8);
}

const swept = new Set<string>();

/** Removes what killed processes have left in the folder, once for each folder; one that runs keeps its file. */
function sweep(folder: string): void {
	if (swept.has(folder)) return;
	swept.add(folder);
	for (const name of namesIn(folder)) {
		const found = /^\.marktwin-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{18}$/.exec(
			name,
		);
		if (found === null) continue;
		const [, where, pid = "", start] = found;
		const file = join(folder, name);
		const isGone =
			where === machine() ? startOf(Number(pid)) !== start : isOld(file);
		if (isGone) removeLeft(file);
	}
}

/** A folder that may be written to and not be read keeps what is in it. */
function namesIn(folder: string): readonly string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		return passing([])(error);
	}
}

function isOld(file: string): boolean {
	try {
		return Date.now() - lstatSync(file).mtimeMs > OLD_MS;
	} catch (error) {
		return passing(false)(error);
	}
}

function removeLeft(file: string): void {
	try {
		unlinkSync(file);
	} catch (error) {
		// Another process has just removed it, it is another user's, or it is none of these files.
		passing(undefined)(error);
	}
}

/** Goes on with `instead` where the file system refuses: sweeping is for tidiness, and no work depends on it. */
function passing<Value>(instead: Value): (error: unknown) => Value {
	return (error) => {
		if (codeOf(error) === null) throw error;
		return instead;
	};
}
