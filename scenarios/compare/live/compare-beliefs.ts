/** What a health checker has found out in live time, held against what the model's has. */

import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import type { Divergence } from "../lockstep/divergence.ts";
import { lossyStretches } from "./lossy-stretches.ts";

/** Probes of a real network have no phase that anybody could know; and programs take a while to start. */
const PROBE_ROOM_MS = 1_000;
/** As late as a probe may come and fail, either checker may learn it later than the other. */
export function beliefsDiffer(
	scenario: PlayableScenario,
	model: Account,
	live: Account,
): readonly Said[] {
	const { healthCheck } = scenario.setup;
	if (healthCheck === null) return [];
	const roomMs = probeRoomMs(healthCheck);
	const [ours, theirs] = [
		beliefsOf(scenario, model),
		beliefsOf(scenario, live),
	];
	const isSame =
		ours.length === theirs.length &&
		ours.every(({ what, atMs }, index) => {
			const their = theirs[index];
			return their?.what === what && Math.abs(their.atMs - atMs) <= roomMs;
		});
	if (isSame) return [];
	const say = (beliefs: ReturnType<typeof beliefsOf>) =>
		beliefs
			.map(({ what, atMs }) => `${what} at ${(atMs / 1000).toFixed(1)} s`)
			.join(", ") || "nothing";
	const asked = `what the health checker finds out, give or take ${roomMs / 1000} s`;
	const said = { ours: say(ours), theirs: say(theirs) };
	return [{ kind: "conditions", atMs: ours[0]?.atMs ?? 0, asked, ...said }];
}

function probeRoomMs({ intervalMs, timeoutMs }: HealthCheckSettings): number {
	return intervalMs + timeoutMs + PROBE_ROOM_MS;
}

/**
 * Backend by backend: probes of different ones have no order, since a checker in live time spreads them
 * over the interval. Of a backend that loses packets a probe tells by chance, from then on.
 */
function beliefsOf(scenario: PlayableScenario, account: Account) {
	const lossy = lossyStretches(scenario, account);
	const isByChance = (backend: string, atMs: number) =>
		lossy.some((one) => one.backend === backend && one.fromMs <= atMs);
	return scenario.setup.backends.flatMap(({ name }) =>
		account.events.flatMap((event) =>
			event.kind === "belief" &&
			event.backend === name &&
			!isByChance(name, event.atMs)
				? [
						{
							what: `${name} ${event.alive ? "alive" : "dead"}`,
							atMs: event.atMs,
						},
					]
				: [],
		),
	);
}

/** A divergence of a live play: what was asked, and what either side says. */
export type Said = Pick<Divergence, "kind" | "asked" | "atMs"> & {
	readonly ours: string;
	readonly theirs: string;
};

/** Nobody has looked at single packets there, and so at no rules. */
export function divergenceOf({ ours, theirs, ...said }: Said): Divergence {
	const rules = { model: [], kernel: [] };
	return { ...said, model: [ours], kernel: [theirs], rules };
}
