/** When packets were lost by chance: nothing that depends on which ones is the same in two runs. */
import type { Account } from "../../../sim/world/account/account.ts";
import type { PlayableScenario } from "../../language/scenario.ts";

export interface LossyStretch {
	readonly backend: string;
	readonly fromMs: number;
	/** Infinity when it was so to the end. */
	readonly toMs: number;
}

/** In the order of backends and times. */
export function lossyStretches(
	{ setup }: PlayableScenario,
	{ events }: Account,
): readonly LossyStretch[] {
	return setup.backends.flatMap(({ name: backend, behaviour }) => {
		const stretches: LossyStretch[] = [];
		let fromMs = behaviour.kind === "lossy" ? 0 : null;
		for (const event of events) {
			if (event.kind !== "backend" || event.backend !== backend) continue;
			if (event.behaviour === "lossy") fromMs ??= event.atMs;
			else if (fromMs !== null) {
				stretches.push({ backend, fromMs, toMs: event.atMs });
				fromMs = null;
			}
		}
		if (fromMs !== null)
			stretches.push({ backend, fromMs, toMs: Number.POSITIVE_INFINITY });
		return stretches;
	});
}
