import { type Command, Option } from "commander";
import type { DriverKind } from "../../scenarios/result/driver-info.ts";
import type { Limits } from "../../scenarios/run/budget.ts";
import { InputError } from "../screen/input-error.ts";
import { addOutputOptions, type OutputOptions } from "./output-options.ts";
import {
	readCount,
	readRules,
	readSeed,
	readShard,
	type Shard,
} from "./read-option.ts";

/** What scenarios are played on. */
export type TierKind = Exclude<DriverKind, "other">;

/** Which scenarios, and how: what every command that plays some takes. */
export interface ScenarioOptions extends OutputOptions {
	readonly filter?: string;
	readonly seed?: number;
	readonly rules: ReadonlyMap<string, string>;
	readonly kernel?: string;
	readonly shard?: Shard;
	readonly bail: boolean;
	/** Megabytes. */
	readonly maxMemory?: number;
	readonly maxSteps?: number;
	/** Seconds of virtual time. */
	readonly maxTime?: number;
}

/** What each play may take, as far as it was said. */
export function limitsOf({
	maxMemory,
	maxSteps,
	maxTime,
}: Pick<ScenarioOptions, "maxMemory" | "maxSteps" | "maxTime">): Limits {
	return {
		...(maxMemory === undefined ? {} : { memoryMb: maxMemory }),
		...(maxSteps === undefined ? {} : { steps: maxSteps }),
		...(maxTime === undefined ? {} : { virtualS: maxTime }),
	};
}

export function addScenarioOptions(command: Command): Command {
	command
		.argument(
			"[scenario...]",
			"scenario files (.ts, .mts, .js, .mjs, .json), folders with *.scenario.* files, patterns in quotes, names of built-in scenarios and suites, or builtin for all of these (default *.scenario.* below the current folder; builtin where there is none)",
		)
		.option(
			"-f, --filter <text>",
			"only the scenario of this name, else those with the text in name, suite or title",
		)
		.option(
			"-s, --seed <n>",
			"seed of all random draws: a whole number, 0 or more (default each scenario's own)",
			readSeed,
		)
		.option(
			"-r, --rules <name=file>",
			"rules from FILE wherever a scenario names NAME, as written there or as seen from here (repeatable)",
			readRules,
			new Map<string, string>(),
		)
		.option(
			"-k, --kernel <kernel>",
			"kernel to play on, made ready by `marktwin lab build --kernel` (default linux-image-cloud-amd64)",
		)
		.addOption(
			new Option(
				"--shard <i/n>",
				"play only part i of n of the scenarios; marktwin merge combines the results of all parts",
			).argParser(readShard),
		)
		.option(
			"--max-memory <mb>",
			"memory in megabytes after which a scenario ends as unknown (default 85 % of Node's heap)",
			readCount,
		)
		.option(
			"--max-steps <n>",
			"packets, waits and timers after which a scenario ends as unknown (default 100000000)",
			readCount,
		)
		.option(
			"--max-time <seconds>",
			"virtual time after which a scenario ends as unknown (default none)",
			readCount,
		)
		.addOption(
			new Option("--bail", "stop after the first one that does not hold")
				.default(false)
				// The other machines would play on, and the parts would not fit together.
				.conflicts("shard"),
		);
	return addOutputOptions(command);
}

/** @throws InputError for options of a kernel where none is played on: they would be ignored */
export function mustFitDriver(
	{ kernel }: { readonly kernel?: string },
	driver: { readonly option: string; readonly is: TierKind },
): void {
	const { option, is } = driver;
	if (is === "model" && kernel !== undefined)
		throw new InputError(
			`--kernel ${kernel}: the model is no kernel`,
			`Play on one: ${option} vm or ${option} docker.`,
		);
}
