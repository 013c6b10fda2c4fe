/** Repairs of single characters: what word processors, web pages and DOS put into a ruleset. */
import type { Change, DraftLine } from "./change.ts";

/** Blanks of other widths, as web pages have them. */
const ODD_BLANK = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
/** Characters without any width. */
const NO_WIDTH = /[\u200b-\u200d\u2060\ufeff\u00ad]/g;
const CURLY_QUOTE = /[\u201c-\u201f\u2018\u2019\u00ab\u00bb]/g;
/** A dash in front of an option, alone or with plain ones: one stands for a letter's, two for a name's. */
const DASHED_OPTION =
	/(^|\s)-?[\u2010-\u2015\u2212\ufe58\uff0d]-?(?=[A-Za-z0-9])(?=(\S*))/g;

/** Repairs one line; only what stands outside of quotes, and never a comment. */
export function fixCharacters(line: DraftLine, changes: Change[]): void {
	const { text: before, origin } = line;
	const change = (what: string, after: string): void => {
		if (after === line.text) return;
		changes.push({ line: origin, what, before: line.text, after });
		line.text = after;
	};
	if (before.endsWith("\r"))
		change("took away the CR at its end", before.replace(/\r+$/, ""));
	if (line.text.startsWith("#")) return;
	change(
		"took away characters that nobody sees",
		line.text.replace(NO_WIDTH, ""),
	);
	change(
		"wrote plain quotes for typographic ones",
		line.text.replace(CURLY_QUOTE, '"'),
	);
	change(
		"wrote plain blanks for non-breaking ones",
		outsideQuotes(line.text, (part) => part.replace(ODD_BLANK, " ")),
	);
	change(
		"wrote plain dashes for typographic ones",
		outsideQuotes(line.text, (part) =>
			part.replace(
				DASHED_OPTION,
				(_, blank: string, rest: string) =>
					`${blank}${rest.length === 1 ? "-" : "--"}`,
			),
		),
	);
}

function outsideQuotes(text: string, fix: (part: string) => string): string {
	return text
		.split(/("(?:[^"\\]|\\.)*"?)/)
		.map((part, index) => (index % 2 === 0 ? fix(part) : part))
		.join("");
}
