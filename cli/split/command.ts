import { Command, Option } from "commander";
import { readCount } from "../options/read-option.ts";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { SplitCommandOptions } from "./split.ts";

/** `marktwin split RULES`: what each backend gets, exactly. */
export function splitCommand(): Command {
	const command = new Command("split")
		.description(
			"print what each backend of a ruleset gets, exactly, while all are alive and\nwhile each one is dead",
		)
		.argument("<rules>", RULES_HELP)
		.addOption(
			new Option("--json", "the shares as JSON on standard output")
				.default(false)
				.conflicts("markdown"),
		)
		.option("--markdown", "the shares as Markdown on standard output", false)
		.option(
			"--service <text>",
			"only services whose address, port or name has this text",
		)
		.option(
			"--connections <count>",
			"connections for which to say what chance allows",
			readCount,
			1000,
		);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin split my.rules
  iptables-save | marktwin split -
  marktwin split --markdown my.rules >> "$GITHUB_STEP_SUMMARY"

Services are found by walking the model with packets that the rules ask for. Shares are
fractions of all connections in the long run; a window is any run of consecutive
connections, and its deviation is how many connections more or fewer a backend gets in it.

Exit codes:
  0  all shares are known (as intervals, where rates, times of day or earlier
     clients decide)
  2  the ruleset would not load, or another bad input
  3  no service was found, no packet met a rule that says where connections go,
     a share is unknown, or a dump says that it is not all`,
		)
		.action(async (file: string, options: SplitCommandOptions) => {
			const { split } = await import("./split.ts");
			return split(file, options);
		});
}
