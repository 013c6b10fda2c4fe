/**
 * A text as iptables-save prints it, with the blank in front: bare when it is a word of letters,
 * digits, `_` and `-`, else in quotes (`xtables_save_string`, iptables 1.8.9).
 */
export function saveString(text: string): string {
	if (/^[\w-]+$/.test(text)) return ` ${text}`;
	return ` "${text.replace(/["\\']/g, "\\$&")}"`;
}

/** The longest beginning of `text` that takes at most `octets` in UTF-8. */
export function cutOctets(text: string, octets: number): string {
	let taken = 0;
	let end = 0;
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		taken += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		if (taken > octets) return text.slice(0, end);
		end += character.length;
	}
	return text;
}
