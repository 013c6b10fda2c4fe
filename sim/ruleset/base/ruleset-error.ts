/** What is wrong with a ruleset's text: every fault with its place, its words and its remedy. */

import { inLine } from "../../in-line.ts";
import { excerpt, printable } from "./excerpt.ts";

/** The kinds of faults of a ruleset's text. @public */
export type FaultCode =
	/** A line that needs a table stands outside of one. */
	| "outside-table"
	/** No such table. */
	| "unknown-table"
	/** A table without its COMMIT. */
	| "no-commit"
	/** The line is not built as iptables-restore reads it, or names something unknown. */
	| "bad-line"
	/** The line is well-formed, but there is nothing to do it to: no such chain, rule or policy. */
	| "failed"
	/** The kernel would refuse the table at its COMMIT. */
	| "kernel"
	/** iptables would take it, marktwin does not know it. */
	| "not-known"
	/** A shell script whose commands are known only when it is run. */
	| "script";

/** What is wrong in a ruleset's text, where, and what to do about it. @public */
export interface Fault {
	readonly code: FaultCode;
	/** The words of iptables-restore or of the kernel, without program name and version in front. */
	readonly message: string;
	readonly file: string;
	/** From 1. */
	readonly line: number;
	/** The line that iptables-restore names, where it is another one: iptables-nft looks for chains at the COMMIT. */
	readonly saidLine?: number;
	/** From 1, in UTF-16 units. */
	readonly column: number;
	/** Of what the caret points at; at least 1. */
	readonly length: number;
	/** The whole line. */
	readonly text: string;
	/** What the user can do about it. */
	readonly remedy: string;
	/**
	 * What iptables-restore, or iptables, ends with where this is the first fault: 2 for a line that it does not
	 * read, 1 for a command that fails, 1 or 4 for what the kernel refuses; `null`: marktwin alone says it.
	 */
	readonly exitCode: number | null;
	/** Who would have said it. */
	readonly from: "iptables-restore" | "iptables" | "kernel" | "marktwin";
}

/** Thrown by whatever reads a ruleset and is not asked to return faults. @public */
export class RulesetError extends Error {
	override readonly name = "RulesetError";
	readonly code = "RULESET";
	readonly faults: readonly Fault[];

	constructor(faults: readonly Fault[]) {
		super(printFaults(faults));
		this.faults = faults;
	}
}

/** More than this many are counted, not shown. */
const SHOWN_FAULTS = 50;

/** All faults for a reader, each with its line, a caret and the remedy. @public */
export function printFaults(faults: readonly Fault[]): string {
	const shown = faults.slice(0, SHOWN_FAULTS).map(printFault);
	const more = faults.length - shown.length;
	if (more > 0) shown.push(`… and ${more} more`);
	return shown.join("\n\n");
}

/**
 * One fault:
 * ```
 * web.rules:4:34: Couldn't load match `condition!':No such file or directory
 *   4 | -A MAILMARK -m condition! --condition mail2up
 *     |                ^~~~~~~~~~
 *   iptables-restore refuses it. Put a blank before the `!`.
 * ```
 * @public
 */
export function printFault(fault: Fault): string {
	const { file, line, column, message, from, remedy } = fault;
	return [
		`${inLine(file)}:${line}:${column}: ${printable(message)}`,
		...excerpt(fault).map((one) => `  ${one}`),
		`  ${SPEAKER[from]} ${printable(remedy)}`,
	].join("\n");
}

const SPEAKER: Readonly<Record<Fault["from"], string>> = {
	"iptables-restore": "iptables-restore refuses it.",
	iptables: "iptables refuses it.",
	kernel: "The kernel refuses it at COMMIT.",
	marktwin: "marktwin does not take it.",
};
