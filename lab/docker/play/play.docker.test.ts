import { beforeAll, expect, it } from "vitest";
import {
	at,
	backend,
	connect,
	recipeHealthCheck,
	recipeSetup,
	restore,
	takeOver,
} from "../../../scenarios/language/build/build.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	testLab,
} from "../engine/test-engine.ts";
import { createDockerLab } from "./docker-lab.ts";
import { ownContainers, PLAY_TIMEOUT_MS, playable } from "./test-play.ts";

const EVERY_MS = 50;

describeOnDocker("a lab in which scenarios are played", () => {
	const engine = testLab();
	const lab = createDockerLab();

	beforeAll(() => lab.prepare(() => {}), BUILD_TIMEOUT_MS);

	it(
		"splits a thousand in a row five hundred to five hundred, whoever counts",
		async () => {
			const { result, live } = await lab.play(
				await playable({
					setup: recipeSetup(),
					steps: [connect(1000, { perSecond: 150 })],
				}),
				{},
			);
			expect(backendsOf(result.account)).toEqual({ b1: 500, b2: 500 });
			const [tally] = result.account.tallies ?? [];
			expect(tally?.counts).toEqual({ b1: 500, b2: 500 });
			expect(result.account.mail).toEqual({ kept: 1000, missing: [] });
			expect(new Set(live.records.map(({ id }) => id)).size).toBe(1000);
			expect(await ownContainers(engine().docker)).toEqual([]);
		},
		PLAY_TIMEOUT_MS,
	);

	it(
		"reloads, takes over, and loses no accepted message",
		async () => {
			const { result } = await lab.play(
				await playable({
					setup: recipeSetup(),
					steps: [
						connect(120, { everyMs: EVERY_MS }),
						at(1_010, restore("recipe.rules")),
						at(2_010, takeOver()),
					],
				}),
				{},
			);
			const { account } = result;
			expect(account.operations.map(({ outcome }) => outcome)).toEqual([
				{ ok: true },
				{ ok: true },
			]);
			const after = account.connections.filter(
				({ startedMs }) => startedMs > 4_000,
			);
			expect(outcomes(after)).toEqual({ completed: after.length });
			expect(account.mail?.missing).toEqual([]);
			expect(account.mail?.kept).toBe(
				account.connections.filter(({ accepted }) => accepted).length,
			);
		},
		PLAY_TIMEOUT_MS,
	);

	it(
		"hears what the health checker finds out",
		async () => {
			const { result } = await lab.play(
				await playable({
					setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
					steps: [
						connect(140, { everyMs: EVERY_MS }),
						at(1_000, backend("b1", "refuse")),
						at(4_000, backend("b1", "up")),
					],
				}),
				{},
			);
			const { events } = result.account;
			const told = events.flatMap((event) => {
				if (event.kind === "belief") return [`${event.backend} ${event.alive}`];
				if (event.kind === "condition" && event.atMs > 1_000)
					return [`${event.name} ${event.write}`];
				return [];
			});
			expect(told).toEqual(["b1 false", "mail1up 1", "b1 true", "mail1up 0"]);
			const probes = events.filter(({ kind }) => kind === "probe");
			expect(probes.length).toBeGreaterThan(10);
			const times = events.map(({ atMs }) => atMs);
			expect(times).toEqual(times.toSorted((a, b) => a - b));
		},
		PLAY_TIMEOUT_MS,
	);
});

function backendsOf({ connections }: Account): Record<string, number> {
	return counted(connections.map(({ backend }) => backend ?? "no backend"));
}

function outcomes(connections: Account["connections"]): Record<string, number> {
	return counted(connections.map(({ outcome }) => outcome));
}

function counted(words: readonly string[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
	return counts;
}
