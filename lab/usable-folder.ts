/** Folders that the lab writes in: made, or said why they cannot be used. */
import { existsSync } from "node:fs";
import { codeOf, reasonOf } from "../scenarios/files/file-failure.ts";
import { makeFolders } from "../scenarios/files/make-folders.ts";
import { LabError } from "./lab-error.ts";

/** What a folder lacks, by why the system refused; anything else than these is told as it is. */
const REMEDIES: Readonly<Record<string, string>> = {
	ENOENT: "Make it, or name another one.",
	ENOTDIR: "Name a folder.",
	EEXIST: "Name a folder.",
	EACCES: "Name one that this user may write in.",
	EPERM: "Name one that this user may write in.",
	EROFS: "Name one on a file system that can be written.",
	ENOSPC: "Make room there, or name another one.",
	EDQUOT: "Make room there, or name another one.",
	EMFILE: "Raise the number of open files: ulimit -n 4096.",
	ENFILE: "End something: the machine has no open file left.",
};

/**
 * What is to be said when a folder that the lab has to write in cannot be used: the system's refusal
 * becomes a LabError; any other error stays what it is.
 * @param use what the folder is for, and how another one is named
 */
export function unusableFolder(
	folder: string,
	use: string,
	error: unknown,
): unknown {
	const code = codeOf(error) ?? "";
	const remedy = REMEDIES[code];
	// Something in it may be missing by a fault of ours.
	const isOther = code === "ENOENT" && existsSync(folder);
	if (remedy === undefined || isOther) return error;
	return new LabError({
		code: "missing",
		place: folder,
		message: `${reasonOf(error)}: this folder is ${use}`,
		remedy,
	});
}

/**
 * Makes a folder and those above it, where they are missing.
 * @throws LabError where the system refuses
 */
export function makeFolder(folder: string, use: string): void {
	try {
		makeFolders(folder);
	} catch (error) {
		throw unusableFolder(folder, use, error);
	}
}
