/** Where in a file the reader stopped, taken from what the readers say. */

export interface Place {
	/** `line 3:14`, `line 3`, or "" when the reader did not say. */
	readonly path: string;
	readonly message: string;
}

/** Of an error of `JSON.parse`, which counts octets instead of lines, or does not tell at all. */
export function placeInJson(text: string, error: unknown): Place {
	const message = messageOf(error);
	const offset = toldOffset(text, message) ?? foundOffset(text);
	if (offset === null) return { path: "", message };
	const before = text.slice(0, offset).split("\n");
	const column = (before[before.length - 1] ?? "").length + 1;
	return {
		path: `line ${before.length}:${column}`,
		message: message
			.replace(/( in| after) JSON at position .*$/, "")
			.replace(/, (\.\.\.)?".*" is not valid JSON$/s, ""),
	};
}

function toldOffset(text: string, message: string): number | null {
	const [, position] = / at position (\d+)/.exec(message) ?? [];
	if (position !== undefined) return Number(position);
	return message.includes("Unexpected end") ? text.length : null;
}

/** Longer texts are not read again and again. */
const MOST_CHARACTERS = 10_000_000;

/** Where the first character stands that is wrong: what comes before it only needs to go on. */
function foundOffset(text: string): number | null {
	if (text.length > MOST_CHARACTERS) return null;
	let fine = 0;
	let wrong = text.length;
	while (wrong - fine > 1) {
		const middle = Math.floor((fine + wrong) / 2);
		if (canGoOn(text.slice(0, middle))) fine = middle;
		else wrong = middle;
	}
	return fine;
}

function canGoOn(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch (error) {
		const message = messageOf(error);
		return (
			/Unexpected end|Unterminated/.test(message) ||
			toldOffset(text, message) === text.length
		);
	}
}

/** Of an error of a module that could not be read (`ParseError: … FILE:4:0`) or failed when it ran. */
export function reasonWithPlace(error: unknown, file: string): Place {
	const message = messageOf(error);
	const inMessage = placeAfter(message, file);
	if (inMessage) {
		const [line, column] = inMessage;
		return {
			// The parser counts columns from 0, everybody else from 1.
			path: `line ${line}:${column + 1}`,
			message: firstLine(message.replace(/^ParseError: /, "")),
		};
	}
	const stack = error instanceof Error ? (error.stack ?? "") : "";
	const inStack = placeAfter(stack.replaceAll("file://", ""), file);
	return {
		// Lines are the file's own; columns are those of the JavaScript that was made of it.
		path: inStack ? `line ${inStack[0]}` : "",
		message: firstLine(message),
	};
}

/** A call in somebody's file. */
export interface Call {
	readonly file: string;
	readonly line: number;
}

/** Lines of a stack are shorter; a message that is longer is not searched. */
const LONGEST_LINE = 4_096;

/**
 * The innermost call in a stack that stands in a user's file: in the scenario file, or in another
 * that is not Node's, no package's and not this program's.
 * @param scenario the path of the scenario file
 * @param program the folder of this program
 */
export function placeInStack(
	stack: string,
	scenario: string,
	program: string,
): Call | null {
	for (const line of stack.split("\n")) {
		if (line.length > LONGEST_LINE) continue;
		const [, file, number] =
			/^\s+at .*?(?:file:\/\/)?(\/[^()]*?):(\d+):\d+\)?$/.exec(line) ?? [];
		if (file === undefined) continue;
		const isOwn = file.startsWith(program) || file.includes("/node_modules/");
		if (!isOwn || file === scenario) return { file, line: Number(number) };
	}
	return null;
}

function placeAfter(
	text: string,
	file: string,
): readonly [number, number] | null {
	const at = text.indexOf(`${file}:`);
	if (at < 0) return null;
	const found = /^:(\d+):(\d+)/.exec(text.slice(at + file.length));
	return found ? [Number(found[1]), Number(found[2])] : null;
}

function firstLine(text: string): string {
	return (text.split("\n")[0] ?? "").trim();
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
