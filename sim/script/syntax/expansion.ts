/** What stands behind a `$` or between backquotes in a shell script. */
import { type Part, ShellSyntaxError } from "./token.ts";

const DEEPEST_QUOTES = 100;
const NAME = /[A-Za-z_]\w*|[0-9@*#?$!-]/y;
/** `NAME`, `NAME:-fallback`, `NAME:=fallback`; a fallback with anything to expand in it is left to a shell. */
const BRACED = /^([A-Za-z_]\w*|[0-9]+|[@*#?$!-])(?:(:?)([-=])([^$`"'\\]*))?$/;

/**
 * @param at offset of the `$` or of the first backquote
 * @throws ShellSyntaxError
 */
export function readExpansion(
	source: string,
	at: number,
	quoted: boolean,
): { readonly part: Part; readonly to: number } {
	if (source[at] === "`") {
		const to = endOfBackquotes(source, at);
		const command = source.slice(at + 1, to - 1);
		return { part: { kind: "command", command, quoted }, to };
	}
	const next = source[at + 1] ?? "";
	if (next === "(") {
		const to = closing(source, at + 1, "(", ")");
		const text = source.slice(at, to);
		return text.startsWith("$((")
			? { part: { kind: "unknown", what: text, quoted }, to }
			: { part: { kind: "command", command: text.slice(2, -1), quoted }, to };
	}
	if (next === "{") {
		const to = closing(source, at + 1, "{", "}");
		const text = source.slice(at, to);
		const [, name, colon, sign, fallback = null] =
			BRACED.exec(text.slice(2, -1)) ?? [];
		const assigns = sign === "=";
		return name === undefined
			? { part: { kind: "unknown", what: text, quoted }, to }
			: {
					part: {
						kind: "variable",
						name,
						fallback,
						assigns,
						quoted,
						forEmpty: colon === ":",
					},
					to,
				};
	}
	if ((next === "'" || next === '"') && !quoted) {
		if (next === '"')
			return { part: { kind: "text", text: "", quoted: true }, to: at + 1 };
		const to = source.indexOf("'", at + 2) + 1;
		if (to === 0) throw unclosed(at);
		return {
			part: { kind: "unknown", what: source.slice(at, to), quoted: true },
			to,
		};
	}
	NAME.lastIndex = at + 1;
	const [name] = NAME.exec(source) ?? [];
	return name === undefined
		? { part: { kind: "text", text: "$", quoted: true }, to: at + 1 }
		: {
				part: {
					kind: "variable",
					name,
					fallback: null,
					assigns: false,
					forEmpty: false,
					quoted,
				},
				to: at + 1 + name.length,
			};
}

function endOfBackquotes(source: string, at: number): number {
	for (let index = at + 1; index < source.length; index++) {
		if (source[index] === "\\") index++;
		else if (source[index] === "`") return index + 1;
	}
	throw unclosed(at);
}

/** All that a shell expands in a text, as in a here-document. @throws ShellSyntaxError */
export function expansionsIn(text: string): readonly Part[] {
	const parts: Part[] = [];
	for (let at = 0; at < text.length; ) {
		const char = text[at];
		if (char === "\\") at += 2;
		else if (char === "$" || char === "`") {
			const { part, to } = readExpansion(text, at, true);
			parts.push(part);
			at = to;
		} else at++;
	}
	return parts;
}

/** Index behind the bracket that closes the one at `at`; those in quotes do not count. */
export function closing(
	source: string,
	at: number,
	open: string,
	close: string,
): number {
	return closingWithin(source, at, [open, close], 0);
}

function closingWithin(
	source: string,
	at: number,
	[open, close]: readonly [string, string],
	nesting: number,
): number {
	let depth = 0;
	for (let index = at; index < source.length; index++) {
		const char = source[index];
		if (char === "\\") index++;
		else if (char === "'" && open === "(") {
			const end = source.indexOf("'", index + 1);
			if (end < 0) break;
			index = end;
		} else if (char === '"' && open === "(")
			index = endOfQuotes(source, index, nesting + 1);
		else if (char === open) depth++;
		else if (char === close && --depth === 0) return index + 1;
	}
	throw unclosed(at - 1);
}

/** Index of the double quote that closes the one at `at`; what is expanded in it has quotes of its own. */
function endOfQuotes(source: string, at: number, nesting: number): number {
	if (nesting > DEEPEST_QUOTES)
		throw new ShellSyntaxError(
			"quotes and substitutions stand too deep in each other",
			"Put the inner ones into variables.",
			at,
		);
	for (let index = at + 1; index < source.length; index++) {
		const char = source[index];
		if (char === '"') return index;
		if (char === "\\") index++;
		else if (char === "$" && source[index + 1] === "(")
			index = closingWithin(source, index + 1, ["(", ")"], nesting) - 1;
	}
	throw unclosed(at);
}

function unclosed(at: number): ShellSyntaxError {
	return new ShellSyntaxError(
		"an expansion is not closed",
		"Close its quote or bracket.",
		at,
	);
}
