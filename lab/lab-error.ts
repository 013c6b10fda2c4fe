/** Something that the lab needs is not there, or a lab machine went wrong. */
import { existsSync } from "node:fs";
import { codeOf, reasonOf } from "../scenarios/run/file-failure.ts";

/**
 * `missing`: a program or an image. `packages`: they cannot be had. `build`: the image cannot be made.
 * `start`: a machine does not come up. `died`, `oops`, `hangs`: what became of one that was up.
 * `closed`: it was shut down by us. `unsupported`: this cannot be played on a kernel.
 */
export type LabErrorCode =
	| "missing"
	| "packages"
	| "build"
	| "start"
	| "died"
	| "oops"
	| "hangs"
	| "closed"
	| "unsupported";

export interface LabErrorFields {
	readonly code: LabErrorCode;
	/** What it is about: a program, a package, a machine and what it was asked for. */
	readonly place: string;
	readonly message: string;
	/** What to do about it. */
	readonly remedy: string;
	/** The last lines that a machine or a tool printed. */
	readonly console?: readonly string[];
}

export class LabError extends Error {
	override readonly name = "LabError";
	readonly code: LabErrorCode;
	readonly place: string;
	readonly remedy: string;
	readonly console: readonly string[];

	constructor(fields: LabErrorFields) {
		const { code, place, message, remedy, console = [] } = fields;
		super(
			[
				`${place}: ${message}`,
				...(remedy === "" ? [] : [`  ${remedy}`]),
				...(console.length === 0 ? [] : ["  Its last lines were:"]),
				...console.map((line) => `  | ${line}`),
			].join("\n"),
		);
		this.code = code;
		this.place = place;
		this.remedy = remedy;
		this.console = console;
	}
}

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
