import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
	at,
	avoided,
	backend,
	connect,
	counter,
	iptables,
	observe,
	recipeHealthCheck,
	recipeSetup,
	restore,
	scenario,
	setCondition,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import type { RunResult } from "../result/result.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { collectRunDetails } from "./run-details.ts";

const RECIPE = {
	name: "recipe.rules",
	text: readFileSync(
		new URL("../suites/recipe/recipe.rules", import.meta.url),
		"utf8",
	),
};

function playable(
	steps: Parameters<typeof scenario>[0]["steps"],
	more: {
		readonly expect?: readonly Expectation[];
		readonly checks?: boolean;
	} = {},
): PlayableScenario {
	return scenario({
		name: "a-story",
		title: "a story",
		story: "",
		setup: recipeSetup({
			ruleset: RECIPE,
			...(more.checks ? { healthCheck: recipeHealthCheck() } : {}),
		}),
		steps,
		expect: more.expect ?? [],
	}) as PlayableScenario;
}

const closeupOf = (one: PlayableScenario, connections = 10) =>
	collectRunDetails(checkScenario(one), { connections });

it("follows packets rule by rule, from the way in to the way out", () => {
	const { paths } = closeupOf(playable([connect(2, { everyMs: 50 })]));
	const [first] = paths;
	expect(first).toMatchObject({
		connection: 0,
		fate: "forwarded through bond0.205",
		in: { interface: "bond0.204", packet: expect.stringContaining(" S ") },
		out: [{ packet: expect.stringContaining("> 192.168.0.1:25 S ") }],
	});
	expect(first?.steps.map(({ place }) => place)).toEqual([
		"mangle:PREROUTING:rule:1",
		"mangle:MAILMARK:rule:1",
		"mangle:MAILMARK:rule:2",
		"mangle:MAILMARK:rule:5",
		"mangle:MAILMARK:return:6",
		"mangle:PREROUTING:policy:2",
		"nat:PREROUTING:rule:1",
		"mangle:FORWARD:policy:1",
		"mangle:POSTROUTING:policy:1",
		"nat:POSTROUTING:policy:1",
	]);
	expect(first?.steps[2]).toMatchObject({ markBefore: 0, markAfter: 1 });
	const second = paths.find(({ connection }) => connection === 1);
	expect(second?.steps.map(({ place }) => place)).toContain(
		"mangle:MAILMARK:rule:3",
	);
});

it("follows as many connections as it is told, and of each its first packets and every new path", () => {
	const { paths, followed } = closeupOf(
		playable([connect(50, { everyMs: 50 })]),
		3,
	);
	expect(followed).toEqual([0, 1, 2]);
	const first = paths.filter(({ connection }) => connection === 0);
	expect(first.length).toBeGreaterThanOrEqual(8);
	expect(new Set(paths.map(({ connection }) => connection))).toEqual(
		new Set(followed),
	);
});

it("shows the box behind every step, and calls the moments what they are", () => {
	const { snapshots, moments } = closeupOf(
		playable([
			connect(4, { everyMs: 100 }),
			...at(150, setCondition("mail1up", "1"), observe("mine")),
			...at(250, restore(RECIPE)),
		]),
	);
	expect(snapshots.map(({ label }) => label)).toEqual([
		"after mail1up ← 1",
		"mine",
		"after iptables-restore < recipe.rules",
		"",
	]);
	expect(snapshots[0]?.conditions).toEqual({ mail1up: 1, mail2up: 0 });
	const counted = snapshots.map(
		({ rules }) => rules.find(({ text }) => text.includes("nth"))?.packets,
	);
	// Two connections came by the first half; the second load set the counter back.
	expect(counted).toEqual([1, 1, 0, 0]);
	expect(snapshots.at(-1)?.entries).toBe(4);
	expect(moments).toEqual([
		{ atMs: 150, text: "mail1up ← 1" },
		{ atMs: 250, text: "iptables-restore < recipe.rules" },
	]);
});

it("changes nothing of what happens: the box at the end is the box at the end", () => {
	const result = checkScenario(
		playable([
			connect(20, { everyMs: 37 }),
			...at(200, setCondition("mail1up", "1")),
		]),
	);
	const { snapshots } = collectRunDetails(result, { connections: 5 });
	const end = result.account.observations.at(-1);
	expect(snapshots.at(-1)?.conntrack).toEqual(
		end?.observation.conntrack.map(({ text }) => text),
	);
	expect(snapshots.at(-1)?.atMs).toBe(end?.atMs);
});

it("measures each failover gap, and says when the checker noticed", () => {
	const { gaps } = closeupOf(
		playable(
			[connect(100, { everyMs: 50 }), ...at(1000, backend("b1", "refuse"))],
			{ checks: true },
		),
	);
	expect(gaps).toHaveLength(1);
	const [gap] = gaps;
	expect(gap).toMatchObject({ backend: "b1", failedMs: 1000 });
	expect(gap?.noticedMs).toBeGreaterThan(1000);
	expect(gap?.gapMs).toBeGreaterThan(1000);
	expect(gap?.unserved.every(({ startedMs }) => startedMs >= 1000)).toBe(true);
});

it("names the rule that sent a connection where it must not go, with its line", () => {
	const { places } = closeupOf(
		playable([connect(4, { everyMs: 50 })], {
			expect: [avoided("b2"), avoided("b1")],
		}),
	);
	expect(places).toEqual([
		{
			place: "mangle:MAILMARK:rule:3",
			file: "recipe.rules",
			line: 5,
			text: expect.stringContaining('--condition "mail2up"'),
		},
		expect.objectContaining({ place: "mangle:MAILMARK:rule:2", line: 4 }),
	]);
});

it("of a kernel shows what was asked for while it played", () => {
	const result = checkScenario(playable([connect(2), observe("mine")]));
	const kernels: RunResult = {
		...result,
		driver: { kind: "vm", name: "vm", version: "linux 6.1.192 under tcg" },
	};
	const { paths, snapshots } = collectRunDetails(kernels, { connections: 5 });
	expect(paths).toEqual([]);
	expect(snapshots.map(({ label }) => label)).toEqual(["mine", ""]);
});

it("names the line of a rule that got another number, and none for one of a command", () => {
	const text = `*nat
-A PREROUTING -p tcp --dport 26 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
	const places = (command: string, rule: string) => {
		const result = checkScenario(
			scenario({
				name: "moved",
				title: "",
				setup: recipeSetup({ ruleset: { name: "my.rules", text } }),
				steps: [at(0, iptables(command)), at(10, connect(1))],
				expect: [counter(rule, 0)],
			}) as PlayableScenario,
			{ seed: 1 },
		);
		return collectRunDetails(result, { connections: 1 }).places;
	};
	const added =
		"-A PREROUTING -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.2";
	expect(
		places(
			`-t nat ${added.replace("-A PREROUTING", "-I PREROUTING 2")}`,
			"nat:PREROUTING:rule:2",
		),
	).toMatchObject([{ file: "", line: 0, text: added }]);
	expect(
		places("-t nat -D PREROUTING 1", "nat:PREROUTING:rule:1"),
	).toMatchObject([{ file: "my.rules", line: 3 }]);
	expect(
		places("-t nat -I PREROUTING -p udp -j ACCEPT", "nat:PREROUTING:rule:3"),
	).toMatchObject([{ file: "my.rules", line: 3 }]);
	const again =
		"-A PREROUTING -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.1";
	expect(
		places(
			`-t nat ${again.replace("-A PREROUTING", "-R PREROUTING 1")}`,
			"nat:PREROUTING:rule:1",
		),
	).toMatchObject([{ file: "", line: 0, text: again }]);
});
