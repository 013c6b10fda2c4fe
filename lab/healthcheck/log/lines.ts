/**
 * Lines to a descriptor that is never waited for: a terminal that was stopped (Ctrl-S), a pipe whose
 * reader is slow, a disk that is full. What cannot be written now is kept, up to a bound, and lines are
 * written whole or not at all.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { codeOf } from "../../../scenarios/files/file-failure.ts";

export interface LineWriter {
	/** @param line with its end */
	write(line: string): void;
	/** Waits a moment for what is still to be written; nothing is written after it. */
	close(): Promise<void>;
}

export interface LinesOptions {
	/** Is called when nobody will ever read it: a closed pipe, a terminal that is gone. */
	readonly unread: () => void;
	/** The line that stands where so many are missing. */
	readonly lost: (count: number) => string;
}

/** So much is kept of what cannot be written. */
const MOST_OCTETS = 1_000_000;
/** How often it is tried again. */
const RETRY_MS = 20;
/** So often at the end: for a second. */
const LAST_TRIES = 50;
/** No reader: of a pipe, of a terminal, of a named pipe when it is opened. */
const UNREAD: readonly unknown[] = ["EPIPE", "EIO", "ENXIO", "ECONNRESET"];

/** @param descriptor 1 is standard output; it stays open */
export function openLines(
	descriptor: number,
	{ unread, lost }: LinesOptions,
): LineWriter {
	const kept: Buffer[] = [];
	let octets = 0;
	let lostLines = 0;
	/** Nothing is written any more. */
	let isOver = false;
	let timer: NodeJS.Timeout | undefined;
	let own: number | null = null;

	function keep(line: string): void {
		const bytes = Buffer.from(line);
		kept.push(bytes);
		octets += bytes.length;
	}

	/** Lines that are lost are counted in one place: there has to be room for some before any is kept again. */
	function take(line: string): void {
		const room = MOST_OCTETS / (lostLines === 0 ? 1 : 2);
		if (octets > 0 && octets + Buffer.byteLength(line) > room) {
			lostLines++;
			return;
		}
		tellLost();
		keep(line);
	}

	function tellLost(): void {
		if (lostLines > 0) keep(lost(lostLines));
		lostLines = 0;
	}

	function flush(): void {
		clearTimeout(timer);
		try {
			while (kept.length > 0) writeFirst();
		} catch (error) {
			if (UNREAD.includes(codeOf(error))) giveUp();
			// Not now: nobody takes it away, or there is no room on the disk.
			else timer = setTimeout(flush, RETRY_MS).unref();
		}
	}

	function writeFirst(): void {
		own ??= withoutWaiting(descriptor);
		const first = kept[0] as Buffer;
		const count = writeSync(own, first);
		octets -= count;
		if (count < first.length) kept[0] = first.subarray(count);
		else kept.shift();
		if (kept.length === 0) tellLost();
	}

	function giveUp(): void {
		isOver = true;
		kept.length = 0;
		unread();
	}

	return {
		write(line) {
			if (isOver) return;
			take(line);
			flush();
		},
		async close() {
			for (let tries = 0; tries < LAST_TRIES && kept.length > 0; tries++) {
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
				flush();
			}
			isOver = true;
			clearTimeout(timer);
			if (own !== null && own !== descriptor) closeSync(own);
			own = null;
		},
	};
}

/**
 * The same file, terminal or pipe, opened anew: `O_NONBLOCK` belongs to what was opened, and others that
 * write there (a shell, its other programs) do not expect it.
 * @returns a descriptor that is not waited for
 */
function withoutWaiting(descriptor: number): number {
	const stats = fstatSync(descriptor);
	// A file makes nobody wait; opened anew it would be written from its beginning.
	if (stats.isFile()) return descriptor;
	const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
	if (!stats.isSocket())
		try {
			const flags = O_WRONLY | O_NONBLOCK | O_NOCTTY;
			return openSync(`/proc/self/fd/${descriptor}`, flags);
		} catch (error) {
			if (UNREAD.includes(codeOf(error))) throw error;
			// Another user's terminal (su), or no /proc: as it is, then.
		}
	// systemd's journal. libuv makes a socket that it is given one that is not waited for, and a pipe too.
	if (stats.isSocket() || stats.isFIFO())
		new Socket({ fd: descriptor, readable: false, writable: true }).unref();
	return descriptor;
}
