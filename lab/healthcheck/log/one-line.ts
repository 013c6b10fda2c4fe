/** Text of others within a line: control characters, line ends and signs that nobody sees become `?`. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const MOST_SHOWN = 200;

/** @returns at most 200 characters of it */
export function oneLine(text: string): string {
	return text.slice(0, MOST_SHOWN).replace(UNSEEN, "?");
}
