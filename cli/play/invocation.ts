/** What was asked for on the command line, as data that results carry. */
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import {
	type Invocation,
	replayOf,
} from "../../scenarios/result/invocation.ts";
import { type DriverChoice, driverName } from "../options/driver-option.ts";
import type { ScenarioOptions } from "../options/scenario-options.ts";

/** The options that a replay needs, since they change what is played or on what. */
export type Way = Pick<
	ScenarioOptions,
	"rules" | "kernel" | "maxMemory" | "maxSteps" | "maxTime"
> & {
	readonly on?: DriverChoice;
	readonly with?: DriverChoice;
	readonly assume?: Assumed;
};

/** By key: what `--assume` takes. */
type Assumed = ReadonlyMap<string, "yes" | "no" | "either">;

/**
 * What was played, once more: `marktwin run split --seed 7`. Where results were written to is left
 * out, so that the same play is called the same.
 */
export function wholeInvocation(
	command: "run" | "compare",
	names: readonly string[],
	options: Way & Pick<ScenarioOptions, "filter" | "seed">,
): Invocation {
	const { filter, seed } = options;
	return { command, names, ...present({ filter, seed }), ...wayOf(options) };
}

/** Just this scenario once more, in the same way. */
export function replayInvocation(
	command: "run" | "compare",
	{ scenario, file, replaced = [] }: LoadedScenario,
	options: Way & Pick<ScenarioOptions, "seed">,
): Invocation {
	const { name, setup } = scenario;
	const seed = options.seed ?? setup.seed;
	// Rules that stand in for those of other scenarios alone would be refused.
	const rules = [...options.rules].filter(([name]) => replaced.includes(name));
	return {
		...replayOf(command, { name, seed, file }),
		...wayOf({ ...options, rules: new Map(rules) }),
	};
}

/** Just this file once more: what it holds is not known. */
export function brokenInvocation(
	command: "run" | "compare",
	file: string,
	options: Way,
): Invocation {
	return { command, names: [file], ...wayOf(options) };
}

/** What is usual is left out. */
function wayOf(way: Way): Omit<Invocation, "command" | "names"> {
	const on = way.on === undefined ? "model" : driverName(way.on);
	const lab = way.with === undefined ? "vm" : driverName(way.with);
	const { kernel, maxMemory, maxSteps, maxTime } = way;
	const assume = [...(way.assume ?? [])].map(([key, value]) => ({
		key,
		value,
	}));
	const rules = [...way.rules].map(([name, file]) => ({ name, file }));
	return present({
		rules: rules.length === 0 ? undefined : rules,
		assume: assume.length === 0 ? undefined : assume,
		on: on === "model" ? undefined : on,
		with: lab === "vm" ? undefined : lab,
		kernel,
		maxMemory,
		maxSteps,
		maxTime,
	});
}

/** The options of `marktwin fuzz` that its replay needs. */
interface FuzzWay {
	/** Number of rulesets. */
	readonly runs: number;
	/** In place of `runs`. */
	readonly minutes?: number;
	/** The way to one case. */
	readonly path?: string;
	readonly with: DriverChoice;
	readonly kernel?: string;
}

/** The same fuzz once more. */
export function fuzzInvocation(
	{ runs, minutes, path, kernel, with: lab }: FuzzWay,
	seed: number,
): Invocation {
	const amount = minutes === undefined ? { runs } : { minutes };
	return {
		command: "fuzz",
		names: [],
		seed,
		...(path === undefined ? amount : { path }),
		...present({ with: unusual(lab), kernel }),
	};
}

/** A finding that was saved, compared once more. */
export function savedInvocation(
	file: string,
	{ kernel, with: lab }: Pick<FuzzWay, "kernel" | "with">,
): Invocation {
	return {
		command: "compare",
		names: [file],
		...present({ with: unusual(lab), kernel }),
	};
}

/** What `--with` names, unless it would be taken without it. */
function unusual(lab: DriverChoice): string | undefined {
	const name = driverName(lab);
	return name === "vm" ? undefined : name;
}

/** Without the keys that have no value. */
function present<All extends object>(
	all: All,
): { readonly [Key in keyof All]?: Exclude<All[Key], undefined> } {
	return Object.fromEntries(
		Object.entries(all).filter(([, value]) => value !== undefined),
	) as { [Key in keyof All]?: Exclude<All[Key], undefined> };
}
