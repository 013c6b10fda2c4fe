/** Changes that are allowed: `service web: split`, `finding MT104: new`. */
import { concluded } from "./changes.ts";
import type { Change, DiffDocument } from "./diff-document.ts";

/** What an allowance may be about, and the words that it may have. */
const WORDS = {
	service: ["split", "later", "connections"],
	packets: ["forwarded", "delivered", "translated", "dropped", "rejected"],
	connections: ["broken", "moved", "untranslated", "unknown", "kept"],
	finding: ["new", "gone"],
} as const;

type About = keyof typeof WORDS;

/** Allows changes of one kind. */
export interface Allowance {
	/** As it was written. */
	readonly text: string;
	readonly about: About;
	/** A part of the name of what is changed; "": any. */
	readonly subject: string;
	/** [] for all that may become of it. */
	readonly words: readonly string[];
}

/** How an allowance is written. */
export const ALLOW_FORMS =
	"service TEXT: split, later, connections; packets TEXT: forwarded, delivered, translated, dropped, rejected; connections TEXT: kept, moved, broken, untranslated; finding CODE: new, gone. TEXT is a part of a name, and what stands behind the last colon may be left out: all of it is allowed then";

/** @returns words that say what is wrong with it, in place of an allowance */
export function readAllowance(text: string): Allowance | string {
	const [, about = "", rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(text) ?? [];
	const [kind = ""] = about.split(":", 1);
	if (!Object.hasOwn(WORDS, kind))
		return `${kind} is nothing that can be allowed`;
	const known: readonly string[] = WORDS[kind as About];
	const tail = about.endsWith(":") ? `:${rest}` : rest;
	const at = tail.lastIndexOf(":");
	const words = tail
		.slice(at + 1)
		.split(",")
		.map((word) => word.trim());
	// A colon may be a part of the name: 203.0.113.1:80.
	const areWords = at >= 0 && !/^[\d-]+$/.test(words.join(""));
	const wrong = areWords
		? words.find((word) => !known.includes(word))
		: undefined;
	if (wrong !== undefined) return `${kind} has no ${wrong}`;
	return {
		text: text.trim(),
		about: kind as About,
		subject: (areWords ? tail.slice(0, at) : tail).trim(),
		words: areWords ? words : [],
	};
}

/** The document with the changes that are allowed, and allowances that allow nothing. */
export function withAllowances(
	document: DiffDocument,
	allowances: readonly Allowance[],
): DiffDocument {
	const used = new Set<Allowance>();
	const changes = document.changes.map((change): Change => {
		const fitting = allowances.filter((one) => allows(one, change));
		for (const one of fitting) used.add(one);
		return { ...change, allowed: fitting[0]?.text ?? null };
	});
	const { unknown, unmet } = document;
	return {
		...document,
		changes,
		idle: allowances.filter((one) => !used.has(one)).map(({ text }) => text),
		...concluded({ changes, unknown, unmet }),
	};
}

function allows({ about, subject, words }: Allowance, change: Change): boolean {
	const names = [change.subject, ...change.names];
	const isAny = (allowed: readonly string[], is: readonly string[]) =>
		words.length === 0 || is.every((one) => allowed.includes(one));
	switch (about) {
		case "service":
			return (
				change.of === "service" &&
				names.some((name) => name.includes(subject)) &&
				isAny(words, [change.kind])
			);
		case "packets":
			return (
				change.of === "packets" &&
				change.kind !== "connections" &&
				change.subject.includes(subject) &&
				isAny(words, change.becomes)
			);
		case "connections":
			return (
				change.kind === "connections" &&
				names.some((name) => name.includes(subject)) &&
				isAny([...words, "kept"], change.becomes)
			);
		case "finding":
			return (
				change.kind === "finding" &&
				(subject === "" || names.includes(subject)) &&
				isAny(words, change.becomes)
			);
	}
}
