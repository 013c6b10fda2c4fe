/**
 * JSON as a person can read it and a program can write it however long it is: what holds no objects
 * stands on one line, a connection say; everything else is indented. A run of a million connections
 * is longer than a string may be, so it comes in pieces.
 */

/**
 * The same as `JSON.stringify`, with `##[` written so that a CI system takes it for no command where
 * JSON goes to standard output; a reader of JSON sees no difference.
 */
export function jsonLine(value: unknown, indent?: number): string {
	return JSON.stringify(value, null, indent).replace(
		/##(?=\w*\[)/g,
		"#\\u0023",
	);
}

/** A piece is about so long. */
const PIECE = 1 << 20;

export function* jsonText(value: unknown): Generator<string> {
	let piece = "";
	for (const part of partsOf(value, "")) {
		piece += part;
		if (piece.length < PIECE) continue;
		yield piece;
		piece = "";
	}
	yield `${piece}\n`;
}

function* partsOf(value: unknown, indent: string): Generator<string> {
	if (isFlat(value)) {
		yield jsonLine(value);
		return;
	}
	const isList = Array.isArray(value);
	const deeper = `${indent} `;
	let separator = isList ? "[\n" : "{\n";
	for (const [key, part] of Object.entries(value as object)) {
		// As JSON.stringify has it: what is not there is left out of an object.
		if (part === undefined && !isList) continue;
		yield separator + deeper + (isList ? "" : `${jsonLine(key)}: `);
		yield* partsOf(part ?? null, deeper);
		separator = ",\n";
	}
	yield `\n${indent}${isList ? "]" : "}"}`;
}

/** Nothing in it, or nothing but numbers and texts, and lists of those. */
function isFlat(value: unknown): boolean {
	if (!isContainer(value)) return true;
	return Object.values(value).every(
		(part) =>
			!isContainer(part) ||
			(Array.isArray(part) && !part.some((item) => isContainer(item))),
	);
}

function isContainer(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}
