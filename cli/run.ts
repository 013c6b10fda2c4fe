import { Command, Option } from "commander";
import type { IptablesVariant } from "../lab/docker/router-kernel.ts";
import { iptablesOption, KERNEL_HELP } from "./router-options.ts";
import {
	addScenarioOptions,
	type ScenarioOptions,
} from "./scenario-options.ts";

export interface RunOptions extends ScenarioOptions {
	readonly on: "model" | "vm" | "docker";
	readonly iptables: IptablesVariant;
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
				"the model, a real kernel in a virtual machine, or containers with real mail servers",
			)
				.choices(["model", "vm", "docker"])
				.default("model"),
		)
		.addOption(iptablesOption())
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
${KERNEL_HELP}
Examples:
  marktwin run                                    all built-in scenarios
  marktwin run split failover                     two suites of them
  marktwin run --rules recipe.rules=my.rules      … with your own rules
  marktwin run my.scenario.ts --report report.html
  marktwin run split --on vm                      … on a real kernel
  marktwin run --on docker                        the live suite, in containers`,
		)
		.action(async (names: readonly string[], options: RunOptions) => {
			const { run } = await import("./run/run.ts");
			process.exitCode = await run(names, options);
		});
}
