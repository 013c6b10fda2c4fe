/** What tests of scripts look at: the ruleset that is left, faults and notes, with their lines. */
import { printRuleset } from "../ruleset/print.ts";
import { checkRules } from "./check-rules.ts";

/** What a script leaves: the lines of iptables-save without headers and built-in chains that are as ever. */
export function left(text: string): readonly string[] {
	return printRuleset({ tables: checkRules(text).tables })
		.split("\n")
		.filter((line) => /^(-|:)/.test(line) && !/^:[A-Z]+ ACCEPT /.test(line));
}

/** Line and message of each fault. */
export function faultsOf(text: string): readonly string[] {
	return checkRules(text).faults.map(
		({ line, message }) => `${line}: ${message}`,
	);
}

/** Line and message of each note but the first, that it is a script. */
export function notesOf(text: string): readonly string[] {
	return checkRules(text)
		.notes.slice(1)
		.map(({ line, message }) => `${line}: ${message}`);
}
