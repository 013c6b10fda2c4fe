import { Command } from "commander";
import { linuxOption } from "../options/driver-option.ts";
import { addSetsOption } from "../options/world-options.ts";
import type { CheckOptions } from "./check.ts";

/** `marktwin check RULES…`: everything that iptables-restore or the kernel would refuse. */
export function checkCommand(): Command {
	const command = new Command("check")
		.description(
			"tell what iptables-restore or the kernel would refuse, all of it",
		)
		.argument(
			"<rules...>",
			"files that iptables-restore takes, shell scripts of iptables commands, or folders that `marktwin capture --into` wrote; - is standard input",
		)
		.option("--json", "what was found as JSON on standard output", false)
		.option(
			"--given <kind:name>",
			"something outside of the ruleset that is there: set:blocked, helper:ftp (repeatable)",
			(text: string, before: readonly string[]) => [...before, text],
			[],
		);
	return addSetsOption(command)
		.addOption(linuxOption("whose iptables and kernel take the rules"))
		.addHelpText(
			"after",
			`
Example:
  marktwin check my.rules
  iptables-save | marktwin check -
  marktwin check --given set:blocked my.rules
  marktwin check --sets ipset.save my.rules
  marktwin check firewall.sh
  marktwin check --linux trixie/nft my.rules

A script of iptables commands is taken to start from an empty ruleset. Variables that are
assigned plainly, &&, || and here-documents are carried out; loops, conditions and functions
around iptables commands are refused. What has no bearing on rules is named and ignored.

Exit codes:
  0  all of it would load, and marktwin models all of it
  2  something is refused, or marktwin does not take the file
  3  nothing is refused, but the file has no rules, or a rule is open: it has a
     match or target that marktwin does not model, or it needs a set, a helper
     or another object that exists first (--given, --sets)`,
		)
		.action(async (files: readonly string[], options: CheckOptions) => {
			const { check } = await import("./check.ts");
			process.exitCode = await check(files, options);
		});
}
