import { Command, Option } from "commander";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { DiffOptions } from "./diff.ts";

/** `marktwin diff OLD NEW`: what an edit changes. */
export function diffCommand(): Command {
	const command = new Command("diff")
		.description(
			"tell what an edit of a ruleset changes: shares, packets, connections that\nstand, findings",
		)
		.argument(
			"<old>",
			`rules before the edit: ${RULES_HELP}; or what ipvsadm-save -n prints`,
		)
		.argument("[new]", "rules after it; left out: <old>, with --git")
		.option(
			"--git <commit>",
			"rules before the edit are those of the file at this commit, branch or tag",
		)
		.option(
			"--allow <change>",
			"change that is allowed: 'service web: split', 'packets: dropped', 'finding MT104' (repeatable)",
			(text: string, before: readonly string[]) => [...before, text],
			[],
		)
		.option("--allow-file <file>", "file with such changes, one a line")
		.addOption(
			new Option("--json", "what changes as JSON on standard output")
				.default(false)
				.conflicts("markdown"),
		)
		.option(
			"--markdown",
			"what changes as Markdown on standard output: for a comment",
			false,
		)
		.option(
			"--report <file>",
			"HTML page that shows what changes (- is standard output)",
		)
		.option(
			"--sarif <file>",
			"what changes as SARIF, which code hosts and editors read (- is standard output)",
		);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin diff old.rules new.rules
  marktwin diff --git main firewall/rules.v4
  iptables-save | marktwin diff - new.rules
  marktwin diff --allow 'service web: split' old.rules new.rules
  marktwin diff old.rules new.rules --report diff.html

Packets that fit no rule which was removed, added or moved meet the same rules in both.
All others are taken apart until both rulesets treat each kind alike, and a packet of each
is walked through the model with both. What is not known is unknown, and never the same.

Exit codes:
  0  the same, or all that differs is allowed
  1  different
  2  one of them would not load, or another bad input
  3  nothing that is known differs, but not all is known`,
		)
		.action(
			async (old: string, young: string | undefined, options: DiffOptions) => {
				const { diff } = await import("./diff.ts");
				return diff(old, young, options);
			},
		);
}
