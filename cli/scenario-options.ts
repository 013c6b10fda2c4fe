import type { Command } from "commander";
import { addOutputOptions, type OutputOptions } from "./output-options.ts";
import { readRules, readSeed, readShard, type Shard } from "./read-option.ts";

/** Which scenarios, and how: what every command that plays some takes. */
export interface ScenarioOptions extends OutputOptions {
	readonly filter?: string;
	readonly seed?: number;
	readonly rules: ReadonlyMap<string, string>;
	readonly kernel?: string;
	readonly shard?: Shard;
}

export function addScenarioOptions(command: Command): Command {
	command
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
		.option(
			"-k, --kernel <kernel>",
			"on a real kernel: one that `marktwin lab build --kernel` has made ready",
		)
		.option(
			"--shard <i/n>",
			"only the i-th of n parts, so that n machines share the work (marktwin merge)",
			readShard,
		);
	return addOutputOptions(command);
}
