/** Text of others on a screen: it shows what it is, and commands neither a terminal nor a CI system. */
import { shortenText } from "../reports/shorten.ts";
import { visible } from "../reports/visible.ts";

/** Characters that hide, turn others around or speak to a terminal are made visible. */
export function plainText(text: string): string {
	return visible(text).replaceAll("\r\n", "\n").replaceAll("\r", "⟨U+000D⟩");
}

/** The same, cut where it is longer than anybody reads. */
export function screenText(text: string): string {
	return plainText(shortenText(text));
}

/** A name within a line, of a file say: its line ends are made visible as well, so that it is no line of its own. */
export function nameText(name: string): string {
	return plainText(name).replaceAll("\n", "⟨U+000A⟩");
}

/** The variables by which a CI system says that it reads what is printed. */
const READERS = ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"] as const;

/** Does a CI system look for commands in what is printed? */
export function hasCommandReader(environment: NodeJS.ProcessEnv): boolean {
	return READERS.some((name) => Boolean(environment[name]));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours that stand before a word
const COMMAND_AT_START = /^((?:\s|\u001b\[[\d;]*m)*):(?=:)/;
/** `##[error]`, `##vso[…]`, `##teamcity[…]`, wherever they stand in a line. */
const COMMAND_WITHIN = /##(?=\w*\[)/g;

/** Would a CI system take the line for a command? */
export function isCommand(line: string): boolean {
	return COMMAND_AT_START.test(line) || line.search(COMMAND_WITHIN) >= 0;
}

/**
 * Lines for the screen. GitHub's runner takes a line that begins with `::` for a command, and `##[`
 * wherever it stands (`ActionCommand.TryParse`, actions/runner); Azure Pipelines and TeamCity have
 * `##vso[` and `##teamcity[`. A blank within makes it a text again.
 */
export function screenLines(
	lines: readonly string[],
	environment: NodeJS.ProcessEnv = process.env,
): readonly string[] {
	const all = lines.flatMap((line) => line.split("\n"));
	return hasCommandReader(environment)
		? all.map((line) =>
				line
					.replace(COMMAND_AT_START, "$1: ")
					.replaceAll(COMMAND_WITHIN, "## "),
			)
		: all;
}
