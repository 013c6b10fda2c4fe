/**
 * A machine's sockets and console lie in a folder of its own, which says whose it is. Whoever comes
 * next finds what a harness left that was killed, and clears it away.
 */
import {
	lstatSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readPlainFile } from "../../../scenarios/files/plain-file.ts";
import {
	pidNamespace,
	startOf,
} from "../../../scenarios/files/this-machine.ts";
import { unusableFolder } from "../../usable-folder.ts";
import { inOption } from "./qemu-option.ts";

/** A process for as long as it lives: numbers are given again, starting times are not. */
interface ProcessRecord {
	readonly pid: number;
	/** Clock ticks between the machine's boot and the process's start. */
	readonly started: string;
	/** Numbers mean something within one namespace. */
	readonly namespace: string;
}

const OWNER = "owner";
const MACHINE = "qemu";
/** A folder has no owner for the blink of an eye after it was made. */
const UNOWNED_MS = 60_000;
/** A socket's path has at most 107 octets; its name in the folder needs some. */
const LONGEST_PATH = 90;
/** A record has some 80 octets; a command line may have 2 MiB (`execve(2)`). */
const RECORD_OCTETS = 4_096;
const COMMAND_LINE_OCTETS = 4 * 2 ** 20;
/** For the owner and nobody else, as `mkdtemp(3)` makes it. */
const PRIVATE = 0o700;

const prefix = () => `marktwin-vm-${process.getuid?.() ?? 0}-`;

/**
 * Makes a folder, owned by this process.
 * @throws LabError when there is no place for it
 */
export function createRunFolder(base: string = runBase()): string {
	let folder: string | null = null;
	try {
		folder = mkdtempSync(join(base, prefix()));
		writeFileSync(join(folder, OWNER), ownerRecord(process.pid));
		return folder;
	} catch (error) {
		if (folder !== null) removeRunFolder(folder);
		throw unusableFolder(base, TEMPORARY, error);
	}
}

/** Notes which process is the machine, so that it can be ended when we are gone. */
export function noteMachine(folder: string, pid: number): void {
	try {
		writeFileSync(join(folder, MACHINE), ownerRecord(pid));
	} catch (error) {
		throw unusableFolder(folder, TEMPORARY, error);
	}
}

export function removeRunFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * Ends machines whose harness is gone, and removes their folders. What another user has put there is
 * no folder of ours, whatever its name is: it is neither read nor removed.
 * @returns the folders that were removed
 * @throws LabError when it cannot be looked into
 */
export function sweepRunFolders(base: string = runBase()): readonly string[] {
	const removed: string[] = [];
	for (const name of namesIn(base)) {
		if (!name.startsWith(prefix())) continue;
		const folder = join(base, name);
		if (!isOurs(folder) || !isAbandoned(folder)) continue;
		const machine = readRecord(join(folder, MACHINE));
		if (machine !== null && isAlive(machine) && isFor(machine, folder))
			kill(machine.pid);
		removeRunFolder(folder);
		removed.push(folder);
	}
	return removed;
}

const TEMPORARY = "for the machine's sockets; TMPDIR names another one";

function namesIn(base: string): readonly string[] {
	try {
		return readdirSync(base);
	} catch (error) {
		throw unusableFolder(base, TEMPORARY, error);
	}
}

/** Where the folders are: a path that sockets can have. */
export function runBase(): string {
	const folder = resolve(tmpdir());
	return folder.length + prefix().length > LONGEST_PATH ? "/tmp" : folder;
}

/** Made by this user, and nobody else could have put anything in it. */
function isOurs(folder: string): boolean {
	try {
		const stats = lstatSync(folder);
		const { uid, mode } = stats;
		const isPrivate = (mode & 0o777) === PRIVATE;
		return stats.isDirectory() && isPrivate && uid === process.getuid?.();
	} catch {
		// Its owner has just removed it.
		return false;
	}
}

function isAbandoned(folder: string): boolean {
	const owner = readRecord(join(folder, OWNER));
	if (owner !== null)
		return owner.namespace === pidNamespace() && !isAlive(owner);
	try {
		return Date.now() - lstatSync(folder).mtimeMs > UNOWNED_MS;
	} catch {
		// Its owner has just removed it.
		return false;
	}
}

/** A machine's command line names its sockets; a process that has only got its number is left alone. */
function isFor({ pid }: ProcessRecord, folder: string): boolean {
	try {
		const file = `/proc/${pid}/cmdline`;
		const words = readPlainFile(file, { mostOctets: COMMAND_LINE_OCTETS });
		return words.includes(inOption(`${folder}/`));
	} catch {
		// It has ended, or says more than a machine does.
		return false;
	}
}

/** A process, so that it can be told from a later one of the same number. */
export function ownerRecord(pid: number): string {
	const record: ProcessRecord = {
		pid,
		started: startOf(pid) ?? "",
		namespace: pidNamespace(),
	};
	return JSON.stringify(record);
}

/** @param record of `ownerRecord`; one of another namespace's processes may be alive, and so may what is no record */
export function isOwnerGone(record: string): boolean {
	const owner = parseRecord(record);
	return (
		owner !== null && owner.namespace === pidNamespace() && !isAlive(owner)
	);
}

function readRecord(file: string): ProcessRecord | null {
	try {
		return parseRecord(
			readPlainFile(file, { mostOctets: RECORD_OCTETS, isOurs: true }),
		);
	} catch {
		// Not there, or none of ours.
		return null;
	}
}

/** @returns `null` for what `ownerRecord` has not written, or not to its end when its writer was killed */
function parseRecord(text: string): ProcessRecord | null {
	let given: unknown;
	try {
		given = JSON.parse(text);
	} catch {
		return null;
	}
	const {
		pid,
		started,
		namespace: within,
	} = Object(given) as {
		readonly [key in keyof ProcessRecord]?: unknown;
	};
	// 0 and numbers below it are groups of processes to kill(2).
	const isProcess = typeof pid === "number" && Number.isInteger(pid) && pid > 0;
	return isProcess && typeof started === "string" && typeof within === "string"
		? { pid, started, namespace: within }
		: null;
}

function isAlive({ pid, started }: ProcessRecord): boolean {
	return startOf(pid) === started;
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It ended by itself meanwhile.
	}
}
