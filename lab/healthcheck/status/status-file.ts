/**
 * The file of the status, and what may be in its place: a checker replaces and removes what a checker
 * has written, and leaves everything else as it is.
 */
import { lstatSync, type Stats, unlinkSync } from "node:fs";
import {
	mustBePlain,
	readPlainFile,
} from "../../../scenarios/files/plain-file.ts";
import { replaceFileSync } from "../../../scenarios/files/replace-file.ts";
import { isStatus } from "./target-report.ts";

export interface StatusFile {
	/** @throws where something else is in its place, or the system refuses */
	replace(text: string): void;
	/** @throws where something else is in its place, or the system refuses */
	remove(): void;
}

/** What is in the place of a status file is another file. */
class NotOursError extends Error {
	override readonly name = "NotOursError";
}

/** Some hundred thousand targets. */
const MOST_OCTETS = 64 * 2 ** 20;

export function openStatusFile(file: string): StatusFile {
	/** As we left it: with a thousand targets it is not read each time. */
	let written: Stats | null = null;
	/** @returns whether there is one */
	function find(): boolean {
		const there = lstatSync(file, { throwIfNoEntry: false });
		if (there === undefined) return false;
		if (written === null || !isAsLeft(there, written))
			mustBeStatus(file, there);
		return true;
	}
	return {
		replace(text) {
			find();
			// Whatever the umask says: every user may read it.
			written = replaceFileSync(file, text, 0o644);
		},
		remove() {
			if (find()) unlinkSync(file);
		},
	};
}

/**
 * Looks whether a status file may be written there: nothing is, or the status of a checker.
 * @throws where something else is, or the system refuses to say
 */
export function mustBeFree(file: string): void {
	const there = lstatSync(file, { throwIfNoEntry: false });
	if (there !== undefined) mustBeStatus(file, there);
}

/** @throws the system's error */
export function readStatusFile(file: string): string {
	return readPlainFile(file, { mostOctets: MOST_OCTETS });
}

function mustBeStatus(file: string, there: Stats): void {
	mustBePlain(there);
	if (isStatus(readStatusFile(file))) return;
	throw new NotOursError("it is there already and is no status of a checker");
}

function isAsLeft(there: Stats, written: Stats): boolean {
	return (["dev", "ino", "size", "mtimeMs"] as const).every(
		(key) => there[key] === written[key],
	);
}
