/** With whom the model is compared: a kernel that is asked packet by packet, or a lab with real clients. */
import { compareLive } from "../../scenarios/compare/live/compare-live.ts";
import {
	type Comparison,
	compareScenario,
} from "../../scenarios/compare/lockstep/compare-scenario.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { limitsOf } from "../options/scenario-options.ts";
import { err } from "../screen/screen.ts";
import type { CompareOptions } from "./command.ts";

export interface Other {
	readonly driver: RunResult["driver"];
	/** Boots what has to be booted. */
	start(): Promise<void>;
	/** @throws LabError, and ScenarioError when the scenario cannot be set up */
	compare(one: LoadedScenario): Promise<Comparison>;
	close(): Promise<void>;
}

export async function openReference(options: CompareOptions): Promise<Other> {
	const settings = ({ file }: LoadedScenario) => ({
		...(file === "" ? {} : { file }),
		...(options.seed === undefined ? {} : { seed: options.seed }),
		limits: limitsOf(options),
	});
	const { machineOnly, routerWish } = await import(
		"../../lab/docker/router/router-kernel.ts"
	);
	if (options.with === "docker") {
		const { createDockerLab } = await import(
			"../../lab/docker/play/docker-lab.ts"
		);
		const lab = createDockerLab(routerWish(options));
		return {
			get driver() {
				return lab.driver;
			},
			start: () => lab.prepare((line) => err.show([line])),
			async compare(one) {
				const played = await lab.play(one.scenario, settings(one));
				return compareLive(played.model, played.result, one.file);
			},
			// Each lab is gone when its scenario is over.
			close: async () => {},
		};
	}
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
		compare: (one) =>
			compareScenario(one.scenario, { ...settings(one), driver }),
		close: () => driver.close(),
	};
}
