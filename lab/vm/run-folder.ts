/**
 * A machine's sockets and console lie in a folder of its own, which says whose it is. Whoever comes
 * next finds what a harness left that was killed, and clears it away.
 */
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

const prefix = () => `marktwin-vm-${process.getuid?.() ?? 0}-`;

/** Makes a folder, owned by this process. */
export function createRunFolder(base: string = runBase()): string {
	const folder = mkdtempSync(join(base, prefix()));
	writeFileSync(join(folder, OWNER), ownerRecord(process.pid));
	return folder;
}

/** Notes which process is the machine, so that it can be ended when we are gone. */
export function noteMachine(folder: string, pid: number): void {
	writeFileSync(join(folder, MACHINE), ownerRecord(pid));
}

export function removeRunFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * Ends machines whose harness is gone, and removes their folders.
 * @returns the folders that were removed
 */
export function sweepRunFolders(base: string = runBase()): readonly string[] {
	const removed: string[] = [];
	for (const name of readdirSync(base)) {
		if (!name.startsWith(prefix())) continue;
		const folder = join(base, name);
		if (!isAbandoned(folder)) continue;
		const machine = readRecord(join(folder, MACHINE));
		if (machine !== null && isAlive(machine)) kill(machine.pid);
		removeRunFolder(folder);
		removed.push(folder);
	}
	return removed;
}

/** Where the folders are: a path that sockets can have. */
export function runBase(): string {
	const folder = tmpdir();
	return folder.length + prefix().length > LONGEST_PATH ? "/tmp" : folder;
}

function isAbandoned(folder: string): boolean {
	const owner = readRecord(join(folder, OWNER));
	if (owner !== null) return owner.namespace === namespace() && !isAlive(owner);
	try {
		return Date.now() - statSync(folder).mtimeMs > UNOWNED_MS;
	} catch {
		// Somebody else has just removed it.
		return false;
	}
}

/** A process, so that it can be told from a later one of the same number. */
export function ownerRecord(pid: number): string {
	const record: ProcessRecord = {
		pid,
		started: startOf(pid) ?? "",
		namespace: namespace(),
	};
	return JSON.stringify(record);
}

/** @param record of `ownerRecord`; one of another namespace's processes may be alive */
export function isOwnerGone(record: string): boolean {
	const owner = JSON.parse(record) as ProcessRecord;
	return owner.namespace === namespace() && !isAlive(owner);
}

function readRecord(file: string): ProcessRecord | null {
	try {
		return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
	} catch {
		// Not there, or half written when its writer was killed.
		return null;
	}
}

function isAlive({ pid, started }: ProcessRecord): boolean {
	return startOf(pid) === started;
}

/** Field 22 of `/proc/PID/stat`; the second one, the name, may have spaces and parentheses in it. */
function startOf(pid: number): string | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" ? null : (fields[19] ?? null);
	} catch {
		// No such process.
		return null;
	}
}

function namespace(): string {
	try {
		return readlinkSync("/proc/self/ns/pid");
	} catch {
		// No /proc: then no numbers of others either.
		return "";
	}
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It ended by itself meanwhile.
	}
}
