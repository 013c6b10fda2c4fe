/** Turns what was thrown while a line was read into a Fault with its place. */
import {
	NOWHERE,
	OTHER_PROBLEM,
	RESOURCE_PROBLEM,
	type Refusal,
} from "../../extension/refusal.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { noWords, splitWords, type Words } from "../base/lexer.ts";
import type { Fault, FaultCode } from "../base/ruleset-error.ts";
import type { LoadFault } from "../check/load-check.ts";
import { type CommandFailure, NotFollowed } from "../table/table-draft.ts";
import type { TransactionWords } from "./transaction-words.ts";

/** A line of a file. */
export interface Place {
	readonly file: string;
	readonly line: number;
	readonly text: string;
}

/** A fault that is about a stretch of a line; columns from 0. */
export function faultAt(
	place: Place,
	from: number,
	to: number,
	what: {
		readonly code: FaultCode;
		readonly message: string;
		readonly remedy: string;
		readonly from: Fault["from"];
		readonly exitCode: Fault["exitCode"];
	},
): Fault {
	return {
		code: what.code,
		message: what.message,
		file: place.file,
		line: place.line,
		column: from + 1,
		length: Math.max(1, to - from),
		text: place.text,
		remedy: what.remedy,
		exitCode: what.exitCode,
		from: what.from,
	};
}

/** A fault of a whole line, its blanks at either end left out. */
export function faultOfLine(
	place: Place,
	what: Parameters<typeof faultAt>[3],
): Fault {
	const { length } = place.text;
	const from = length - place.text.trimStart().length;
	return from === length
		? faultAt(place, 0, length, what)
		: faultAt(place, from, place.text.trimEnd().length, what);
}

/** @param current the word that was being read, for a refusal that names none */
export function faultOfRefusal(
	place: Place,
	words: Words,
	refusal: Refusal,
	current: number,
): Fault {
	const word = refusal.word === NOWHERE ? current : refusal.word;
	const isOwn = refusal.from === "marktwin";
	const what = {
		code: isOwn ? "not-known" : "bad-line",
		message: refusal.message,
		remedy: refusal.remedy,
		exitCode: isOwn ? null : refusal.exitCode,
		from: refusal.from,
	} as const;
	const last = Math.min(word, words.count - 1);
	const from = words.start[last];
	const to = words.end[last];
	return from === undefined || to === undefined
		? faultOfLine(place, what)
		: faultAt(place, from, to, what);
}

/** @param kind iptables-restore says no more than which line failed where iptables says why */
export function faultOfFailure(
	place: Place,
	failure: CommandFailure,
	kind: "restore" | "command",
): Fault {
	const message =
		failure.spoken || kind === "command"
			? failure.message
			: `line ${place.line} failed (${failure.message})`;
	const { remedy, exitCode } = failure;
	const what =
		failure instanceof NotFollowed
			? ({
					code: "not-known",
					message: failure.message,
					remedy,
					exitCode: null,
					from: "marktwin",
				} as const)
			: ({
					code: "failed",
					message,
					remedy,
					exitCode,
					from: "iptables-restore",
				} as const);
	const found = findWord(place.text, failure.about);
	return found === null
		? faultOfLine(place, what)
		: faultAt(place, found.from, found.to, what);
}

/** A command that iptables-nft could not carry out when it came to the COMMIT. */
export interface FailedCommand {
	readonly place: Place;
	readonly failure: CommandFailure;
	readonly words: TransactionWords;
}

export function faultInTransaction(
	{ place, failure, words: { message, by } }: FailedCommand,
	commit: Place,
	how: {
		readonly kind: "restore" | "command";
		readonly behaviour: Behaviour;
	},
): Fault {
	const isAlone = how.kind === "command";
	const isOwn = how.behaviour.refusedRule === "the rule";
	const line = isOwn ? place.line : commit.line;
	const saysWhy = isOwn && message !== "";
	const what = {
		code: by === "kernel" ? "kernel" : "failed",
		message:
			by === "iptables" || isAlone
				? message
				: by === "kernel"
					? `line ${line}: ${message}`
					: saysWhy
						? `line ${line} failed: ${message}.`
						: `line ${line} failed${message === "" ? "" : ` (${message})`}`,
		remedy: failure.remedy,
		exitCode: by === "kernel" ? RESOURCE_PROBLEM : failure.exitCode,
		from: by === "kernel" ? "kernel" : "iptables-restore",
	} as const;
	const found = findWord(place.text, failure.about);
	const fault =
		found === null
			? faultOfLine(place, what)
			: faultAt(place, found.from, found.to, what);
	return by === "iptables" && !isAlone
		? { ...fault, saidLine: commit.line }
		: fault;
}

/** What iptables ends with where the kernel refuses a rule. */
export function exitCodeOfKernel({ refusedRule }: Behaviour): number {
	return refusedRule === "the COMMIT" ? OTHER_PROBLEM : RESOURCE_PROBLEM;
}

/** Where iptables-restore says that a fault is which the kernel finds; `alone`: iptables says none. */
export type LoadWords = { readonly exitCode: number } & (
	| { readonly kind: "alone" }
	/** The COMMIT, whichever rule it is. */
	| { readonly kind: "commit"; readonly line: number }
	| { readonly kind: "rule"; readonly line: number }
);

export function faultOfLoad(
	place: Place,
	words: LoadWords,
	{ message, remedy, about }: LoadFault,
): Fault {
	const what = {
		code: "kernel",
		message:
			words.kind === "alone"
				? message
				: words.kind === "rule"
					? `line ${words.line}: ${message}`
					: `line ${words.line} failed (${message})`,
		remedy,
		exitCode: words.exitCode,
		from: "kernel",
	} as const;
	const found = findWord(place.text, about);
	return found === null
		? faultOfLine(place, what)
		: faultAt(place, found.from, found.to, what);
}

/** Where a word stands in a line, a leading `:` left aside. */
function findWord(
	line: string,
	word: string,
): { readonly from: number; readonly to: number } | null {
	const words = noWords();
	try {
		splitWords(line, 0, line.length, words);
	} catch {
		return null;
	}
	for (let index = words.count - 1; index >= 0; index--) {
		const text = words.text[index];
		const from = words.start[index] ?? 0;
		const to = words.end[index] ?? 0;
		if (text === word) return { from, to };
		if (text === `:${word}`) return { from: from + 1, to };
	}
	return null;
}
