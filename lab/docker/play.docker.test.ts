import { beforeAll, expect, it } from "vitest";
import {
	at,
	backend,
	connect,
	linkDown,
	linkUp,
	recipeHealthCheck,
	recipeSetup,
	restore,
	smtp,
	takeOver,
} from "../../scenarios/language/build.ts";
import type { Account } from "../../sim/world/account.ts";
import { createDockerLab } from "./docker-lab.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker, testLab } from "./test-engine.ts";
import { ownContainers, PLAY_TIMEOUT_MS, playable } from "./test-play.ts";

/** Shorter than a SYN's first repetition: one packet tells how it went. */
const HASTY = smtp({ connectTimeoutMs: 700, readTimeoutMs: 700 });
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
		"makes each fault as clients know it, and undoes it",
		async () => {
			const batch = (label: string, atMs: number) =>
				at(atMs, connect(4, { everyMs: EVERY_MS, label, dialogue: HASTY }));
			const { result } = await lab.play(
				await playable({
					setup: recipeSetup({ behaviour: { b1: { kind: "refuse" } } }),
					steps: [
						batch("refuse", 0),
						at(600, backend("b1", "up")),
						batch("after refuse", 2_500),
						at(3_000, backend("b1", { kind: "hang", accept: false })),
						batch("hang", 3_300),
						at(4_500, backend("b1", "up")),
						batch("after hang", 4_900),
						at(5_400, backend("b1", "silent")),
						batch("silent", 5_900),
						at(7_200, backend("b1", "up")),
						batch("after silent", 7_700),
						at(8_200, backend("b1", "vanish")),
						batch("vanish", 8_700),
						at(10_000, backend("b1", "up")),
						batch("after vanish", 10_500),
						at(11_000, linkDown("bond0.205")),
						batch("link", 11_400),
						at(12_600, linkUp("bond0.205")),
						batch("after link", 13_100),
					],
				}),
				{},
			);
			const ends = outcomesByStep(result.account);
			expect(ends).toMatchObject({
				refuse: { refused: 2, completed: 2 },
				hang: { "read-timeout": 2, completed: 2 },
				silent: { "connect-timeout": 2, completed: 2 },
				vanish: { "connect-timeout": 2, completed: 2 },
			});
			// Without its network the router does not know the way, and says so or not.
			expect(ends.link?.completed).toBe(undefined);
			for (const [step, of] of Object.entries(ends))
				if (step.startsWith("after")) expect([step, of]).toEqual([step, ALL]);
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
				...[{ ok: true }, { ok: true }],
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
			expect(told).toEqual([
				...["b1 false", "mail1up 1", "b1 true", "mail1up 0"],
			]);
			const probes = events.filter(({ kind }) => kind === "probe");
			expect(probes.length).toBeGreaterThan(10);
			const times = events.map(({ atMs }) => atMs);
			expect(times).toEqual(times.toSorted((a, b) => a - b));
		},
		PLAY_TIMEOUT_MS,
	);
});

const ALL = { completed: 4 };

function backendsOf({ connections }: Account): Record<string, number> {
	return counted(connections.map(({ backend }) => backend ?? "nobody"));
}

function outcomes(connections: Account["connections"]): Record<string, number> {
	return counted(connections.map(({ outcome }) => outcome));
}

function outcomesByStep({
	connections,
}: Account): Record<string, Record<string, number>> {
	const steps = [...new Set(connections.map(({ step }) => step))];
	return Object.fromEntries(
		steps.map((step) => [
			step,
			outcomes(connections.filter((one) => one.step === step)),
		]),
	);
}

function counted(words: readonly string[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
	return counts;
}
