/** What a terminal is given and others are not: colour, its width, a line of progress. */
import type { WriteStream } from "node:tty";
import type { styleText } from "node:util";

/** Paints a text, or leaves it as it is. */
export type Paint = (
	format: Parameters<typeof styleText>[0],
	text: string,
) => string;

/**
 * Colour is for terminals. NO_COLOR (https://no-color.org) turns it off and FORCE_COLOR on, whatever
 * the stream is.
 */
export function wantsColour(
	stream: Pick<WriteStream, "isTTY">,
	{ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv,
): boolean {
	if (NO_COLOR) return false;
	if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0";
	return stream.isTTY === true && TERM !== "dumb";
}

/** Columns of the terminal; what is piped gets as much as fits a page. */
export function columns(stream: Pick<WriteStream, "columns">): number {
	// Some terminals say 0 when they do not know.
	return Math.max(40, Math.min(stream.columns || 100, 120));
}

/** One line on standard error that says what is being done, gone when it is done. */
export interface Progress {
	show(text: string): void;
	clear(): void;
}

/** Nothing at all unless a person looks at the stream. */
export function progressOn(
	stream: Pick<WriteStream, "isTTY" | "write" | "columns">,
): Progress {
	if (!stream.isTTY) return { show() {}, clear() {} };
	let shown = false;
	return {
		show(text) {
			stream.write(`\r\x1b[2K${text.slice(0, (stream.columns || 80) - 1)}`);
			shown = true;
		},
		clear() {
			if (shown) stream.write("\r\x1b[2K");
			shown = false;
		},
	};
}
