import { describe, expect, it } from "vitest";
import {
	affinity,
	at,
	clientAt,
	connect,
	iptables,
	moved,
	outcomes,
	recipeSetup,
	scenario,
	service,
	split,
	splitBySource,
	sticky,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario, checkScenarioAsync } from "../run/run-scenario.ts";
import { silentDriver } from "../run/test-driver.ts";
import { drawnBands, judgeSplit } from "./judge-split.ts";
import { accountOf, connectionRecord } from "./test-account.ts";

const nat = (...rules: readonly string[]) =>
	`*nat\n${rules.map((rule) => `-A PREROUTING -p tcp --dport 25 ${rule}\n`).join("")}COMMIT\n`;
const TO_B1 = "-j DNAT --to-destination 192.168.0.1";
const TO_B2 = "-j DNAT --to-destination 192.168.0.2";
const HALF = "-m statistic --mode random --probability 0.5";
const NTH = "-m statistic --mode nth --every 2 --packet 0";

/** Counters decide: every second connection. */
const IN_TURN = nat(`${NTH} ${TO_B1}`, TO_B2);
const DRAWN = nat(`${HALF} ${TO_B1}`, TO_B2);
/** A client goes where it went before. */
const STICKY = nat(
	`-m recent --name b1 --rcheck ${TO_B1}`,
	`-m recent --name b2 --rcheck ${TO_B2}`,
	`${HALF} -m recent --name b1 --set ${TO_B1}`,
	`-m recent --name b2 --set ${TO_B2}`,
);

const CLIENTS = Array.from({ length: 40 }, (_, index) =>
	clientAt(`c${index + 1}`, `10.0.1.${index + 1}`),
);

function plays(
	text: string,
	parts: Partial<Parameters<typeof scenario>[0]> = {},
	weights: Readonly<Record<string, number>> = { b1: 1, b2: 1 },
) {
	return scenario({
		name: "split",
		title: "Half and half",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text },
			clients: CLIENTS,
		}),
		steps: [connect(40, { everyMs: 10 })],
		expect: [split(weights)],
		...parts,
	}) as PlayableScenario;
}

function judged(played: PlayableScenario, seed = 1) {
	const [judgement] = checkScenario(played, { seed }).judgements;
	return judgement;
}

/** Each client connects `times` times, the last one far more often. */
const uneven = CLIENTS.map(({ name }, index) =>
	connect(index === 39 ? 80 : 2, { client: name, everyMs: 10 }),
);

describe("a split", () => {
	it("is exact where the rules decide", () => {
		expect(judged(plays(IN_TURN))).toMatchObject({
			outcome: "holds",
			expected: "b1 20, b2 20 of 40 connections (nothing was drawn for them)",
			seen: "b1 20, b2 20",
		});
		// 10 of 40 lie within what chance would allow for so many draws.
		const quarter = nat(
			`-m statistic --mode nth --every 4 --packet 0 ${TO_B1}`,
			TO_B2,
		);
		expect(judged(plays(quarter))).toMatchObject({ outcome: "violated" });
	});

	it("expects shares of all connections, where some went to no backend", () => {
		const third = "-m statistic --mode nth --every 3 --packet 0";
		const leaves = nat(
			...[1, 2].map((n) => `${third} -j DNAT --to-destination 192.168.0.${n}`),
		);
		expect(judged(plays(leaves))).toMatchObject({
			outcome: "violated",
			expected: "b1 20, b2 20 of 40 connections (nothing was drawn for them)",
			seen: "b1 14, b2 9, elsewhere or nowhere 17",
		});
	});

	it("is exact where a confidence is given and nothing was drawn", () => {
		const expectation = split({ b1: 1, b2: 1 }, { confidence: 0.99 });
		const played = plays(IN_TURN, {
			steps: [connect(41, { everyMs: 10 })],
			expect: [expectation],
		});
		expect(judged(played)?.expected).toContain("b1 20…21, b2 20…21");
	});

	it("has room for chance where a draw was made", () => {
		expect(judged(plays(DRAWN))).toMatchObject({
			outcome: "holds",
			expected:
				"b1 10…30, b2 10…30 of 40 connections (40 draws; chance alone leaves this once in 1000 runs)",
		});
	});

	it.each([
		["logs", "-j LOG"],
		["only counts", ""],
	])("has none for a draw of a rule that %s", (_, target) => {
		expect(judged(plays(nat(`${HALF} ${target}`) + IN_TURN))).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("nothing was drawn"),
		});
	});

	it("has none for the port of a masquerade", () => {
		const text = `${IN_TURN.replace("COMMIT\n", "")}-A POSTROUTING -j MASQUERADE --random\nCOMMIT\n`;
		expect(judged(plays(text))?.expected).toContain("nothing was drawn");
	});

	it("counts draws, not the connections that go where their client was drawn to", () => {
		let violated = 0;
		for (let seed = 1; seed <= 15; seed++) {
			const judgement = judged(plays(STICKY, { steps: uneven }), seed);
			expect(judgement?.expected).toContain(
				"of 40 connections (40 draws for 158 connections;",
			);
			expect(judgement?.seen).toContain("and 118 more without a draw");
			if (judgement?.outcome !== "holds") violated++;
		}
		// Once in a thousand runs: by connections it would be nearly every second.
		expect(violated).toBeLessThan(2);
	});

	it("holds what is decided against the draws that have to make up for it", () => {
		// Every second connection to b1, and half of the others.
		const mixed = nat(`${NTH} ${TO_B1}`, `${HALF} ${TO_B1}`, TO_B2);
		const steps = [connect(200, { everyMs: 10 })];
		const weights = { b1: 3, b2: 1 };
		expect(judged(plays(mixed, { steps }, weights))).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("of 200 connections (100 draws"),
		});
		expect(judged(plays(mixed, { steps }))).toMatchObject({
			outcome: "violated",
		});
	});

	it("shows nothing where every number would be right", () => {
		const steps = [connect(3, { everyMs: 10 })];
		expect(judged(plays(DRAWN, { steps }))).toMatchObject({
			outcome: "unknown",
			expected: expect.stringContaining("b1 0…3, b2 0…3 of 3"),
			seen: expect.stringContaining("nothing could violate this"),
		});
		const wide = [split({ b1: 1, b2: 1 }, { tolerance: 0.5 })];
		expect(judged(plays(IN_TURN, { expect: wide }))).toMatchObject({
			outcome: "unknown",
		});
	});
});

describe("what the rules leave no room for", () => {
	const steps = [connect(4, { everyMs: 10 })];
	const ALL_TO_B1 = nat(TO_B1).replace("COMMIT\n", "");

	it.each<[string, string, readonly ScenarioStep[], string]>([
		["no rule that translates sources", "", [], "unknown"],
		[
			"one that translates none of these",
			"-A POSTROUTING -s 10.9.0.0/16 -j MASQUERADE\n",
			[],
			"holds",
		],
		[
			"one that a step adds",
			"",
			at(5_000, iptables("-t nat -A POSTROUTING -j MASQUERADE")),
			"holds",
		],
	])(
		"is another source than the client's own, with %s",
		(_, rule, more, outcome) => {
			const played = plays(`${ALL_TO_B1}${rule}COMMIT\n`, {
				steps: [...steps, ...more],
				expect: [splitBySource({ "10.0.1.1": 1 })],
			});
			expect(judged(played)).toMatchObject({ outcome });
		},
	);

	it("is another source for a program, where routing gives it one", () => {
		const played = plays("*nat\nCOMMIT\n", {
			steps,
			expect: [splitBySource({ "192.168.0.254": 1 })],
		});
		const [client] = played.setup.clients;
		if (client === undefined) throw new Error("a client");
		const setup = {
			...played.setup,
			services: [],
			service: { address: "192.168.0.1", port: 25 },
			clients: [{ ...client, interface: "lo", address: "0.0.0.0" }],
		};
		expect(judged({ ...played, setup })).toMatchObject({ outcome: "holds" });
	});

	it("is another backend, where that serves another service", () => {
		const text = `*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 ${TO_B1}
-A PREROUTING -d 10.0.0.1 -p udp --dport 53 ${TO_B2}
COMMIT
`;
		const at = { address: "10.0.0.1" };
		const setup = recipeSetup({
			ruleset: { name: "my.rules", text },
			services: [
				service("mail", { ...at, port: 25, backends: ["b1"] }),
				service("dns", {
					...at,
					protocol: "udp",
					port: 53,
					backends: [{ backend: "b2", port: 53 }],
				}),
			],
		});
		const steps = [connect(4, { service: "mail", everyMs: 10 })];
		const outcomeOf = (...expect: readonly Expectation[]) =>
			judged(plays("", { setup, steps, expect }))?.outcome;
		const of = { service: "mail" };
		expect(outcomeOf(sticky(of))).toBe("unknown");
		expect(outcomeOf(affinity(of))).toBe("unknown");
		expect(outcomeOf(moved(0, of))).toBe("unknown");
		expect(outcomeOf(split({ b1: 1 }, of))).toBe("unknown");
		expect(outcomeOf(outcomes("completed", 4, of))).toBe("holds");
	});

	it("is another backend for the next connection of a client", () => {
		const outcomeOf = (text: string) =>
			judged(plays(text, { steps, expect: [sticky()] }))?.outcome;
		expect(outcomeOf(nat(TO_B1))).toBe("unknown");
		expect(
			outcomeOf(nat(`-m condition ! --condition mail1up ${TO_B1}`, TO_B2)),
		).toBe("holds");
	});
});

describe("a split on a gateway that does not say what it drew", () => {
	const onKernel = async (played: PlayableScenario) => {
		const result = await checkScenarioAsync(played, { driver: silentDriver });
		return result.judgements[0];
	};

	it.each([
		["in turn", IN_TURN],
		["drawn", DRAWN],
		["sticky", STICKY],
	])("is judged as the model draws: %s", async (_, text) => {
		const played = plays(text, { steps: uneven });
		expect(await onKernel(played)).toEqual(judged(played));
	});

	it("is unknown where the model does not know", async () => {
		const account = accountOf({
			connections: [connectionRecord(0, { chance: "unknown" })],
		});
		const given = split({ b1: 1, b2: 1 });
		if (given.kind !== "split") throw new Error("a split");
		expect(judgeSplit(given, account)).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("not known whether a draw was made"),
		});
	});
});

describe("bands around what is drawn", () => {
	it("lie around what is fixed", () => {
		const bands = (fixed: readonly number[], draws: number) =>
			drawnBands({ weights: [1, 1], fixed, draws, confidence: 0.95 });
		expect(bands([0, 0], 100)).toEqual([
			{ low: 40, high: 60 },
			{ low: 40, high: 60 },
		]);
		expect(bands([50, 50], 100)).toEqual([
			{ low: 90, high: 110 },
			{ low: 90, high: 110 },
		]);
		expect(bands([5, 4], 0)).toEqual([
			{ low: 4, high: 5 },
			{ low: 4, high: 5 },
		]);
		// No ten draws make up for ninety.
		expect(bands([90, 0], 10)).toEqual([
			{ low: 50, high: 50 },
			{ low: 50, high: 50 },
		]);
	});
});
