/** Something that the lab needs is not there, or a lab machine went wrong. */

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

/** Is it that a machine which was up is of no use any more? The next play gets another one. */
export function isLostMachine(error: unknown): error is LabError {
	return (
		error instanceof LabError && ["died", "oops", "hangs"].includes(error.code)
	);
}
