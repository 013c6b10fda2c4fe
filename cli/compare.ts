import { Command, Option } from "commander";
import { readRules, readSeed } from "./read-option.ts";

export interface CompareOptions {
	readonly seed?: number;
	readonly json?: string;
	readonly filter?: string;
	readonly rules: ReadonlyMap<string, string>;
	readonly with: "vm";
	readonly kernel?: string;
	readonly verbose: boolean;
}

/** `marktwin compare [SCENARIO…]`: plays scenarios on the model and on a kernel, packet by packet. */
export function compareCommand(): Command {
	return new Command("compare")
		.description(
			"play scenarios on the model and on a real kernel, and tell where the two differ",
		)
		.argument(
			"[scenario...]",
			"scenario files, or names of built-in scenarios and suites; all built-in ones when none is named",
		)
		.addOption(
			new Option("-w, --with <lab>", "what the model is compared with")
				.choices(["vm"])
				.default("vm"),
		)
		.option(
			"-k, --kernel <kernel>",
			"a kernel that `marktwin lab build --kernel` has made ready",
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
		.option("--json <file>", "write all comparisons; - is standard output")
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
