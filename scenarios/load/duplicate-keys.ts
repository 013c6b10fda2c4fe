/** JSON whose objects name a key twice: `JSON.parse` keeps the last value, and drops the others without a word. */

import { invariant } from "../../sim/invariant.ts";

/** A key that its object has already. */
export interface DuplicateKey {
	readonly key: string;
	/** The object, as `steps[2].setup`; "" for the outermost one. */
	readonly path: string;
	/** `line 3:14`. */
	readonly place: string;
}

/** An object or a list that is open: the names in it so far, or `null` for a list. */
interface Open {
	readonly keys: Set<string> | null;
	readonly path: string;
	/** What the next value in it is called. */
	key: string;
	index: number;
	/** A string that comes now is a key. */
	isBeforeKey: boolean;
}

/** What structure is made of; everything between is of no account. */
const SIGN = /["{}[\],]/g;

/**
 * The first key that an object names twice, or `null`.
 * @param text JSON that `JSON.parse` takes
 */
export function duplicateKey(text: string): DuplicateKey | null {
	const open: Open[] = [];
	for (let at = nextSign(text, 0); at >= 0; at = nextSign(text, at)) {
		const start = at;
		const sign = text[at++];
		const inner = open.at(-1);
		if (sign === '"') {
			at = endOfString(text, start);
			if (!inner?.isBeforeKey) continue;
			const key: string = JSON.parse(text.slice(start, at));
			if (inner.keys?.has(key))
				return { key, path: inner.path, place: placeOf(text, start) };
			inner.keys?.add(key);
			inner.key = key;
			inner.isBeforeKey = false;
		} else if (sign === "{" || sign === "[")
			open.push({
				keys: sign === "{" ? new Set() : null,
				path: inner === undefined ? "" : pathIn(inner),
				key: "",
				index: 0,
				isBeforeKey: sign === "{",
			});
		else if (sign !== ",") open.pop();
		else if (inner !== undefined) {
			inner.index++;
			inner.isBeforeKey = inner.keys !== null;
		}
	}
	return null;
}

/** -1 when there is none. */
function nextSign(text: string, from: number): number {
	SIGN.lastIndex = from;
	return SIGN.exec(text)?.index ?? -1;
}

/** Behind the quote that ends it: one with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
	for (let at = start + 1; ; at++) {
		at = text.indexOf('"', at);
		invariant(at >= 0, "JSON.parse took it");
		let slashes = 0;
		while (text[at - 1 - slashes] === "\\") slashes++;
		if (slashes % 2 === 0) return at + 1;
	}
}

function pathIn({ keys, path, key, index }: Open): string {
	if (keys === null) return `${path}[${index}]`;
	return path === "" ? key : `${path}.${key}`;
}

function placeOf(text: string, offset: number): string {
	const before = text.slice(0, offset).split("\n");
	return `line ${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

/** `key "expect" is there twice`, with the path of its object. */
export function duplicateWords({ key, path }: DuplicateKey): string {
	return `${path === "" ? "" : `${path}: `}key ${JSON.stringify(key)} is there twice`;
}

export const DUPLICATE_REMEDY =
	"Keep one of them: of two, all but the last would be ignored.";
