/**
 * Splits a line into words as iptables-restore does (1.8.9, iptables/xshared.c, `add_param_to_argv`):
 * blanks divide, double quotes hold together, a backslash counts inside quotes alone, and a closing
 * quote ends the word.
 */

import { Refusal } from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";

/** Octets of a line, its newline left out (`fgets` into 10240 octets). */
export const LONGEST_LINE = 10238;
/** Octets of a word (`struct xt_param_buf`). */
const LONGEST_WORD = 1023;
/** Words of a line (MAX_ARGC, less the program's name and `-t TABLE`). */
const MOST_WORDS = 251;

const TAB = 9;
const BLANK = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/** The words of one line. The arrays are used again for the next line. */
export interface Words {
	/** How many there are; the arrays may hold older ones behind. */
	count: number;
	/** Index of the line in its source. */
	lineStart: number;
	readonly text: string[];
	/** Index in the line of each word's first character. */
	readonly start: number[];
	/** Index behind its last one. */
	readonly end: number[];
	/**
	 * Words met before, each where its characters' hash says. Rulesets are made of few words: to find
	 * one again is cheaper than to cut it out, and a Map finds it at once by the hash it keeps.
	 */
	readonly met: string[];
}

/** How many words are remembered, a power of two. */
const MOST_MET = 512;

export function noWords(): Words {
	const met = new Array<string>(MOST_MET).fill("");
	return { count: 0, lineStart: 0, text: [], start: [], end: [], met };
}

/**
 * Splits `source` from index `from` to `to` (the newline left out).
 * @param into emptied and filled; columns count from its `lineStart`
 * @throws Refusal where iptables-restore would: a word or a line that is too long
 */
export function splitWords(
	source: string,
	from: number,
	to: number,
	into: Words,
): void {
	const { text, start, end, met, lineStart } = into;
	let count = 0;
	let index = from;
	while (index < to) {
		let code = source.charCodeAt(index);
		if (code === BLANK || code === TAB) {
			index++;
			continue;
		}
		const first = index;
		let hash = 0;
		// Most characters come behind the quote: they need one comparison.
		while (code > QUOTE || (code !== BLANK && code !== TAB && code !== QUOTE)) {
			hash = (Math.imul(hash, 31) + code) | 0;
			if (++index >= to) break;
			code = source.charCodeAt(index);
		}
		if (count >= MOST_WORDS) {
			into.count = count;
			throw new Refusal(
				"Parser cannot handle more arguments",
				`A line holds at most ${MOST_WORDS} words: split it into several rules.`,
				count - 1,
			);
		}
		if (code === QUOTE && index < to) {
			const closed = quotedWord(source, first, to);
			index = closed.end;
			if (closed.text === null) continue;
			text[count] = closed.text;
		} else {
			const place = (hash ^ (hash >>> 9)) & (MOST_MET - 1);
			let word = met[place] as string;
			if (word.length !== index - first || !source.startsWith(word, first)) {
				word = source.slice(first, index);
				met[place] = word;
			}
			text[count] = word;
		}
		start[count] = first - lineStart;
		end[count] = index - lineStart;
		if (index - first > LONGEST_WORD / 3) {
			into.count = count + 1;
			checkLength(text[count] ?? "", count);
		}
		count++;
	}
	into.count = count;
}

/**
 * A word with quotes in it. A quote that nobody closes reaches to the end of the line, and takes the
 * newline in; where there is no newline, and nothing else either, it is no word (`null`).
 */
function quotedWord(
	source: string,
	first: number,
	to: number,
): { readonly text: string | null; readonly end: number } {
	const parts: string[] = [];
	let open = false;
	let index = first;
	let plainFrom = first;
	for (; index < to; index++) {
		const code = source.charCodeAt(index);
		if (!open) {
			if (code === BLANK || code === TAB) break;
			if (code !== QUOTE) continue;
			parts.push(source.slice(plainFrom, index));
			open = true;
			plainFrom = index + 1;
		} else if (code === BACKSLASH) {
			parts.push(source.slice(plainFrom, index));
			plainFrom = ++index;
		} else if (code === QUOTE) {
			parts.push(source.slice(plainFrom, index));
			return { text: parts.join(""), end: index + 1 };
		}
	}
	parts.push(source.slice(plainFrom, to));
	if (open && to < source.length) parts.push("\n");
	const text = parts.join("");
	return { text: text === "" ? null : text, end: to };
}

function checkLength(word: string, index: number): void {
	if (octets(word) > LONGEST_WORD)
		throw new Refusal(
			"Parameter too long!",
			`A word holds at most ${LONGEST_WORD} octets.`,
			index,
		);
}
