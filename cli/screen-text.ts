/** Text that somebody else wrote, on a screen: it shows what it is, and commands nobody. */
import { shortenText } from "../reports/shorten.ts";
import { visible } from "../reports/visible.ts";
import type { Progress } from "./terminal.ts";

/** Signs that hide, turn others around or speak to a terminal are made visible. */
export function plainText(text: string): string {
	return visible(text).replaceAll("\r\n", "\n").replaceAll("\r", "⟨U+000D⟩");
}

/** The same, cut where it is longer than anybody reads. */
export function screenText(text: string): string {
	return plainText(shortenText(text));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours that stand before a word
const COMMAND_AT_START = /^((?:\s|\u001b\[[\d;]*m)*):(?=:)/;

/**
 * Lines for the screen. GitHub's runner takes a line that begins with `::` for a command, and `##[`
 * wherever it stands (`ActionCommand.TryParse`, actions/runner); a blank in it makes it a text again.
 */
export function screenLines(
	lines: readonly string[],
	environment: NodeJS.ProcessEnv = process.env,
): readonly string[] {
	const all = lines.flatMap((line) => line.split("\n"));
	return environment.GITHUB_ACTIONS === "true"
		? all.map((line) =>
				line.replace(COMMAND_AT_START, "$1: ").replaceAll("##[", "## ["),
			)
		: all;
}

/** Writes lines where a person looks, the line of progress out of their way. */
export function screenWriter(
	screen: NodeJS.WritableStream,
	progress: Pick<Progress, "clear">,
) {
	const write = (lines: readonly string[]) => {
		progress.clear();
		if (lines.length > 0) screen.write(`${lines.join("\n")}\n`);
	};
	return {
		/** Lines that are our own, commands for a CI system among them. */
		write,
		/** Lines with texts of others in them. */
		show: (lines: readonly string[]) => write(screenLines(lines)),
	};
}
