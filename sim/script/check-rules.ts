/**
 * Rules as people have them: a file for iptables-restore, or a shell script of iptables commands.
 *
 * ```ts
 * const { ruleset, faults, notes } = checkRules(text, { file: "firewall.sh" });
 * const { text: forARestore } = restoreForm(text, "firewall.sh"); // throws RulesetError
 * ```
 */

import type { Ruleset, Table } from "../contract/ruleset.ts";
import { DEFAULT_LINUX } from "../linux/linux.ts";
import { type Fault, RulesetError } from "../ruleset/base/ruleset-error.ts";
import { checkRuleset, type ParseOptions } from "../ruleset/parse.ts";
import { printRuleset } from "../ruleset/print.ts";
import { bearingOf, prefixLength, programName } from "./run/known-commands.ts";
import { type Note, Report } from "./run/report.ts";
import { runShell } from "./run/run-shell.ts";
import { TablePlayer } from "./table-player.ts";

export interface CheckedRules {
	/** `null` when there is any fault. */
	readonly ruleset: Ruleset | null;
	/** All that were read, loaded or not. */
	readonly tables: readonly Table[];
	readonly faults: readonly Fault[];
	/** What a script does besides, and what it is taken to do; what a dump itself warns of. */
	readonly notes: readonly Note[];
	readonly isScript: boolean;
}

/**
 * Never throws.
 * @param options.hasSet of a file for iptables-restore; a script may make sets by itself
 */
export function checkRules(
	text: string,
	options: Parameters<typeof checkRuleset>[1] = {},
): CheckedRules {
	if (!isShellScript(text))
		return {
			...checkRuleset(text, options),
			notes: notesOf(text, options.file ?? "<text>"),
			isScript: false,
		};
	const report = new Report(text, options.file ?? "<text>");
	report.note(0, "a script: it is taken to start from an empty ruleset");
	const player = new TablePlayer(report, options.linux ?? DEFAULT_LINUX);
	runShell(text, player, report);
	const ruleset = player.ruleset();
	const faults = report.faults.toSorted((a, b) => a.line - b.line);
	return {
		ruleset: faults.length === 0 ? ruleset : null,
		tables: ruleset.tables,
		faults,
		notes: report.notes(),
		isScript: true,
	};
}

/** What iptables-nft-save warns of in its dump: the kernel has other rules besides. */
const OTHER_TABLES = /^# Warning: (ip6?tables-legacy) tables present.*$/gm;

function notesOf(text: string, file: string): readonly Note[] {
	return [...text.matchAll(OTHER_TABLES)].map((found) => {
		const line = text.slice(0, found.index).split("\n").length;
		const message = `this dump is not all: the machine has tables of ${found[1]} besides, which \`${found[1]}-save\` prints and packets pass, too`;
		return { file, line, message };
	});
}

/** Of a dump that says so itself: rules for IPv4 that its machine has and it lacks; "": none. */
export function lackedBy(text: string): "" | "iptables-legacy" {
	const names = [...text.matchAll(OTHER_TABLES)].map(([, name]) => name);
	return names.includes("iptables-legacy") ? "iptables-legacy" : "";
}

/** @throws RulesetError with all faults */
export function parseRules(
	text: string,
	options: ParseOptions = {},
): { readonly ruleset: Ruleset; readonly notes: readonly Note[] } {
	const { ruleset, faults, notes } = checkRules(text, options);
	if (ruleset === null) throw new RulesetError(faults);
	return { ruleset, notes };
}

/**
 * What iptables-restore takes in place of a script: the ruleset that it makes, with a remark of its
 * line before each rule (`readScript` knows it). Any other text stays as it is.
 * @param linux whose iptables carries the script out
 * @throws RulesetError for a script with faults
 */
export function restoreForm(
	text: string,
	file: string,
	linux = DEFAULT_LINUX,
): { readonly text: string; readonly notes: readonly Note[] } {
	if (!isShellScript(text)) return { text, notes: notesOf(text, file) };
	const { ruleset, notes } = parseRules(text, { file, linux });
	// iptables-save prints the table first that was made last.
	const tables = ruleset.tables.toReversed();
	return {
		text: printRuleset({ tables }, { linux, origins: true }),
		notes,
	};
}

/**
 * The first line that is no comment decides: a table's header, a chain or a rule makes it a file for
 * iptables-restore. Else it is a script when it begins with `#!` and a shell, or calls iptables.
 */
export function isShellScript(text: string): boolean {
	if (/^#!.*\b(?:ba|da|k|mk|z|a)?sh\b/.test(text)) return true;
	const first = firstLine(text);
	if (/^(?:[*[]|:\S|-|COMMIT\b)/.test(first)) return false;
	// No part of it is unbounded: a long word is looked at from each of its characters.
	const commands = text.matchAll(
		/(?:^|[;&|({])[ \t]{0,99}((?:[\w./@:+-]{1,99}[ \t]{1,99}){0,6}?(?:\S{0,99}\/)?ip6?tables(?:-\w+)*)(?=\s|$)/gm,
	);
	for (const [, command = ""] of commands) {
		const words = command
			.split(/[ \t]+/)
			.filter((word) => !/^(?:if|then|elif|else|while|until|do|!)$/.test(word));
		const name = programName(words[prefixLength(words)] ?? "");
		if (bearingOf(name).kind === "rules") return true;
	}
	// A program in a variable, which a shell would call.
	if (
		/^[ \t]{0,99}(?:sudo[ \t]{1,9})?"?\$\{?\w{1,99}\}?"?[ \t]{1,99}(?:-w[ \t]{1,9})?-(?:[AIDNPFXtZ]|-\w{1,99})[ \t]/m.test(
			text,
		)
	)
		return true;
	return /=["']?(?:\S{0,99}\/)?iptables(?:-legacy|-nft)?\b|=\S{0,99}\b(?:which|command -v)\s{1,99}iptables/m.test(
		text,
	);
}

/** The first line with something in it that is no comment. */
function firstLine(text: string): string {
	for (let from = 0; from < text.length; ) {
		const newline = text.indexOf("\n", from);
		const to = newline < 0 ? text.length : newline;
		const line = text.slice(from, to).trim();
		if (line !== "" && !line.startsWith("#")) return line;
		from = to + 1;
	}
	return "";
}
