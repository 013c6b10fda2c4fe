/** What is done to the words of a line so that it is nearly right, or right and oddly written. */
import fc from "fast-check";
import { LENGTHS, one } from "../values/values.ts";
import type { Piece } from "./uses.ts";

/** One change. `at` chooses the word, whatever their number. */
export type Mutation =
	| { readonly kind: "drop" | "repeat" | "swap" | "join"; readonly at: number }
	| {
			readonly kind: "insert" | "replace";
			readonly at: number;
			readonly word: string;
	  }
	/** An option's name is cut to so many letters. */
	| {
			readonly kind: "abbreviate";
			readonly at: number;
			readonly letters: number;
	  }
	/** `--opt=value`, `-pvalue`. */
	| { readonly kind: "attach"; readonly at: number }
	/** In quotes, whole or from the middle on. */
	| {
			readonly kind: "quote";
			readonly at: number;
			readonly how: "whole" | "half" | "open" | "escaped";
	  }
	| { readonly kind: "case"; readonly at: number }
	| { readonly kind: "lengthen"; readonly at: number; readonly to: number };

const INSERTED = one(
	"!",
	"!",
	"!",
	"-",
	"--",
	"--bogus",
	"-x",
	"-n",
	"-v",
	"-4",
	"-m",
	"-j",
	"-p",
	"-s",
	"-f",
	"-g",
	"-c",
	"-t",
	"-w",
	"--line-numbers",
	"-A",
	"ACCEPT",
	"ONE",
	"10.0.0.1",
	"tcp",
	"1",
	"-m tcp",
	"-m comment",
	"-m mark",
	"-j MARK",
	"-p tcp",
	"-p udp",
	"-s 10.0.0.1",
	"-c 1 2",
	"-c 1,2",
	"-j ONE",
	"-g ONE",
	"--dport 25",
	"--mark 1",
	"--sport",
	"-i eth0",
	"-o eth0",
	"! -p 0",
	"--syn",
	"-m nope",
	"-m state",
	"--state NEW",
	"--comment x",
	"-Z",
	"-L",
	"-F",
	"!-p",
	'""',
	"-j NOPE",
);
const REPLACED = one(
	"",
	"0",
	"1",
	"-1",
	"x",
	"!",
	"--",
	"65536",
	"4294967296",
	"10.0.0.1",
	"tcp",
	"0x",
	"1/2",
	"1:2",
	"1,2",
	"a b",
	"NEW",
	"-m",
	"-j",
	"ONE",
	"NOPE",
	"INPUT",
	"ACCEPT",
	"256",
	"PREROUTING",
	"all",
	"none",
	"1-2",
	"mark",
);

const at = fc.nat(40);

/** A change that a line may well survive. */
const harmless: fc.Arbitrary<Mutation> = fc.oneof(
	fc.record({
		kind: fc.constant("abbreviate" as const),
		at,
		letters: fc.integer({ min: 1, max: 14 }),
	}),
	fc.record({ kind: fc.constant("attach" as const), at }),
	fc.record({
		kind: fc.constant("quote" as const),
		at,
		how: fc.constantFrom("whole", "half", "open", "escaped"),
	}),
);
const harmful: fc.Arbitrary<Mutation> = fc.oneof(
	fc.record({
		kind: fc.constantFrom("drop", "repeat", "swap", "join"),
		at,
	}),
	fc.record({ kind: fc.constant("insert" as const), at, word: INSERTED }),
	fc.record({ kind: fc.constant("insert" as const), at, word: INSERTED }),
	fc.record({ kind: fc.constant("replace" as const), at, word: REPLACED }),
	fc.record({ kind: fc.constant("case" as const), at }),
	fc.record({
		kind: fc.constant("lengthen" as const),
		at,
		to: fc.constantFrom(...LENGTHS, 1022, 1023, 1024, 1025),
	}),
);

/** None for most lines. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.oneof(
	{ weight: 10, arbitrary: fc.constant([]) },
	{ weight: 3, arbitrary: fc.tuple(harmless) },
	{ weight: 3, arbitrary: fc.tuple(harmful) },
	{ weight: 1, arbitrary: fc.tuple(harmless, harmful) },
	{ weight: 1, arbitrary: fc.tuple(harmful, harmful) },
);

/** A line before it is text: words that want quoting are not quoted yet, unless `raw`. */
interface Word {
	readonly text: string;
	/** Is written as it stands. */
	readonly raw: boolean;
}

/** Writes the words down, changed. */
export function write(
	{ words, odd }: Piece,
	changes: readonly Mutation[],
): { readonly words: readonly string[]; readonly odd: number } {
	let written: readonly Word[] = words.map((text) => ({ text, raw: false }));
	for (const change of changes) written = mutate(written, change);
	return {
		words: written.map(({ text, raw }) => (raw ? text : quoted(text))),
		// What an open quote swallows is missing besides.
		odd: odd + changes.length + changes.filter(isOpenQuote).length,
	};
}

const isOpenQuote = (change: Mutation): boolean =>
	change.kind === "quote" && change.how === "open";

/** As iptables-save would write it: in quotes where it has to be. */
function quoted(text: string): string {
	if (text !== "" && !/[\s"\\]/.test(text)) return text;
	return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const raw = (text: string): Word => ({ text, raw: true });

function mutate(words: readonly Word[], change: Mutation): readonly Word[] {
	const index = words.length === 0 ? 0 : change.at % words.length;
	const word = words[index];
	if (word === undefined) return words;
	const next = words[index + 1];
	const put = (...some: readonly Word[]) => words.toSpliced(index, 1, ...some);
	switch (change.kind) {
		case "drop":
			return put();
		case "repeat":
			return put(word, word);
		case "swap":
			return next ? words.toSpliced(index, 2, next, word) : words;
		case "join":
			return next
				? words.toSpliced(index, 2, { ...word, text: word.text + next.text })
				: words;
		case "insert":
			return put(raw(change.word), word);
		case "replace":
			return put({ text: change.word, raw: false });
		case "abbreviate":
			return putOption(words, index, ({ text }) => [
				{ text: text.slice(0, 2 + change.letters), raw: false },
			]);
		case "attach": {
			const from = optionFrom(words, index);
			const [option, value] = [words[from], words[from + 1]];
			if (option === undefined || value === undefined) return words;
			const between = option.text.startsWith("--") ? "=" : "";
			const text = option.text + between + value.text;
			return words.toSpliced(from, 2, { text, raw: false });
		}
		case "quote":
			return put(raw(inQuotes(word.text, change.how)));
		case "case":
			return put({ ...word, text: turnCase(word.text) });
		case "lengthen":
			return put({ ...word, text: word.text.padEnd(change.to, "x") });
	}
}

/** The next option from a word on, round the end; the word itself when there is none. */
function optionFrom(words: readonly Word[], index: number): number {
	for (let step = 0; step < words.length; step++) {
		const at = (index + step) % words.length;
		if (words[at]?.text.startsWith("-")) return at;
	}
	return index;
}

function putOption(
	words: readonly Word[],
	index: number,
	change: (word: Word) => readonly Word[],
): readonly Word[] {
	const from = optionFrom(words, index);
	const word = words[from];
	return word?.text.startsWith("--")
		? words.toSpliced(from, 1, ...change(word))
		: words;
}

function inQuotes(
	text: string,
	how: Extract<Mutation, { kind: "quote" }>["how"],
): string {
	const half = Math.ceil(text.length / 2);
	switch (how) {
		case "whole":
			return `"${text}"`;
		case "half":
			return `${text.slice(0, half)}"${text.slice(half)}"`;
		case "open":
			return `"${text}`;
		case "escaped":
			return `"\\${text}"`;
	}
}

function turnCase(text: string): string {
	const upper = text.toUpperCase();
	return upper === text ? text.toLowerCase() : upper;
}
