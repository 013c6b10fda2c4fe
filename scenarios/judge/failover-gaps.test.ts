import { expect, it } from "vitest";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import {
	at,
	backend,
	connect,
	failoverGapAtMost,
	recipeHealthCheck,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import type { PlayableScenario, ScenarioStep } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { failoverGaps, serving } from "./failover-gaps.ts";
import { accountOf, connectionRecord, connectionsTo } from "./test-account.ts";

/** Backend 1 fails at 10 ms, when connection 1 begins; `null` meets nobody. */
function gapOf(...backends: readonly (string | null)[]) {
	const account = accountOf({
		connections: connectionsTo(...backends).map((one) =>
			one.backend === "b1" && one.startedMs >= 10
				? connectionRecord(one.id, {
						backend: "b1",
						connectedMs: null,
						outcome: "refused",
					})
				: one,
		),
		events: [{ kind: "backend", atMs: 10, backend: "b1", behaviour: "refuse" }],
	});
	const [gap] = failoverGaps([serving("b1")], account);
	return { gapMs: gap?.gapMs, lost: gap?.servings.lost };
}

it("is over where more in a row are served elsewhere than before", () => {
	expect(gapOf("b1", "b1", "b2", "b1", "b2", "b2")).toEqual({
		gapMs: 30,
		lost: 2,
	});
});

it("is not over because the last connection happened to go elsewhere", () => {
	const halfAndHalf = ["b1", "b1", "b2", "b1", "b2", "b1", "b2"];
	expect(gapOf(...halfAndHalf)).toEqual({ gapMs: null, lost: 3 });
	expect(gapOf(...halfAndHalf.slice(0, -1))).toEqual({ gapMs: null, lost: 3 });
	// … nor because of the run before the first loss.
	expect(gapOf("b1", "b2", "b2", "b1", "b2", "b2").gapMs).toBeNull();
	expect(gapOf("b1", "b2", "b2", "b1", "b2", "b2", "b2").gapMs).toBe(30);
});

it("is none where nothing was lost, and unknown where nobody came", () => {
	expect(gapOf("b1", "b2", "b2")).toEqual({ gapMs: 0, lost: 0 });
	expect(gapOf("b1")).toEqual({ gapMs: null, lost: 0 });
});

it("counts as lost what met the failed backend or nobody, not what another one lost", () => {
	const elsewhere = connectionRecord(2, {
		backend: "b2",
		connectedMs: null,
		outcome: "connect-timeout",
	});
	const account = accountOf({
		connections: [
			connectionRecord(1, { backend: null }),
			elsewhere,
			connectionRecord(3, { backend: "b2" }),
		],
		events: [{ kind: "backend", atMs: 0, backend: "b1", behaviour: "vanish" }],
	});
	const [gap] = failoverGaps([serving("b1")], account);
	expect(gap?.unserved.map(({ id }) => id)).toEqual([1]);
	expect(gap?.gapMs).toBe(30);
});

it("is not over where another backend connects and serves nothing", () => {
	const timedOut = (id: number, backend: string) =>
		connectionRecord(id, { backend, outcome: "read-timeout" });
	const gapWith = (...more: readonly ConnectionRecord[]) =>
		failoverGaps([serving("b1")], {
			connections: [
				connectionRecord(1, { backend: null, outcome: "connect-timeout" }),
				...more,
			],
			events: [
				{ kind: "backend", atMs: 0, backend: "b1", behaviour: "vanish" },
			],
		})[0];
	expect(gapWith(timedOut(2, "b2"), timedOut(3, "b3"))).toMatchObject({
		gapMs: null,
		whyUnseen: "no connection that began after it was served elsewhere",
		unservedElsewhere: [{ id: 2 }, { id: 3 }],
	});
	const served = [connectionRecord(2, { backend: "b2" })];
	expect(gapWith(...served, timedOut(3, "b3"))).toMatchObject({
		gapMs: null,
		whyUnseen: expect.stringMatching(/^other backends served no more/),
	});
	const more = connectionRecord(4, { backend: "b2" });
	expect(gapWith(...served, timedOut(3, "b3"), more)?.gapMs).toBe(20);
});

const TURNS = (forward: string) => `*nat
-A PREROUTING -p tcp --dport 25 -m condition --condition mail1up -j DNAT --to-destination 192.168.0.2
-A PREROUTING -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
${forward}`;

it.each<[string, string, readonly ScenarioStep[]]>([
	[
		"answers are dropped",
		"*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp --dport 25 -j ACCEPT\nCOMMIT\n",
		[],
	],
	[
		"SYN/ACKs alone come back",
		"*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp --dport 25 -j ACCEPT\n-A FORWARD -p tcp --tcp-flags SYN,ACK SYN,ACK -j ACCEPT\nCOMMIT\n",
		[],
	],
	["the other one hangs", "", [backend("b2", { kind: "hang", accept: true })]],
])("is not over on the model where %s", (_, forward, more) => {
	const { judgements } = checkScenario(
		scenario({
			name: "gap",
			title: "Gap",
			endMs: 200_000,
			setup: recipeSetup({
				ruleset: { name: "a.rules", text: TURNS(forward) },
				healthCheck: recipeHealthCheck({
					targets: [
						{
							backend: "b1",
							address: "192.168.0.1",
							port: 25,
							condition: "mail1up",
						},
					],
				}),
			}),
			steps: [
				...more,
				connect(100, { everyMs: 100 }),
				at(1_000, backend("b1", "vanish")),
			],
			expect: [failoverGapAtMost("b1", 9_000)],
		}) as PlayableScenario,
	);
	expect(judgements[0]).toMatchObject({
		outcome: "violated",
		seen: expect.stringMatching(
			/^no failover was seen: no connection that began after it was served elsewhere \(\d+ lost.*; at other backends \d+ lost/,
		),
	});
	expect(judgements[0]?.concerned).toBeGreaterThan(50);
});

it("sees none where the checker does not notice a backend that hangs", async () => {
	const all = await loadBuiltInScenarios();
	const gapsOf = (name: string) => {
		const found = all.find(({ scenario }) => scenario.name === name);
		if (found === undefined) throw new Error(`no scenario ${name}`);
		return failoverGaps([serving("b1")], checkScenario(found.scenario).account);
	};
	const [unnoticed] = gapsOf("failover-backend-hangs-tcp-probe");
	expect(unnoticed).toMatchObject({ gapMs: null, noticedMs: null });
	const [noticed] = gapsOf("failover-backend-hangs");
	expect(noticed?.gapMs).toBeGreaterThan(1_000);
});

it("is none of a backend that served at no time before, and one of its next failure", () => {
	const first = { name: "b1", behaviour: { kind: "refuse" } } as const;
	const connections = connectionsTo("b2", "b2", "b2", "b2");
	const becomes = (atMs: number, behaviour: string) =>
		({ kind: "backend", atMs, backend: "b1", behaviour }) as const;
	const gapsAfter = (...events: readonly ReturnType<typeof becomes>[]) =>
		failoverGaps([first], accountOf({ connections, events })).map(
			({ failedMs }) => failedMs,
		);
	expect(gapsAfter()).toEqual([]);
	expect(gapsAfter(becomes(10, "silent"))).toEqual([]);
	expect(gapsAfter(becomes(10, "up"), becomes(20, "silent"))).toEqual([20]);
});

it("shows nothing where the backend is dead from the beginning", () => {
	const story = scenario({
		name: "dead",
		title: "",
		setup: recipeSetup({
			ruleset: { name: "r", text: "" },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [connect(2)],
		expect: [failoverGapAtMost("b1", 100)],
	}) as PlayableScenario;
	const [judgement] = checkScenario(story).judgements;
	expect(judgement?.outcome).toBe("unknown");
	expect(judgement?.seen).toBe(
		"b1 did not serve when the play began, and never failed after it; nothing could violate this, so it shows nothing: no failover was played: let it serve first, and fail in a step",
	);
});
