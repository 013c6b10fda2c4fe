import { Command, InvalidArgumentError } from "commander";
import { readSeed } from "./read-option.ts";

export interface RunOptions {
	readonly seed?: number;
	readonly json?: string;
	readonly filter?: string;
	readonly rules: ReadonlyMap<string, string>;
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}

/** `marktwin run [SCENARIO…]`: plays scenarios on the model and judges them. */
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
  marktwin run my.scenario.ts --seed 7 --json result.json`,
		)
		.action(async (names: readonly string[], options: RunOptions) => {
			const { run } = await import("./run/run.ts");
			process.exitCode = await run(names, options);
		});
}

function readRules(
	text: string,
	before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
	const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
	if (name === undefined || file === undefined)
		throw new InvalidArgumentError("Write it as recipe.rules=my.rules.");
	return new Map([...before, [name, file]]);
}
