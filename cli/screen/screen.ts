/**
 * The two screens of a command, standard output and standard error. Everything that a command prints
 * goes through one of them, so that no text of a ruleset, a scenario, a file's name or a word of the
 * command line speaks to a terminal or to a CI system (`test/style.test.ts` holds it).
 */
import { randomBytes } from "node:crypto";
import { fstatSync } from "node:fs";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import { isCommand, visible } from "../../reports/visible.ts";
import {
	encodeOctets,
	isWellFormed,
} from "../../sim/extension/values/octets.ts";
import { InputError } from "./input-error.ts";
import {
	hasCommandReader,
	nameText,
	plainText,
	screenLines,
} from "./screen-text.ts";
import { columns, type Paint, progressOn, wantsColour } from "./terminal.ts";

export interface Screen {
	readonly columns: number;
	/** Colours a text for `show`. */
	readonly paint: Paint;
	/** Lines for a person, with texts of others in them. */
	show(lines: readonly string[]): void;
	/** Lines that are our own commands for a CI system; `githubAnnotations` has escaped what they quote. */
	command(lines: readonly string[]): void;
	/**
	 * A text for a program, octet for octet; on a terminal it is made visible.
	 * @throws InputError where a CI system reads along and would take a line for a command
	 */
	data(text: string): void;
}

type Stream = Pick<WriteStream, "isTTY" | "columns"> & {
	write(text: string | Uint8Array): unknown;
};

/**
 * Stands for the ESC of a colour until a screen writes it. It is drawn for each process, so that no
 * text of others can hold it.
 */
const ESCAPE = `⟦${randomBytes(12).toString("hex")}⟧`;
const COLOUR = new RegExp(`${ESCAPE}(?=\\[[\\d;]*m)`, "g");

/** @param isPipe whether another program reads it, a CI system's runner say */
export function createScreen(
	stream: Stream,
	isPipe: () => boolean,
	environment: NodeJS.ProcessEnv = process.env,
): Screen {
	const isColoured = wantsColour(stream, environment);
	const writeLines = (lines: readonly string[]) => {
		progress.clear();
		if (lines.length > 0) stream.write(`${lines.join("\n")}\n`);
	};
	const show = (lines: readonly string[]) =>
		writeLines(
			screenLines(
				lines.map((line) => plainText(line).replaceAll(COLOUR, "\u001b")),
			),
		);
	return {
		get columns() {
			return columns(stream);
		},
		paint: isColoured
			? (format, text) =>
					styleText(format, visible(text), {
						validateStream: false,
					}).replaceAll("\u001b", ESCAPE)
			: (_, text) => text,
		show,
		command: writeLines,
		data(text) {
			progress.clear();
			if (stream.isTTY) {
				stream.write(plainText(text));
				return;
			}
			if (hasCommandReader(environment) && isPipe()) mustCommandNothing(text);
			stream.write(isWellFormed(text) ? text : encodeOctets(text));
		},
	};
}

function mustCommandNothing(text: string): void {
	const lines = text.split(/\r\n|[\r\n]/);
	const found = lines.findIndex(isCommand);
	if (found < 0) return;
	throw new InputError(
		`line ${found + 1} of the output would be a command to the CI system: ${nameText(lines[found] ?? "")}`,
		"Write it to a file: > FILE.",
	);
}

function isPipe(descriptor: number): () => boolean {
	return () => {
		const there = fstatSync(descriptor);
		return there.isFIFO() || there.isSocket();
	};
}

/** What is being done, on standard error, for as long as a person looks there. */
export const progress = progressOn(process.stderr);
export const out = createScreen(process.stdout, isPipe(1));
export const err = createScreen(process.stderr, isPipe(2));

/** Says what is being done until it is. */
export async function whileShowing<Result>(
	text: string,
	work: () => Promise<Result>,
): Promise<Result> {
	progress.show(nameText(text));
	try {
		return await work();
	} finally {
		progress.clear();
	}
}
