/** Options whose argument is two words (`--tcp-flags MASK SET`) get them in one text. */

/** No word of a line has one, whatever is quoted. */
const BETWEEN = "\0";

export function joinWords(first: string, second: string): string {
	return first + BETWEEN + second;
}

export function twoWords(
	text: string,
): readonly [first: string, second: string] {
	const [first = "", second = ""] = text.split(BETWEEN);
	return [first, second];
}
