/** Every target is probed once, and nothing is written. */
import { setTimeout as sleep } from "node:timers/promises";
import { startClock } from "./clock.ts";
import type { CheckedTarget, HealthCheckConfig } from "./config/config.ts";
import { startProbe } from "./probes/probe.ts";
import type { StartProbe } from "./probes/running-probe.ts";

export interface Probed {
	readonly target: CheckedTarget;
	/** `null`: it could not be made: something of our own is short, or its program does not run. */
	readonly ok: boolean | null;
	readonly reason: string;
	readonly tookMs: number;
}

/** So many at the same time: a thousand are no burst that a busy machine answers late. */
const SIDE_BY_SIDE = 100;

export async function probeOnce(
	{ targets, timeoutMs }: HealthCheckConfig,
	start: StartProbe = startProbe,
): Promise<readonly Probed[]> {
	const probes: Promise<Probed>[] = [];
	const running = new Set<Promise<Probed>>();
	for (const target of targets) {
		if (running.size >= SIDE_BY_SIDE) await Promise.race(running);
		const probe = probed(target, timeoutMs, start);
		probes.push(probe);
		running.add(probe);
		probe.then(() => running.delete(probe));
		// Its first packet goes out before the next one is begun.
		await sleep(0);
	}
	return Promise.all(probes);
}

function probed(
	target: CheckedTarget,
	timeoutMs: number,
	start: StartProbe,
): Promise<Probed> {
	return new Promise((resolve) => {
		const clock = startClock(() => {});
		let beganMs = clock.nowMs();
		const finish = (ok: boolean | null, reason: string) => {
			const tookMs = Math.round(clock.nowMs() - beganMs);
			clock.stop();
			resolve({ target, ok, reason, tookMs });
		};
		const limit = () => {
			beganMs = clock.nowMs();
			clock.wakeAt(beganMs + timeoutMs, () => {
				probe.abandon();
				finish(false, "timeout");
			});
		};
		const probe = start(target, { out: limit, done: finish });
		limit();
	});
}
