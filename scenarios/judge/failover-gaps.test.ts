import { describe, expect, it } from "vitest";
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
import { judgeFailoverGap } from "./judge-failover-gap.ts";
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

describe("what goes elsewhere anyway", () => {
	/** A letter is a connection to b1 or b2, every 10 ms; b1 fails where a line stands, and what meets it then is lost. */
	const gapIn = (story: string) => {
		const [before = "", after = ""] = story.replaceAll(" ", "").split("|");
		const failedMs = before.length * 10;
		const connections = [...before, ...after].map((letter, id) =>
			connectionRecord(id, {
				backend: letter === "1" ? "b1" : "b2",
				...(letter === "1" && id >= before.length
					? { connectedMs: null, outcome: "refused" as const }
					: {}),
			}),
		);
		const account = accountOf({
			connections,
			events: [
				{ kind: "backend", atMs: failedMs, backend: "b1", behaviour: "refuse" },
			],
		});
		const { outcome } = judgeFailoverGap(
			failoverGapAtMost("b1", 50) as Parameters<typeof judgeFailoverGap>[0],
			account,
		);
		return outcome;
	};

	it.each([
		// Turns, of which it is the other one's when the play ends.
		["121212121 | 2", "violated"],
		["121212121 | 22", "holds"],
		["121212121 | 12", "violated"],
		["121212121 | 122", "holds"],
		// Of weights 1 and 3.
		["122212221 | 222", "violated"],
		["122212221 | 2222", "holds"],
		// The run in which it fails is over where one goes to it.
		["1222122 | 212222", "holds"],
		["12 | 22 1 222", "violated"],
		// It was taken out before it failed.
		["1212222222 | 22", "holds"],
		// Where none went to it, or one alone, nothing is to be compared.
		["2222 | 2222", "unknown"],
		["21 | 22", "unknown"],
		["1 | 122", "holds"],
		[" | 122", "unknown"],
		[" | 1122", "holds"],
	])("%s: %s", (story, outcome) => {
		expect(gapIn(story)).toBe(outcome);
	});

	it("is not counted before a backend that came back is taken in again, and begins anew there", () => {
		const becomes = (atMs: number, behaviour: string) =>
			({ kind: "backend", atMs, backend: "b1", behaviour }) as const;
		const gaps = failoverGaps([serving("b1")], {
			connections: connectionsTo(
				// It fails at 40 ms, comes back at 60 ms, and fails again at 130 ms.
				..."b1 b2 b1 b2 b2 b2 b2 b2 b2 b1 b2 b1 b2 b2 b2".split(" "),
			),
			events: [becomes(40, "refuse"), becomes(60, "up"), becomes(130, "hang")],
		});
		expect(gaps).toMatchObject([{ gapMs: 0 }, { gapMs: 0, isByLuck: false }]);
	});

	it("is what the last connection of turns does", () => {
		const story = scenario({
			name: "luck",
			title: "",
			setup: recipeSetup({
				ruleset: {
					name: "turns.rules",
					text: "*nat\n-A PREROUTING -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2\nCOMMIT\n",
				},
			}),
			steps: [
				connect(20, { everyMs: 500 }),
				at(9_400, backend("b1", "vanish")),
			],
			expect: [failoverGapAtMost("b1", 100)],
		}) as PlayableScenario;
		const [judgement] = checkScenario(story).judgements;
		expect(judgement).toMatchObject({
			outcome: "violated",
			seen: "no failover was seen: no more in a row were served elsewhere then (1) than while it served (1) (none lost)",
		});
	});
});
