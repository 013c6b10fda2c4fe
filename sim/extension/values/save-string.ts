/**
 * A text as iptables-save prints it, with the blank in front: bare when it is a word of letters,
 * digits, `_` and `-`, else in quotes (`xtables_save_string`, iptables 1.8.9).
 */
export function saveString(text: string): string {
	if (/^[\w-]+$/.test(text)) return ` ${text}`;
	return ` "${text.replace(/["\\']/g, "\\$&")}"`;
}

/** A word of a line of iptables-restore, in quotes only where it has to be, so that it is read as it was. */
export function asWord(text: string): string {
	if (text !== "" && !/[\s"]/.test(text)) return text;
	return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
