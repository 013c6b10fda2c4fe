/** What was asked for on the command line, as a command that somebody can copy and run. */

import type { LoadedScenario } from "../scenarios/load/load-scenarios.ts";
import {
	commandLine,
	type Invocation,
	replayOf,
} from "../scenarios/result/invocation.ts";
import type { ScenarioOptions } from "./options/scenario-options.ts";

/** The options that a replay needs, since they change what is played or on what. */
type Way = Pick<
	ScenarioOptions,
	"rules" | "kernel" | "maxMemory" | "maxSteps" | "maxTime"
> & {
	readonly on?: string;
	readonly with?: string;
	readonly iptables?: string;
};

/** What is usual is left out. */
function wayOf(way: Way): Invocation["options"] {
	const options: (readonly [string, string])[] = [];
	for (const [name, by] of way.rules)
		options.push(["--rules", `${name}=${by}`]);
	const { on = "model", iptables = "legacy", kernel } = way;
	if (on !== "model") options.push(["--on", on]);
	if (way.with !== undefined && way.with !== "vm")
		options.push(["--with", way.with]);
	if (iptables !== "legacy") options.push(["--iptables", iptables]);
	if (kernel !== undefined) options.push(["--kernel", kernel]);
	const limit = (name: string, most: number | undefined) => {
		if (most !== undefined) options.push([name, String(most)]);
	};
	limit("--max-memory", way.maxMemory);
	limit("--max-steps", way.maxSteps);
	limit("--max-time", way.maxTime);
	return options;
}

/**
 * What was played, once more: `marktwin run split --seed 7`. Where results were written to is left
 * out, so that the same play is called the same.
 */
export function wholeCommand(
	command: string,
	names: readonly string[],
	options: Way & Pick<ScenarioOptions, "filter" | "seed">,
): string {
	const { filter, seed } = options;
	return commandLine({
		command,
		names,
		options: [
			...(filter === undefined ? [] : [["--filter", filter] as const]),
			...(seed === undefined ? [] : [["--seed", String(seed)] as const]),
			...wayOf(options),
		],
	});
}

/** Just this scenario once more, in the same way. */
export function replayCommand(
	command: "run" | "compare",
	{ scenario, file }: LoadedScenario,
	options: Way & Pick<ScenarioOptions, "seed">,
): string {
	const { name, setup } = scenario;
	const seed = options.seed ?? setup.seed;
	const again = replayOf(command, { name, seed, file });
	return commandLine({
		...again,
		options: [...again.options, ...wayOf(options)],
	});
}
