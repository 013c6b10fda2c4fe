/** What is said of the commands of a script that are not iptables. */

import type { SimpleCommand } from "../syntax/statement.ts";
import type { ExpandedWord } from "./executor.ts";
import { bearingOf, programName } from "./known-commands.ts";
import type { Report, Span } from "./report.ts";
import { describe, holdsRules } from "./shell-words.ts";

/** How a command ended. */
export type Status = "succeeded" | "failed" | "unknown";

export const WRITE_OUT =
	"Write the commands out one by one, or run the script on a machine and take what `iptables-save` prints there.";

/** They answer a question, and only a run would tell what. */
const ASKS =
	/^(test|\[|grep|egrep|type|hash|command|which|diff|cmp|pgrep|pidof|ping)$/;

/** Builtins of which nothing is said: what they do to variables is followed. */
const QUIET =
	/^(:|unset|set|export|readonly|declare|local|typeset|let|break|continue)$/;

/** @param cannotKnow what to do about a command that may change rules */
export function sayBystander(
	command: SimpleCommand,
	words: readonly ExpandedWord[],
	report: Report,
	cannotKnow: (span: Span, message: string, remedy: string) => void,
): Status {
	const name = programName(words[0]?.text ?? "");
	const { from } = command;
	const written = describe(command);
	if (written !== null) {
		report.note(
			from,
			`${written} is not carried out: give it to \`trace\` by --sysctl, and to a scenario's set-up`,
		);
		return "succeeded";
	}
	const bearing = bearingOf(name);
	if (bearing.kind === "none") {
		if (ASKS.test(name)) return "unknown";
		if (QUIET.test(name)) return "succeeded";
		report.note(from, `\`${name}\` has no bearing on rules: ignored`);
		return "succeeded";
	}
	if (bearing.kind === "packets" && !holdsRules(words)) {
		report.note(from, `\`${name}\` is not carried out: ${bearing.why}`);
		return "succeeded";
	}
	cannotKnow(
		command,
		`what \`${name}\` does to the rules is not known`,
		`Take it out if it does nothing to them. ${WRITE_OUT}`,
	);
	return "unknown";
}

/** A compound command by its opener. */
export function nameOf(opener: string): string {
	if (opener === "(" || opener === "{") return "a group";
	if (opener === "if" || opener === "case" || opener === "[[")
		return `a condition (\`${opener}\`)`;
	return `a loop (\`${opener}\`)`;
}
