/** The command `marktwin` and its commands. What one needs of the model is loaded when it runs, so that `--help` is quick. */
import { Command } from "commander";
import { EXIT_HELP } from "./base/exit-code.ts";
import { version } from "./base/version.ts";
import { captureCommand } from "./capture/command.ts";
import { checkCommand } from "./check/command.ts";
import { compareCommand } from "./compare/command.ts";
import { diffCommand } from "./diff/command.ts";
import { exampleCommand } from "./example/command.ts";
import { explainCommand } from "./explain/command.ts";
import { exploreCommand } from "./explore/command.ts";
import { fixCommand } from "./fix/command.ts";
import { fuzzCommand } from "./fuzz/command.ts";
import { healthcheckCommand } from "./healthcheck/command.ts";
import { initCommand } from "./init/command.ts";
import { labCommand } from "./lab/command.ts";
import { lintCommand } from "./lint/command.ts";
import { mergeCommand } from "./merge/command.ts";
import { proveCommand } from "./prove/command.ts";
import { runCommand } from "./run/command.ts";
import { saveCommand } from "./save/command.ts";
import { splitCommand } from "./split/command.ts";
import { traceCommand } from "./trace/command.ts";
import { upgradeCommand } from "./upgrade/command.ts";
import { verdictCommand } from "./verdict/command.ts";

/** `marktwin`, with all of its commands. */
export function marktwinCommand(): Command {
	const marktwin = new Command("marktwin")
		.description(
			"A twin of the kernel that marks: plays connections against an iptables ruleset\nand tells whether it splits them evenly, fails over and keeps its promises.",
		)
		.version(version())
		// Whatever stands behind a command is that command's, so that `lab shell` can leave it to another.
		.enablePositionalOptions()
		.addHelpText("after", `\n${EXIT_HELP}`)
		.addHelpText(
			"after",
			`
Examples:
  marktwin verdict /etc/iptables/rules.v4 who gets what, what is wrong?
  marktwin lint /etc/iptables/rules.v4    what is wrong with it?
  marktwin run builtin                    plays all that comes with marktwin
  marktwin run                            plays *.scenario.* below this folder
  marktwin example demo                   a ruleset and scenarios to begin with`,
		);
	for (const command of [
		verdictCommand(),
		runCommand(),
		exploreCommand(),
		traceCommand(),
		saveCommand(),
		checkCommand(),
		splitCommand(),
		lintCommand(),
		proveCommand(),
		explainCommand(),
		diffCommand(),
		upgradeCommand(),
		fixCommand(),
		compareCommand(),
		fuzzCommand(),
		mergeCommand(),
		labCommand(),
		captureCommand(),
		exampleCommand(),
		initCommand(),
		healthcheckCommand(),
	])
		marktwin.addCommand(command);
	return marktwin;
}
