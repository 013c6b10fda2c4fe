/** What scenarios are played on: the model, a kernel in a virtual machine, or a lab of containers. */
import type { Comparison } from "../../scenarios/compare/lockstep/compare-scenario.ts";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { type DriverInfo, infoOf } from "../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../scenarios/result/invocation.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { modelDriver } from "../../scenarios/run/driver.ts";
import {
	checkScenario,
	checkScenarioAsync,
} from "../../scenarios/run/run-scenario.ts";
import { DEFAULT_LINUX, type Linux, linuxName } from "../../sim/linux/linux.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import {
	limitsOf,
	type ScenarioOptions,
	type TierKind,
} from "../options/scenario-options.ts";
import { err } from "../screen/screen.ts";
import { HAS_THREADS, openModelThread } from "./model-thread.ts";

export interface Tier {
	readonly kind: TierKind;
	/** Its version is known once it has started. */
	readonly driver: DriverInfo;
	/** Boots what has to be booted. */
	start(): Promise<void>;
	/**
	 * @param replay the command that plays just this once more
	 * @throws LabError when the kernel fails, and ScenarioError when the scenario cannot be set up
	 */
	play(one: LoadedScenario, replay: Invocation): Promise<RunResult>;
	close(): Promise<void>;
}

/** One that the model can be compared with. */
export interface KernelTier extends Tier {
	readonly kind: "vm" | "docker";
	/** @throws LabError, and ScenarioError when the scenario cannot be set up */
	compare(one: LoadedScenario, replay: Invocation): Promise<Comparison>;
}

export type TierOptions = Pick<
	ScenarioOptions,
	"seed" | "kernel" | "maxMemory" | "maxSteps" | "maxTime"
>;

/** @param options.isAlone whether nothing else is played at the same time: then the model needs no thread of its own */
export async function openTier(
	{ kind, linux }: DriverChoice,
	options: TierOptions & { readonly isAlone: boolean },
): Promise<Tier> {
	if (kind !== "model") return openKernelTier({ kind, linux }, options);
	return options.isAlone || !HAS_THREADS
		? modelTier(options)
		: threadTier(options);
}

/** @throws LabError when the image of the virtual machine is missing, or options do not fit the kind */
export async function openKernelTier(
	{ kind, linux }: DriverChoice<KernelTier["kind"]>,
	options: TierOptions,
): Promise<KernelTier> {
	const lab = linux ?? DEFAULT_LINUX;
	const tier = await (kind === "vm"
		? vmTier(lab, options)
		: dockerTier(lab, options));
	const onIt = (one: LoadedScenario) => {
		mustBeAbout(one, lab, kind);
		return one;
	};
	return {
		kind: tier.kind,
		get driver() {
			return tier.driver;
		},
		start: () => tier.start(),
		play: (one, replay) => tier.play(onIt(one), replay),
		compare: (one, replay) => tier.compare(onIt(one), replay),
		close: () => tier.close(),
	};
}

/** @throws ScenarioError for a scenario about another Linux than the lab has: what is seen there would say nothing of it */
function mustBeAbout(
	{ scenario, file }: LoadedScenario,
	lab: Linux,
	kind: KernelTier["kind"],
): void {
	const { linux = DEFAULT_LINUX } = scenario.setup.gateway;
	const name = linuxName(linux);
	if (name === linuxName(lab)) return;
	throw new ScenarioError("invalid", file, [
		{
			path: `${scenario.name}: setup.gateway.linux`,
			message: `the scenario is about ${name}, and the lab is ${linuxName(lab)}`,
			remedy: `Name the lab as ${kind}:${name}.`,
		},
	]);
}

function modelTier(options: TierOptions): Tier {
	return {
		kind: "model",
		driver: infoOf(modelDriver),
		start: async () => {},
		play: async (one, replay) =>
			checkScenario(one.scenario, settingsOf(one, options, replay)),
		close: async () => {},
	};
}

function threadTier(options: TierOptions): Tier {
	const thread = openModelThread();
	return {
		kind: "model",
		driver: infoOf(modelDriver),
		start: async () => {},
		play: (one, replay) =>
			thread.play(one.scenario, settingsOf(one, options, replay)),
		close: () => thread.close(),
	};
}

async function vmTier(linux: Linux, options: TierOptions): Promise<KernelTier> {
	const { machineOnly, routerWish } = await import(
		"../../lab/docker/router/router-kernel.ts"
	);
	const { createVmDriver } = await import("../../lab/vm/vm-driver.ts");
	const { compareScenario } = await import(
		"../../scenarios/compare/lockstep/compare-scenario.ts"
	);
	const { kernel } = options;
	const wish = routerWish({ kernel, linux });
	const driver = createVmDriver({
		image: machineOnly(wish),
		backend: wish.iptables,
	});
	const settings = (one: LoadedScenario, replay: Invocation) => ({
		...settingsOf(one, options, replay),
		driver,
	});
	return {
		kind: "vm",
		get driver() {
			return infoOf(driver);
		},
		start: async () => void (await driver.start()),
		play: (one, replay) =>
			checkScenarioAsync(one.scenario, settings(one, replay)),
		compare: (one, replay) =>
			compareScenario(one.scenario, settings(one, replay)),
		close: () => driver.close(),
	};
}

async function dockerTier(
	linux: Linux,
	options: TierOptions,
): Promise<KernelTier> {
	const { createDockerLab } = await import(
		"../../lab/docker/play/docker-lab.ts"
	);
	const { routerWish } = await import(
		"../../lab/docker/router/router-kernel.ts"
	);
	const { compareLive } = await import(
		"../../scenarios/compare/live/compare-live.ts"
	);
	const lab = createDockerLab(routerWish({ kernel: options.kernel, linux }));
	const play = (one: LoadedScenario, replay: Invocation) =>
		lab.play(one.scenario, settingsOf(one, options, replay));
	return {
		kind: "docker",
		get driver() {
			return lab.driver;
		},
		start: () => lab.prepare((line) => err.show([line])),
		play: async (one, replay) => (await play(one, replay)).result,
		compare: async (one, replay) => {
			const { model, result } = await play(one, replay);
			return compareLive(model, result);
		},
		// Each lab is gone when its scenario is over.
		close: async () => {},
	};
}

function settingsOf(
	{ file }: LoadedScenario,
	options: TierOptions,
	replay: Invocation,
) {
	return {
		...(file === "" ? {} : { file }),
		...(options.seed === undefined ? {} : { seed: options.seed }),
		limits: limitsOf(options),
		replay,
	};
}
