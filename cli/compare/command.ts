import { Command } from "commander";
import { driverOption, LINUX_HELP } from "../options/driver-option.ts";
import { KERNEL_HELP } from "../options/router-options.ts";
import { addScenarioOptions } from "../options/scenario-options.ts";
import type { CompareOptions } from "./options.ts";

/** `marktwin compare [SCENARIO…]`: plays scenarios on the model and on a kernel, packet by packet. */
export function compareCommand(): Command {
	const command = new Command("compare").description(
		"play scenarios on the model and on a real kernel, and show where the two differ",
	);
	return addScenarioOptions(command)
		.addOption(
			driverOption(
				"-w, --with <lab>",
				"what the model is compared with: a kernel in a virtual machine, or containers",
				["vm", "docker"],
			),
		)
		.option("-v, --verbose", "show every line of a difference", false)
		.addHelpText(
			"after",
			`
Every packet that comes out, every rule's counters, every conntrack entry and every
condition is compared; with docker, the backend that each client met and the end of
the connection, with the tolerance that live time needs. \`marktwin lab build\` makes
the kernel ready, once; \`marktwin lab doctor\` shows what is missing.

${LINUX_HELP}
${KERNEL_HELP}
Examples:
  marktwin compare                     *.scenario.* below this folder
  marktwin compare my.scenario.ts      your own ruleset, on a real kernel
  marktwin compare builtin             all that come with marktwin
  marktwin compare split take-over     two suites of them
  marktwin compare live --with docker  the live suite, in containers
  marktwin compare split --with vm:trixie/nft
                                       … with Debian 13 and its iptables-nft`,
		)
		.action(async (names: readonly string[], options: CompareOptions) => {
			const { compare } = await import("./compare.ts");
			process.exitCode = await compare(names, options);
		});
}
