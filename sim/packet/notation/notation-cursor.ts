/** Where the reader of the packet notation is in a line, and the small things that stand in one. */
import { parseAddress } from "../address.ts";
import { refuseNotation, type Token } from "./notation-lexer.ts";

export interface Cursor {
	readonly line: string;
	readonly tokens: readonly Token[];
	at: number;
}

/** The token that comes next. */
export function peek(cursor: Cursor): Token {
	return cursor.tokens[cursor.at] as Token;
}

/** Steps over the next token; the end stays where it is. */
export function take(cursor: Cursor): Token {
	const token = peek(cursor);
	if (token.kind !== "end") cursor.at += 1;
	return token;
}

/**
 * Says what was expected instead of the next token, or of `token`.
 * @throws PacketError always
 */
export function refuse(
	cursor: Cursor,
	problem: string,
	example: string,
	token = peek(cursor),
): never {
	const found =
		token.kind === "end" ? "the line ends" : `found "${shortened(token.text)}"`;
	return refuseNotation(
		cursor.line,
		token.column,
		`${problem}, but ${found}`,
		example,
	);
}

/** Steps over a punctuation mark that has to stand here. */
export function expect(
	cursor: Cursor,
	kind: Token["kind"],
	example: string,
): void {
	if (peek(cursor).kind !== kind) refuse(cursor, `expected ${kind}`, example);
	take(cursor);
}

/** @returns the number that a text is, or `null` when it is none or greater than `max` */
export function numberIn(text: string, max: number): number | null {
	if (!/^(?:0x[0-9a-f]+|[0-9]+)$/i.test(text)) return null;
	const value = Number(text);
	return value <= max ? value : null;
}

/** A number, decimal or with 0x, from 0 to `max`. */
export function readNumber(
	cursor: Cursor,
	what: string,
	max: number,
	example: string,
): number {
	const token = peek(cursor);
	const value = token.kind === "word" ? numberIn(token.text, max) : null;
	if (value === null)
		return refuse(cursor, `expected ${what} (0 to ${max})`, example);
	take(cursor);
	return value;
}

/** A dotted address. */
export function readAddress(cursor: Cursor, example: string): number {
	const address = parseAddress(peek(cursor).text);
	if (address === null)
		return refuse(cursor, "expected an IPv4 address", example);
	take(cursor);
	return address;
}

/** `ADDRESS:PORT`. */
export function readEndpoint(cursor: Cursor, example: string) {
	const { text } = peek(cursor);
	const colon = text.lastIndexOf(":");
	const address = parseAddress(text.slice(0, colon));
	const port = numberIn(text.slice(colon + 1), 0xffff);
	if (colon < 0 || address === null || port === null)
		return refuse(cursor, "expected ADDRESS:PORT", example);
	take(cursor);
	return { address, port };
}

/** Enough of a word to find it again. */
function shortened(text: string): string {
	return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
