/** A file that is replaced by another one, so that a reader sees all of it or nothing. */
import { createHash, randomBytes } from "node:crypto";
import { rmSync, type Stats } from "node:fs";
import {
	chmod,
	chown,
	lstat,
	readdir,
	readFile,
	readlink,
	realpath,
	rename,
	rm,
	stat,
	unlink,
	writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf } from "../../scenarios/files/file-failure.ts";

/** What a name leads to in the end. */
export interface Target {
	readonly path: string;
	/** `null` when nothing is there yet. */
	readonly before: Stats | null;
}

/** As many links as Linux follows (`MAXSYMLINKS`). */
const MOST_LINKS = 40;

/** @throws the error of the file system, ENOENT where the folder is not there */
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

/** Writes it into a new file beside it, which then takes its name. */
export async function replaceWhole(
	{ path, before }: Target,
	text: string | Uint8Array | Iterable<string>,
): Promise<void> {
	const folder = dirname(path);
	await sweep(folder);
	const beside = join(
		folder,
		`${await prefix()}${randomBytes(9).toString("hex")}`,
	);
	const stopListening = removeWhenStopped(beside);
	try {
		// "wx" is O_EXCL: what somebody else has laid there is not written into.
		// What nobody but the owner may read is not for others while it is written, either.
		await writeFile(beside, text, { mode: before?.mode ?? 0o666, flag: "wx" });
		if (before) await chmod(beside, before.mode & 0o7777);
		if (before && process.getuid?.() === 0)
			await chown(beside, before.uid, before.gid);
		await rename(beside, path);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	} finally {
		stopListening();
	}
}

const BEGINNING = ".marktwin-";
/** A file of another machine, or of another namespace's process, is one of a killed run after that time. */
const OLD_MS = 24 * 3_600_000;

/** `.marktwin-MACHINE-PID-START-`: whose file it is, so that a later run knows whether that one is gone. */
async function prefix(): Promise<string> {
	return `${BEGINNING}${await machine()}-${process.pid}-${(await startOf(process.pid)) ?? 0}-`;
}

/** Removes what killed runs have left in the folder; a run that goes on keeps its file. */
async function sweep(folder: string): Promise<void> {
	// A folder that may be written to and not be read keeps what is in it.
	const names = await readdir(folder).catch(passing<string[]>([]));
	const left = names.flatMap((name) => {
		const found = /^\.marktwin-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{18}$/.exec(
			name,
		);
		return found === null ? [] : [{ name, found }];
	});
	for (const { name, found } of left) {
		const [, where, pid = "", start] = found;
		const file = join(folder, name);
		// Another run has just removed it, or it is another user's, who removes it himself.
		const isGone =
			where === (await machine())
				? String((await startOf(Number(pid))) ?? -1) !== start
				: await lstat(file).then(
						({ mtimeMs }) => Date.now() - mtimeMs > OLD_MS,
						passing(false),
					);
		if (isGone) await unlink(file).catch(passing(undefined));
	}
}

/** Goes on with `instead` where the file system refuses: sweeping is for tidiness, and no work depends on it. */
function passing<Value>(instead: Value): (error: unknown) => Value {
	return (error) => {
		if (codeOf(error) === null) throw error;
		return instead;
	};
}

/** The machine since it was started, and the namespace within which a process's number means something. */
async function machine(): Promise<string> {
	const parts = await Promise.all([
		readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
		readlink("/proc/self/ns/pid").catch(() => ""),
	]);
	return createHash("sha256").update(parts.join()).digest("hex").slice(0, 8);
}

/**
 * Ticks from the machine's boot to the process's start (field 22 of /proc/PID/stat): a number that is
 * given again has another one. 0 where a process runs and has no such file; `null` where none runs.
 */
async function startOf(pid: number): Promise<number | null> {
	try {
		const text = await readFile(`/proc/${pid}/stat`, "latin1");
		const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" ? null : Number(fields[19] ?? 0);
	} catch {
		try {
			process.kill(pid, 0);
			return 0;
		} catch (error) {
			return codeOf(error) === "ESRCH" ? null : 0;
		}
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
