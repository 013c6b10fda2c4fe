/** What is told of a shell command from its words and redirections. */

import type { ShellCommand, SimpleCommand } from "../syntax/statement.ts";
import { bareText, plainText, shownText, type Word } from "../syntax/token.ts";
import type { ExpandedWord } from "./executor.ts";
import { IPTABLES, programName, RESTORE } from "./known-commands.ts";
import type { Variables } from "./variables.ts";

/** Options that change rules, as a word of a command of which not all is known. */
const RULE_OPTION =
	/^(-[ADIRFXNPEZC]|--(append|delete|insert|replace|flush|delete-chain|new-chain|policy|rename-chain|zero|check))$/;

/** Does a command that has unknown words look as if it changed rules? */
export function carriesRules(
	{ words }: SimpleCommand,
	variables: Variables,
): boolean {
	let position = 0;
	for (const word of words) {
		const fields = variables.expand(word);
		const isUnknown = "unknown" in fields;
		const texts = isUnknown
			? word.parts.map((part) =>
					part.kind === "text" ? part.text : ` ${nameIn(part)} `,
				)
			: fields;
		for (const text of texts) {
			const name = programName(text);
			if (IPTABLES.has(name) || RESTORE.has(name)) return true;
			if (
				RULE_OPTION.test(text) &&
				position > 0 &&
				isUnknownFirst(words, variables)
			)
				return true;
		}
		position++;
	}
	return false;
}

/** `$FW -A INPUT`: which program runs is not known. */
function isUnknownFirst(
	[first]: SimpleCommand["words"],
	variables: Variables,
): boolean {
	return first !== undefined && "unknown" in variables.expand(first);
}

function nameIn(part: SimpleCommand["words"][number]["parts"][number]): string {
	return part.kind === "command" ? part.command : "";
}

/** Is iptables among the words, as behind `ip netns exec`? */
export function holdsRules(words: readonly ExpandedWord[]): boolean {
	return words.some(({ text }) => {
		const name = programName(text);
		return IPTABLES.has(name) || RESTORE.has(name);
	});
}

/** Nothing of what it says on standard error is seen. */
export function isSilent({ redirections }: SimpleCommand): boolean {
	let out = false;
	let error = false;
	for (const { operator, descriptor, target } of redirections) {
		const file = target === null ? "" : (plainText(target) ?? "");
		const away = file === "/dev/null" || file === "-";
		if (operator === ">&" || operator === "&>" || operator === "&>>") {
			if (operator === ">&" && descriptor === "2" && file === "1") error = out;
			else if (descriptor === "2") error = away;
			else if (away) out = error = true;
		} else if (operator.startsWith(">")) {
			if (descriptor === "2") error = away;
			else if (descriptor === "1") out = away;
		}
	}
	return error;
}

/** `echo 1 > /proc/sys/net/ipv4/ip_forward`, as a sysctl; `null` for anything else. */
export function describe({ redirections }: SimpleCommand): string | null {
	for (const { operator, target } of redirections) {
		if (!operator.startsWith(">") || target === null) continue;
		const file = shownText(target);
		if (/^\/(proc|sys)\//.test(file)) return `writing to ${file}`;
	}
	return null;
}

/** `iptables -L`: changes nothing, wherever it stands. */
export function isListing(words: readonly ExpandedWord[]): boolean {
	return (
		IPTABLES.has(programName(words[0]?.text ?? "")) &&
		words.some(({ text }) =>
			/^(-[nvx]*[LS][nvx]*|--list(-rules)?)$/.test(text),
		) &&
		!words.some(({ text }) => RULE_OPTION.test(text))
	);
}

/** `iptables -L`, `iptables --version`, of which some words may not be known. */
export function isReading(
	fields: readonly { readonly text: string | null }[],
): boolean {
	const words = fields.map(({ text }) => ({
		text: text ?? "",
		from: 0,
		to: 0,
	}));
	if (fields.some(({ text }) => text === null)) return false;
	return isListing(words) || words.some(({ text }) => HELP.test(text));
}

/** They print a text, whatever stands besides them. */
export const HELP = /^(--version|--help|-V|-h)$/;

/** `cat <<EOF | iptables-restore` is `iptables-restore <<EOF`; `null` for another pipeline. */
export function fromCat(
	first: ShellCommand,
	second: ShellCommand | undefined,
	commands: readonly ShellCommand[],
): SimpleCommand | null {
	if (commands.length !== 2 || first.kind !== "simple") return null;
	if (second?.kind !== "simple" || first.words.length !== 1) return null;
	if (bareText(first.words[0] as Word) !== "cat") return null;
	if (!first.redirections.some(({ document }) => document !== null))
		return null;
	const redirections = [...first.redirections, ...second.redirections];
	return { ...second, redirections };
}

/**
 * What an assignment of PATH makes doubtful: `nowhere` when it has no folder of the system's programs, else the
 * first folder besides those; `null` when nothing.
 */
export function searchPath({ words }: SimpleCommand): string | null {
	for (const word of words) {
		const shown = shownText(word);
		if (!shown.startsWith("PATH=")) continue;
		const folders = shown.slice("PATH=".length).split(":");
		const known = folders.filter((it) => SYSTEM_FOLDER.test(it));
		if (known.length === 0) return "nowhere";
		return folders.find((it) => !SYSTEM_FOLDER.test(it)) ?? null;
	}
	return null;
}

const SYSTEM_FOLDER = /^((\/usr(\/local)?)?\/s?bin\/?|\$PATH)$/;
