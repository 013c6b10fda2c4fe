import { Command, Option } from "commander";
import { readRules, readSeed } from "./read-option.ts";

export interface RunOptions {
	readonly seed?: number;
	readonly json?: string;
	readonly filter?: string;
	readonly rules: ReadonlyMap<string, string>;
	readonly on: "model" | "vm";
	readonly kernel?: string;
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}

/** `marktwin run [SCENARIO…]`: plays scenarios and judges them. */
export function runCommand(): Command {
	return new Command("run")
		.description("play scenarios and tell whether what they expect holds")
		.argument(
			"[scenario...]",
			"scenario files (.ts, .mts, .js, .mjs, .json), or names of built-in scenarios and suites; all built-in ones when none is named",
		)
		.option(
			"-f, --filter <text>",
			"only those with this in name, suite or title",
		)
		.option("-s, --seed <n>", "instead of each scenario's own seed", readSeed)
		.option(
			"-r, --rules <name=file>",
			"play FILE wherever a scenario names NAME (repeatable)",
			readRules,
			new Map<string, string>(),
		)
		.addOption(
			new Option(
				"-o, --on <driver>",
				"the model, or a real kernel in a virtual machine",
			)
				.choices(["model", "vm"])
				.default("model"),
		)
		.option(
			"-k, --kernel <kernel>",
			"for --on vm: a kernel that `marktwin lab build --kernel` has made ready",
		)
		.option(
			"--json <file>",
			"write everything that happened; - is standard output",
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
  marktwin run my.scenario.ts --seed 7 --json result.json
  marktwin run split --on vm                      … on a real kernel`,
		)
		.action(async (names: readonly string[], options: RunOptions) => {
			const { run } = await import("./run/run.ts");
			process.exitCode = await run(names, options);
		});
}
