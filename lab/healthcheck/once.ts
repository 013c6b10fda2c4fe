/** Every target is probed once, and nothing is written. */
import type { CheckedTarget, HealthCheckConfig } from "./config.ts";
import { startProbe } from "./probe.ts";

export interface Probed {
	readonly target: CheckedTarget;
	readonly ok: boolean;
	readonly reason: string;
	readonly tookMs: number;
}

export function probeOnce({
	targets,
	timeoutMs,
}: HealthCheckConfig): Promise<readonly Probed[]> {
	return Promise.all(targets.map((target) => probed(target, timeoutMs)));
}

function probed(target: CheckedTarget, timeoutMs: number): Promise<Probed> {
	return new Promise((resolve) => {
		const began = performance.now();
		const finish = (ok: boolean, reason: string) => {
			clearTimeout(timer);
			const tookMs = Math.round(performance.now() - began);
			resolve({ target, ok, reason, tookMs });
		};
		const probe = startProbe(target, finish);
		const timer = setTimeout(() => {
			probe.abandon();
			finish(false, "timeout");
		}, timeoutMs);
	});
}
