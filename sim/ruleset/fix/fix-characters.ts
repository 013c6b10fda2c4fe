/** Repairs of single characters: what word processors, web pages and DOS put into a ruleset. */
import type { Change, DraftLine } from "./change.ts";

/** Blanks of other widths, as web pages have them. */
const ODD_BLANK = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
/** Characters without any width. */
const NO_WIDTH = /[\u200b-\u200d\u2060\ufeff\u00ad]/g;
const CURLY_QUOTE = /[\u201c-\u201f\u2018\u2019\u00ab\u00bb]/g;
/** Dashes in front of an option, plain ones among them: one stands for a letter's, two for a name's. */
const DASHED_OPTION =
	/(^|\s)-?[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+-?(?=[A-Za-z0-9])(?=(\S*))/g;
/** Whether a line has any sign that is repaired here. */
const ODD = /[\u0080-\uffff]|&[#\w]+;/;

export function hasOddCharacters(text: string): boolean {
	return ODD.test(text);
}

/** What pages of the web make of signs. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
	["quot", '"'],
	["apos", "'"],
	["lt", "<"],
	["gt", ">"],
	["amp", "&"],
	["nbsp", " "],
	["ndash", "\u2013"],
	["mdash", "\u2014"],
	["minus", "\u2212"],
	["shy", ""],
	["ldquo", "\u201c"],
	["rdquo", "\u201d"],
	["lsquo", "\u2018"],
	["rsquo", "\u2019"],
]);

/** The CR of a line's end, as DOS has it. */
export function fixLineEnd(line: DraftLine, changes: Change[]): void {
	change(line, changes, "took away the CR at its end", (text) =>
		text.replace(/\r+$/, ""),
	);
}

/** Repairs one line; only what stands outside of quotes, and never a comment. */
export function fixCharacters(line: DraftLine, changes: Change[]): void {
	if (line.text.startsWith("#")) return;
	change(line, changes, "removed invisible characters", (text) =>
		text.replace(NO_WIDTH, ""),
	);
	const outside = (what: string, fix: (part: string) => string): void =>
		change(line, changes, what, (text) => outsideQuotes(text, fix));
	outside("wrote signs for what HTML writes in their place", (part) =>
		part.replace(
			/&(?:#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5})|([a-z]+));/g,
			(whole, decimal?: string, hex?: string, name = "") => {
				const code = decimal ? Number(decimal) : Number.parseInt(hex ?? "", 16);
				const isSign = code >= 32 && code <= 0x10ffff;
				return isSign
					? String.fromCodePoint(code)
					: (ENTITIES.get(name) ?? whole);
			},
		),
	);
	outside("wrote plain quotes for typographic ones", (part) =>
		part.replace(CURLY_QUOTE, '"'),
	);
	outside("wrote plain blanks for non-breaking ones", (part) =>
		part.replace(ODD_BLANK, " "),
	);
	outside("wrote plain dashes for typographic ones", (part) =>
		part.replace(
			DASHED_OPTION,
			(_, blank: string, rest: string) =>
				`${blank}${rest.length === 1 ? "-" : "--"}`,
		),
	);
}

function change(
	line: DraftLine,
	changes: Change[],
	what: string,
	fix: (text: string) => string,
): void {
	const { text: before, origin } = line;
	const after = fix(before);
	if (after === before) return;
	changes.push({ line: origin, what, before, after });
	line.text = after;
}

function outsideQuotes(text: string, fix: (part: string) => string): string {
	return text
		.split(/("(?:[^"\\]|\\.)*"?)/)
		.map((part, index) => (index % 2 === 0 ? fix(part) : part))
		.join("");
}
