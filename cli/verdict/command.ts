import { Command, Option } from "commander";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { VerdictOptions } from "./verdict.ts";

/** `marktwin verdict RULES`: all that marktwin says of a ruleset. */
export function verdictCommand(): Command {
	const command = new Command("verdict")
		.description(
			"tell all about a ruleset: would it load, what does it balance, what does each\nbackend get, what is wrong, and what repairs it",
		)
		.argument("<rules...>", RULES_HELP)
		.addOption(
			new Option("--json", "the verdict as JSON on standard output")
				.default(false)
				.conflicts("markdown"),
		)
		.option("--markdown", "the verdict as Markdown on standard output", false)
		.option("--report <file>", "HTML page that shows the verdict")
		.addOption(
			new Option(
				"--severity <severity>",
				"least severity of a finding that makes the exit code 1",
			)
				.choices(["error", "warning", "note"])
				.default("warning"),
		);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin verdict my.rules
  iptables-save | marktwin verdict -
  marktwin verdict my.rules --report verdict.html

It is \`check\`, \`split\` and \`lint\` in one. \`marktwin fix\` repairs what can be repaired.

Exit codes:
  0  it would load, all shares are known (as intervals, where rates, times of
     day or earlier clients decide), no finding is of --severity or above
  1  a finding of --severity or above
  2  it would not load, or another bad input
  3  no such finding, but something is not known: no service was found, a share
     is unknown, or a rule is not modelled`,
		)
		.action(async (files: readonly string[], options: VerdictOptions) => {
			const { verdict } = await import("./verdict.ts");
			return verdict(files, options);
		});
}
