/** What clients see of backends that are unwell. The rules name no condition, so that no virtual machine is needed. */
import { beforeAll, expect, it } from "vitest";
import {
	at,
	backend,
	close,
	connect,
	hold,
	linkDown,
	linkUp,
	lossy,
	recipeSetup,
	slow,
	smtp,
	speak,
} from "../../../scenarios/language/build/build.ts";
import { recipeRules } from "../../../scenarios/suites/index.ts";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker } from "../engine/test-engine.ts";
import { withoutConditions } from "../measure/contestants.ts";
import { createDockerLab } from "./docker-lab.ts";
import { PLAY_TIMEOUT_MS, playable } from "./test-play.ts";

/** Shorter than a SYN's first repetition: one packet tells how it went. */
const HASTY = smtp({ connectTimeoutMs: 700, readTimeoutMs: 700 });
const PATIENT = smtp();
/** Half of them meet b1. */
const batch = (label: string, atMs: number, dialogue = HASTY) =>
	at(atMs, connect(4, { everyMs: 50, label, dialogue }));

describeOnDocker("faults of backends", () => {
	const lab = createDockerLab();
	const play = async (
		steps: Parameters<typeof playable>[0]["steps"],
		behaviour: Record<string, BackendBehaviour> = {},
	) => {
		const { name, text } = await recipeRules();
		const ruleset = { name, text: withoutConditions(text) };
		const setup = recipeSetup({ ruleset, behaviour });
		return lab.play(await playable({ setup, steps }), {});
	};

	beforeAll(() => lab.prepare(() => {}), BUILD_TIMEOUT_MS);

	it(
		"cut it off, and are undone",
		async () => {
			const { result } = await play(
				[
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
				{ b1: { kind: "refuse" } },
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
			expectWell(ends);
		},
		PLAY_TIMEOUT_MS,
	);

	it(
		"make it slow, drain it, and lose its packets",
		async () => {
			const { result, live } = await play([
				batch("held", 0, hold()),
				at(400, backend("b1", "drain")),
				batch("drain", 1_200),
				at(1_800, speak("held")),
				at(2_100, close("held")),
				at(2_400, backend("b1", slow(500))),
				batch("slow", 3_400, PATIENT),
				// A change applies at once, from one figure to another as well.
				at(4_600, backend("b1", slow(100))),
				batch("less slow", 5_400, PATIENT),
				at(6_600, backend("b1", lossy(0.999_9))),
				batch("lossy", 7_600),
				at(8_600, backend("b1", "up")),
				batch("after all", 9_400),
			]);
			const ends = outcomesByStep(result.account);
			expect(ends).toMatchObject({
				held: ALL,
				slow: ALL,
				"less slow": ALL,
				drain: { refused: 2, completed: 2 },
				lossy: { "connect-timeout": 2, completed: 2 },
			});
			expectWell(ends);
			const waits = (step: string, name: string) =>
				live.records
					.filter((one) => one.step === step && one.backend === name)
					.map((one) => (one.greetedMs ?? 0) - one.startedMs);
			expect(Math.min(...waits("slow", "b1"))).toBeGreaterThanOrEqual(500);
			expect(Math.max(...waits("slow", "b2"))).toBeLessThan(500);
			expect(Math.min(...waits("less slow", "b1"))).toBeGreaterThanOrEqual(100);
			expect(Math.max(...waits("less slow", "b1"))).toBeLessThan(500);
			// The banner and six replies.
			for (const { step, backend: name, endedMs, startedMs } of live.records)
				if (step === "less slow" && name === "b1")
					expect((endedMs ?? 0) - startedMs).toBeGreaterThanOrEqual(700);
		},
		PLAY_TIMEOUT_MS,
	);
});

const ALL = { completed: 4 };

/** Whatever it was, it is over afterwards. */
function expectWell(ends: ReturnType<typeof outcomesByStep>): void {
	for (const [step, of] of Object.entries(ends))
		if (step.startsWith("after")) expect([step, of]).toEqual([step, ALL]);
}

function outcomesByStep({
	connections,
}: Account): Record<string, Record<string, number>> {
	const ends: Record<string, Record<string, number>> = {};
	for (const { step, outcome } of connections) {
		ends[step] ??= {};
		const of = ends[step];
		of[outcome] = (of[outcome] ?? 0) + 1;
	}
	return ends;
}
