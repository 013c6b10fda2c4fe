import { Command, Option } from "commander";
import {
	driverOption,
	LINUX_HELP,
	linuxOption,
} from "../options/driver-option.ts";
import { readAssumed } from "../options/read-option.ts";
import { KERNEL_HELP } from "../options/router-options.ts";
import { addScenarioOptions } from "../options/scenario-options.ts";
import { ASSUME_HELP } from "../options/world-options.ts";
import type { RunOptions } from "./options.ts";

/** `marktwin run [SCENARIO…]`: plays scenarios and judges them. */
export function runCommand(): Command {
	const command = new Command("run").description(
		"play scenarios and judge whether what they expect holds",
	);
	return addScenarioOptions(command)
		.addOption(
			driverOption(
				"--on <driver>",
				"what is played on: the model, a kernel in a virtual machine, or containers with real mail servers",
				["model", "vm", "docker"],
			),
		)
		.addOption(
			linuxOption("Linux of all gateways, whatever scenarios say of theirs"),
		)
		.option(
			"--assume <key=value>",
			ASSUME_HELP,
			readAssumed,
			new Map<string, "yes" | "no" | "either">(),
		)
		.addOption(
			new Option("-l, --list", "list the scenarios, and play none")
				.default(false)
				.conflicts(["report", "junit", "json", "summary", "bail"]),
		)
		.option("-v, --verbose", "show every expectation and what was seen", false)
		.addOption(
			new Option("-q, --quiet", "show only what does not hold")
				.default(false)
				.conflicts("verbose"),
		)
		.addHelpText(
			"after",
			`
${LINUX_HELP}
${KERNEL_HELP}
Examples:
  marktwin run                                 *.scenario.* below this folder
  marktwin run firewall 'more/*.json'          a folder, and a pattern
  marktwin run my.scenario.ts --report report.html
  marktwin run builtin                         all that come with marktwin
  marktwin run split failover                  two suites of them
  marktwin run split --rules recipe.rules=my.rules
                                               … with your own rules
  marktwin run split --on vm                   … on a real kernel
  marktwin run split --linux trixie/nft        … as Debian 13 with iptables-nft
  marktwin run live --on docker                the live suite, in containers`,
		)
		.action(async (names: readonly string[], options: RunOptions) => {
			const { run } = await import("./run.ts");
			process.exitCode = await run(names, options);
		});
}
