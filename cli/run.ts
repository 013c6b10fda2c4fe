import { Command, Option } from "commander";
import {
	addScenarioOptions,
	type ScenarioOptions,
} from "./scenario-options.ts";

export interface RunOptions extends ScenarioOptions {
	readonly on: "model" | "vm";
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}

/** `marktwin run [SCENARIO…]`: plays scenarios and judges them. */
export function runCommand(): Command {
	const command = new Command("run").description(
		"play scenarios and tell whether what they expect holds",
	);
	return addScenarioOptions(command)
		.addOption(
			new Option(
				"-o, --on <driver>",
				"the model, or a real kernel in a virtual machine",
			)
				.choices(["model", "vm"])
				.default("model"),
		)
		.option("-l, --list", "only list the scenarios", false)
		.option(
			"-v, --verbose",
			"show every expectation, with what was seen",
			false,
		)
		.option("-q, --quiet", "show only what does not hold", false)
		.addHelpText(
			"after",
			`
Examples:
  marktwin run                                    all built-in scenarios
  marktwin run split failover                     two suites of them
  marktwin run --rules recipe.rules=my.rules      … with your own rules
  marktwin run my.scenario.ts --report report.html
  marktwin run split --on vm                      … on a real kernel`,
		)
		.action(async (names: readonly string[], options: RunOptions) => {
			const { run } = await import("./run/run.ts");
			process.exitCode = await run(names, options);
		});
}
