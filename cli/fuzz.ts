import { Command, Option } from "commander";
import {
	addOutputOptions,
	addScoreboardOption,
	type OutputOptions,
} from "./output-options.ts";
import {
	readCount,
	readMinutes,
	readPath,
	readSeed,
	readShard,
	type Shard,
} from "./read-option.ts";

export interface FuzzCommandOptions extends OutputOptions {
	readonly with: "vm";
	readonly seed?: number;
	readonly runs: number;
	readonly minutes?: number;
	readonly path?: string;
	readonly shard?: Shard;
	readonly machines?: number;
	readonly kernel?: string;
	readonly save: string;
}

/** `marktwin fuzz`: rulesets, packets and events that nobody wrote, on the model and on a kernel. */
export function fuzzCommand(): Command {
	const command = new Command("fuzz")
		.description(
			"play rulesets, packets and events that nobody wrote on the model and on a real kernel",
		)
		.addOption(
			new Option("-w, --with <lab>", "what the model is compared with")
				.choices(["vm"])
				.default("vm"),
		)
		.option(
			"-s, --seed <n>",
			"what everything is drawn from; a fresh one when nothing is said",
			readSeed,
		)
		.option(
			"-n, --runs <n>",
			"so many rulesets, and as many texts",
			readCount,
			1_000,
		)
		.option(
			"-m, --minutes <n>",
			"… or as many as there is time for",
			readMinutes,
		)
		.option(
			"-p, --path <path>",
			"only this case of the seed, as a finding names it",
			readPath,
		)
		.option(
			"--shard <i/n>",
			"only the i-th of n parts, so that n computers share the work (marktwin merge)",
			readShard,
		)
		.option(
			"--machines <n>",
			"virtual machines at a time; one for each processor when nothing is said",
			readCount,
		)
		.option(
			"-k, --kernel <kernel>",
			"one that `marktwin lab build --kernel` has made ready",
		)
		.option(
			"--save <folder>",
			"where findings go, each a scenario of its own",
			"fuzz-findings",
		);
	return addOutputOptions(addScoreboardOption(command))
		.addHelpText(
			"after",
			`
Each case is a ruleset over raw, mangle, nat and filter, conversations and stray packets aimed at it, and
what an administrator does meanwhile. Beside it a text goes through iptables-restore and iptables-save.
What differs is made as small as it gets, printed with what finds it again, and saved as a scenario.

Examples:
  marktwin fuzz                              1,000 rulesets from a fresh seed
  marktwin fuzz --minutes 10 --seed 7        as many as ten minutes allow, from this seed
  marktwin fuzz --seed 7 --path 17:0:3       one case once more
  marktwin compare fuzz-findings/fuzz-7-17.json   … as the scenario that was saved`,
		)
		.action(async (options: FuzzCommandOptions) => {
			const { fuzzAndTell } = await import("./fuzz/fuzz.ts");
			process.exitCode = await fuzzAndTell(options);
		});
}
