/** Measures whatever stands in the router's place: the same backends and the same client, a lab of its own for each run. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { mailRole } from "../backend-services.ts";
import { execIn } from "../engine/exec.ts";
import type { Lab } from "../lab.ts";
import { startChecker } from "../play/checker.ts";
import type { Prepared } from "../play/docker-lab.ts";
import { thisProcess } from "../resources/owner.ts";
import type { Contestant } from "./contestants.ts";
import {
	busyMs,
	type CpuTimes,
	CROWD,
	FAILOVER_PER_SECOND,
	type FailoverFigures,
	failoverFigures,
	type LoadFigures,
	loadFigures,
	type RunFigures,
} from "./figures.ts";
import { closed, playLoad, untilServed } from "./play-load.ts";

const WARM_UP_MS = 1_000;
const LOAD_MS = 5_000;
const FAILOVER_MS = 13_000;
const KILLED_AFTER_MS = 3_000;

/** @throws LabError */
export async function measureOnce(
	prepared: Prepared,
	scenario: PlayableScenario,
	contestant: Contestant,
): Promise<RunFigures> {
	const { kernel } = contestant;
	const lab = await prepared.start(scenario, { kernel, owner: thisProcess() });
	try {
		await contestant.begin(lab);
		await untilServed(lab, scenario);
		const checker = contestant.hasChecker
			? await startChecker(scenario, lab, Date.now())
			: null;
		try {
			// Programs that have run once are in memory, and neighbours are known.
			await playLoad(lab, scenario, closed(CROWD, WARM_UP_MS));
			const single = await underLoad(lab, scenario, 1);
			const crowd = await underLoad(lab, scenario, CROWD);
			return { single, crowd, failover: await failover(lab, scenario) };
		} finally {
			await checker?.stop();
		}
	} finally {
		await lab.down();
	}
}

async function underLoad(
	lab: Lab,
	scenario: PlayableScenario,
	atOnce: number,
): Promise<LoadFigures> {
	const before = await cpuTimes(lab);
	const records = await playLoad(lab, scenario, closed(atOnce, LOAD_MS));
	return loadFigures(records, { before, after: await cpuTimes(lab) });
}

/** The first backend's mail server is killed while connections come in. */
async function failover(
	lab: Lab,
	scenario: PlayableScenario,
): Promise<FailoverFigures> {
	const loading = playLoad(lab, scenario, {
		how: { kind: "open", perSecond: FAILOVER_PER_SECOND },
		durationMs: FAILOVER_MS,
	});
	// Awaited below, whatever becomes of the rest.
	loading.catch(() => {});
	await sleep(KILLED_AFTER_MS);
	const killedMs = Date.now();
	const victim = scenario.setup.backends[0]?.name ?? "";
	await lab.containers.get(mailRole(victim)).kill();
	return failoverFigures(await loading, killedMs);
}

/** Of the router's control group, as the engine counts it, and of all of the machine. */
async function cpuTimes(lab: Lab): Promise<CpuTimes> {
	const router = lab.containers.get("router1");
	const { cpu_stats: cpu } = await router.stats({
		stream: false,
		"one-shot": true,
	});
	const { out } = await execIn(lab.containers.get("wires"), [
		"cat",
		"/proc/stat",
	]);
	return {
		routerMs: cpu.cpu_usage.total_usage / 1e6,
		machineMs: busyMs(out),
	};
}
