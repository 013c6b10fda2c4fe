import { Command, Option } from "commander";
import { driverOption } from "../options/driver-option.ts";
import {
	addOutputOptions,
	addScoreboardOption,
} from "../options/output-options.ts";
import {
	readCount,
	readMinutes,
	readPath,
	readSeed,
	readShard,
} from "../options/read-option.ts";
import { InputError } from "../screen/input-error.ts";
import type { FuzzOptions } from "./options.ts";

/** `marktwin fuzz`: generated rulesets, packets and events, on the model and on a kernel. */
export function fuzzCommand(): Command {
	const command = new Command("fuzz")
		.description(
			"play generated rulesets, packets and events on the model and on a real kernel",
		)
		.addOption(
			driverOption("-w, --with <lab>", "what the model is compared with", [
				"vm",
			]),
		)
		.option(
			"-s, --seed <n>",
			"seed that everything is drawn from: a whole number, 0 or more (default a fresh one)",
			readSeed,
		)
		.option(
			"-n, --runs <n>",
			"number of rulesets to generate, and of texts",
			readCount,
			1_000,
		)
		.addOption(
			new Option(
				"-m, --minutes <n>",
				"time to spend, instead of a number of rulesets",
			)
				.argParser(readMinutes)
				.conflicts("runs"),
		)
		.addOption(
			new Option(
				"--path <path>",
				"play only this case of the seed, as a finding names it",
			)
				.argParser(readPath)
				.conflicts(["runs", "minutes", "shard"]),
		)
		.option(
			"--shard <i/n>",
			"play only part i of n; marktwin merge combines the results of all parts",
			readShard,
		)
		.option(
			"--machines <n>",
			"number of virtual machines at a time (default one for each processor)",
			readCount,
		)
		.option(
			"-k, --kernel <kernel>",
			"kernel to play on, made ready by `marktwin lab build --kernel` (default linux-image-cloud-amd64)",
		)
		.option(
			"--save <folder>",
			"folder for findings, each a scenario of its own",
			"fuzz-findings",
		);
	return addOutputOptions(addScoreboardOption(command))
		.addHelpText(
			"after",
			`
Each case is a ruleset over raw, mangle, nat and filter, conversations and stray
packets aimed at it, and operations of an administrator. It also has a text for
iptables-restore and iptables-save. Each difference is shrunk, printed with the
command that replays it, and saved as a scenario.

Examples:
  marktwin fuzz                           1,000 rulesets from a fresh seed
  marktwin fuzz --minutes 10 --seed 7     as many as ten minutes allow
  marktwin fuzz --seed 7 --path 17:0:3    one case once more
  marktwin compare fuzz-findings/fuzz-7-17.json
                                          … as the scenario that was saved`,
		)
		.action(async (options: FuzzOptions) => {
			if (options.path !== undefined && options.seed === undefined)
				throw new InputError(
					`--path ${options.path}: a case of which seed?`,
					"Give the --seed that the finding names, too.",
				);
			const { fuzzAndTell } = await import("./fuzz.ts");
			process.exitCode = await fuzzAndTell(options);
		});
}
