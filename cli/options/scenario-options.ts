import { availableParallelism } from "node:os";
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
	/** How many are played at a time; left out: as many as the machine has processors for. */
	readonly workers?: number;
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
		.option(
			"--workers <n>",
			"number of scenarios, or of virtual machines, to play at a time (default one for each processor where there are scenarios enough; containers play one at a time)",
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

/** Fewer scenarios are played before another worker is ready: a thread loads the model, a machine boots. */
const WORTH: Readonly<Record<TierKind, number>> = {
	model: 16,
	vm: 24,
	docker: Number.POSITIVE_INFINITY,
};

/** How many are played at a time. */
export function workersFor(
	{ workers }: Pick<ScenarioOptions, "workers">,
	{ kind, scenarios }: { readonly kind: TierKind; readonly scenarios: number },
): number {
	const wanted =
		workers ??
		Math.min(availableParallelism(), Math.floor(scenarios / WORTH[kind]));
	return Math.max(1, Math.min(wanted, scenarios));
}

/** @throws InputError for options that what is played on does not know: they would be ignored */
export function mustFitDriver(
	{ kernel, workers = 1 }: Pick<ScenarioOptions, "kernel" | "workers">,
	driver: { readonly option: string; readonly is: TierKind },
): void {
	const { option, is } = driver;
	if (is === "docker" && workers > 1)
		throw new InputError(
			`--workers ${workers}: containers play in live time, and would take it from each other`,
			"Leave --workers out.",
		);
	if (is === "model" && kernel !== undefined)
		throw new InputError(
			`--kernel ${kernel}: the model is no kernel`,
			`Play on one: ${option} vm or ${option} docker.`,
		);
}
