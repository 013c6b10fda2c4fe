/** Text of others on a screen: it shows what it is, and commands neither a terminal nor a CI system. */
import { shortenText } from "../../reports/shorten.ts";
import { visible, withoutCommand } from "../../reports/visible.ts";

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

/** The variables by which a CI system says that it reads what is printed; they decide about data alone. */
const READERS = ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"] as const;

/** Does a CI system look for commands in what is printed? */
export function hasCommandReader(environment: NodeJS.ProcessEnv): boolean {
	return READERS.some((name) => Boolean(environment[name]));
}

/**
 * Lines for the screen. They command no CI system, whatever the environment says: a container within
 * a step of GitHub's has no variable of the runner, and the runner reads along.
 */
export function screenLines(lines: readonly string[]): readonly string[] {
	return lines.flatMap((line) => line.split("\n")).map(withoutCommand);
}
