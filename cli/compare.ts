import { Command, Option } from "commander";
import {
	addScenarioOptions,
	type ScenarioOptions,
} from "./scenario-options.ts";

export interface CompareOptions extends ScenarioOptions {
	readonly with: "vm";
	readonly verbose: boolean;
}

/** `marktwin compare [SCENARIO…]`: plays scenarios on the model and on a kernel, packet by packet. */
export function compareCommand(): Command {
	const command = new Command("compare").description(
		"play scenarios on the model and on a real kernel, and tell where the two differ",
	);
	return addScenarioOptions(command)
		.addOption(
			new Option("-w, --with <lab>", "what the model is compared with")
				.choices(["vm"])
				.default("vm"),
		)
		.option("-v, --verbose", "show all of a difference, however long", false)
		.addHelpText(
			"after",
			`
Every packet that comes out, every rule's counters, every conntrack entry and every condition is
compared. \`marktwin lab build\` makes the kernel ready, once; \`marktwin lab doctor\` tells what is missing.

Examples:
  marktwin compare                     all built-in scenarios
  marktwin compare split take-over     two suites of them
  marktwin compare my.scenario.ts      your own ruleset, on a real kernel`,
		)
		.action(async (names: readonly string[], options: CompareOptions) => {
			const { compare } = await import("./compare/compare.ts");
			process.exitCode = await compare(names, options);
		});
}
