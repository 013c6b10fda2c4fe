import { Command, Option } from "commander";
import { addCodes } from "../lint/command.ts";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { FixOptions } from "./fix.ts";

/** `marktwin fix RULES`: repairs what would not load and what the linter finds, and says what it did. */
export function fixCommand(): Command {
	const command = new Command("fix")
		.description(
			"print the repaired ruleset, and on standard error what changed",
		)
		.argument("<rules>", RULES_HELP)
		.option(
			"-o, --output <file>",
			"file to write the repaired ruleset to (default standard output)",
		)
		.addOption(
			new Option(
				"--in-place",
				"write the repaired ruleset back to the file",
			).conflicts("output"),
		)
		.addOption(
			new Option(
				"--check",
				"write no ruleset: show what would change, and end with 1 if anything would",
			).conflicts(["output", "inPlace"]),
		)
		.option(
			"--unsafe",
			"make repairs too that may change what is meant; read the diff",
		)
		.option(
			"--only <codes>",
			"rules of the linter whose findings are repaired: MT101,MT102 (repeatable; default all)",
			addCodes,
			[],
		)
		.option(
			"--ignore <codes>",
			"rules of the linter whose findings stay (repeatable)",
			addCodes,
			[],
		);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin fix pasted.rules --output my.rules
  marktwin fix pasted.rules | iptables-restore --test
  marktwin fix --check --only MT101 my.rules
  marktwin fix --in-place --unsafe my.rules

  marktwin fix firewall.sh --output my.rules

First what would not load is repaired, then what marktwin lint finds. A repair
is taken back if its finding is still there, another one of severity warning
or above comes of it, or a service is worse off. A finding that a comment
suppresses stays. Lines without a fault stay as they are.

Of a script comes a file for iptables-restore: the same commands, table by table.

Exit codes:
  0  nothing is left to repair
  1  findings of severity warning or above are left; with --check, also:
     something would change
  2  something is left that would be refused (--in-place then changes
     nothing), or another bad input
  3  nothing is left that the linter finds, but something was not analysed, as
     with lint`,
		)
		.action(async (file: string, options: FixOptions) => {
			const { fix } = await import("./fix.ts");
			return fix(file, options);
		});
}
