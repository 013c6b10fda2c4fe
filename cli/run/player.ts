/** What plays a scenario: the model, or a kernel. */
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import type { RunResult } from "../../scenarios/run/result.ts";
import {
	checkScenario,
	checkScenarioSlowly,
} from "../../scenarios/run/run-scenario.ts";
import type { RunOptions } from "../run.ts";
import { rulesAgain } from "../scenario-options.ts";

export interface Player {
	/** Boots what has to be booted. */
	start(): Promise<void>;
	/** @throws LabError when the kernel fails, and ScenarioError when the scenario cannot be set up */
	play(scenario: LoadedScenario): Promise<RunResult>;
	close(): Promise<void>;
}

export async function createPlayer(options: RunOptions): Promise<Player> {
	const on = options.on === "model" ? "" : ` --on ${options.on}`;
	const replayable = (result: RunResult): RunResult => ({
		...result,
		replay: result.replay + on + rulesAgain(options.rules),
	});
	const settings = ({ file }: LoadedScenario) => ({
		...(file === "" ? {} : { file }),
		...(options.seed === undefined ? {} : { seed: options.seed }),
	});
	if (options.on === "model")
		return {
			start: async () => {},
			play: async (one) =>
				replayable(checkScenario(one.scenario, settings(one))),
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
			),
		close: () => driver.close(),
	};
}
