/** What plays a scenario: the model, or a kernel. */

import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { modelDriver } from "../../scenarios/run/driver.ts";
import {
	checkScenario,
	checkScenarioAsync,
} from "../../scenarios/run/run-scenario.ts";
import { replayCommand } from "../invocation.ts";
import { limitsOf } from "../options/scenario-options.ts";
import { err } from "../screen/screen.ts";
import type { RunOptions } from "./command.ts";

export interface Player {
	readonly driver: RunResult["driver"];
	/** Boots what has to be booted. */
	start(): Promise<void>;
	/** @throws LabError when the kernel fails, and ScenarioError when the scenario cannot be set up */
	play(scenario: LoadedScenario): Promise<RunResult>;
	/** The command that plays just this once more. */
	replay(scenario: LoadedScenario): string;
	close(): Promise<void>;
}

export async function createPlayer(options: RunOptions): Promise<Player> {
	const replay = (one: LoadedScenario) => replayCommand("run", one, options);
	const settings = ({ file }: LoadedScenario) => ({
		...(file === "" ? {} : { file }),
		...(options.seed === undefined ? {} : { seed: options.seed }),
		limits: limitsOf(options),
	});
	if (options.on === "model")
		return {
			driver: { name: modelDriver.name, version: modelDriver.version },
			start: async () => {},
			play: async (one) => ({
				...checkScenario(one.scenario, settings(one)),
				replay: replay(one),
			}),
			replay,
			close: async () => {},
		};
	if (options.on === "docker") return dockerPlayer(options, replay, settings);
	const { machineOnly, routerWish } = await import(
		"../../lab/docker/router/router-kernel.ts"
	);
	const { createVmDriver } = await import("../../lab/vm/vm-driver.ts");
	const machine = machineOnly(routerWish(options));
	const driver = createVmDriver(
		machine === undefined ? {} : { kernel: machine },
	);
	return {
		get driver() {
			return { name: driver.name, version: driver.version };
		},
		start: async () => void (await driver.start()),
		play: async (one) => ({
			...(await checkScenarioAsync(one.scenario, {
				...settings(one),
				driver,
			})),
			replay: replay(one),
		}),
		replay,
		close: () => driver.close(),
	};
}

async function dockerPlayer(
	options: RunOptions,
	replay: (one: LoadedScenario) => string,
	settings: (one: LoadedScenario) => {
		readonly seed?: number;
		readonly file?: string;
	},
): Promise<Player> {
	const { createDockerLab } = await import(
		"../../lab/docker/play/docker-lab.ts"
	);
	const { routerWish } = await import(
		"../../lab/docker/router/router-kernel.ts"
	);
	const lab = createDockerLab(routerWish(options));
	return {
		get driver() {
			return lab.driver;
		},
		start: () => lab.prepare((line) => err.show([line])),
		play: async (one) => ({
			...(await lab.play(one.scenario, settings(one))).result,
			replay: replay(one),
		}),
		replay,
		// Each lab is gone when its scenario is over.
		close: async () => {},
	};
}
