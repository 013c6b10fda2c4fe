/** What plays a scenario: the model, or a kernel. */
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import type { RunResult } from "../../scenarios/run/result.ts";
import {
	checkScenario,
	checkScenarioSlowly,
} from "../../scenarios/run/run-scenario.ts";
import type { RunOptions } from "../run.ts";

export interface Player {
	/** Boots what has to be booted. */
	start(): Promise<void>;
	/** @throws LabError when the kernel fails, and ScenarioError when the scenario cannot be set up */
	play(scenario: LoadedScenario): Promise<RunResult>;
	close(): Promise<void>;
}

export async function createPlayer(options: RunOptions): Promise<Player> {
	const { rules } = options;
	const settings = ({ file }: LoadedScenario) => ({
		...(file === "" ? {} : { file }),
		...(options.seed === undefined ? {} : { seed: options.seed }),
	});
	if (options.on === "model")
		return {
			start: async () => {},
			play: async (one) =>
				replayable(checkScenario(one.scenario, settings(one)), "", rules),
			close: async () => {},
		};
	const { createVmDriver } = await import("../../lab/vm/vm-driver.ts");
	const driver = createVmDriver(
		options.kernel === undefined ? {} : { kernel: options.kernel },
	);
	return {
		start: async () => void (await driver.start()),
		play: async (one) =>
			replayable(
				await checkScenarioSlowly(one.scenario, { ...settings(one), driver }),
				" --on vm",
				rules,
			),
		close: () => driver.close(),
	};
}

/** What took the place of the scenario's own rules has to do so in the replay as well. */
function replayable(
	result: RunResult,
	on: string,
	rules: RunOptions["rules"],
): RunResult {
	const again = [...rules]
		.map(([name, by]) => ` --rules ${name}=${by}`)
		.join("");
	return { ...result, replay: result.replay + on + again };
}
