/** That no connection, and none of its packets, did what it never should is luck where draws decided it. */
import { describe, expect, it } from "vitest";
import { seededChoice } from "../../sim/chance/seeded.ts";
import {
	affinity,
	at,
	avoided,
	backendAt,
	clientAt,
	connect,
	moved,
	recipeSetup,
	scenario,
	send,
	service,
	sticky,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { unlessByLuck } from "./by-luck.ts";
import { checkScenario, checkScenarioAsync } from "./run-scenario.ts";
import { silentDriver } from "./test-driver.ts";

const SMTP = "-A PREROUTING -d 10.0.0.1 -p tcp --dport 25";
const TO = [1, 2, 3].map((n) => `-j DNAT --to-destination 192.168.0.${n}`);
const nat = (...rules: readonly string[]) =>
	`*nat\n${rules.map((rule) => `${SMTP} ${rule}\n`).join("")}COMMIT\n`;
const drawn = (probability: number) =>
	`-m statistic --mode random --probability ${probability}`;

const HALF = nat(`${drawn(0.5)} ${TO[0]}`, `${TO[1]}`);
const SELDOM = nat(`${drawn(0.01)} ${TO[0]}`, `${TO[1]}`);
/** A client goes where it went before: for ten seconds from when it was drawn. */
const KEPT = nat(
	`-m recent --name b1 --rcheck --seconds 10 ${TO[0]}`,
	`-m recent --name b2 --rcheck --seconds 10 ${TO[1]}`,
	`${drawn(0.5)} -m recent --name b1 --set ${TO[0]}`,
	`-m recent --name b2 --set ${TO[1]}`,
);
/** Drawn for a mark that decides nothing. */
const ASIDE = `*mangle\n${SMTP} ${drawn(0.5)} -j MARK --set-mark 7\nCOMMIT\n${nat(`-m condition ! --condition mail1up ${TO[0]}`, `${TO[1]}`)}`;

/** Nothing answers, so the router has forgotten the flow when its next datagram comes: that goes by the rules again. */
const METRICS = "-A PREROUTING -d 10.0.0.1 -p udp --dport 8125";
const metrics = (...rules: readonly string[]) =>
	`*nat\n${rules.map((rule) => `${METRICS} ${rule}\n`).join("")}COMMIT\n`;
const EACH = metrics(`${drawn(0.01)} ${TO[0]}`, `${TO[1]}`);
const BEHIND = metrics(
	`-m recent --name seen --rcheck ${drawn(0.01)} ${TO[0]}`,
	`-m condition --condition mail1up -m recent --name seen --set ${TO[0]}`,
	`-m recent --name seen --set ${TO[1]}`,
);
const FIRST = metrics(
	`-m recent --name seen --rcheck ${TO[1]}`,
	`${drawn(0.01)} -m recent --name seen --set ${TO[0]}`,
	`-m recent --name seen --set ${TO[1]}`,
);
const STAYING = metrics(
	`-m recent --name b1 --rcheck ${TO[0]}`,
	`-m recent --name b2 --rcheck ${TO[1]}`,
	`${drawn(0.01)} -m recent --name b1 --set ${TO[0]}`,
	`-m recent --name b2 --set ${TO[1]}`,
);

function sentOf(
	text: string,
	expectation: Expectation,
	...others: readonly ScenarioStep[]
) {
	return scenario({
		name: "luck-of-datagrams",
		title: "Luck of datagrams",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text },
			services: [
				service("metrics", {
					protocol: "udp",
					address: "10.0.0.1",
					port: 8125,
					speaks: "silent",
				}),
			],
		}),
		steps: [
			send(2, { port: 40_000, everyMs: 40_000, reply: false }),
			...others,
		],
		expect: [expectation],
	}) as PlayableScenario;
}

function playedOf(
	text: string,
	expectation: Expectation,
	steps: readonly ScenarioStep[] = [connect(2, { everyMs: 100 })],
) {
	return scenario({
		name: "luck",
		title: "Luck",
		setup: recipeSetup({ ruleset: { name: "my.rules", text } }),
		steps,
		expect: [expectation],
	}) as PlayableScenario;
}

function outcomes(...given: Parameters<typeof playedOf>) {
	const played = playedOf(...given);
	return [1, 2, 3, 4, 5, 6, 7, 8].map(
		(seed) => checkScenario(played, { seed }).judgements[0]?.outcome,
	);
}

describe("what holds by luck is unknown", () => {
	it.each([
		["a client that no rule keeps", sticky()],
		["a backend that a draw left out", avoided("b1", { toMs: 50 })],
	])("%s", (_, expectation) => {
		const found = outcomes(HALF, expectation);
		expect(new Set(found)).toEqual(new Set(["unknown", "violated"]));
		const seen = [1, 2, 3, 4]
			.map((seed) => checkScenario(playedOf(HALF, expectation), { seed }))
			.find(({ outcome }) => outcome === "unknown")?.judgements[0]?.seen;
		expect(seen).toMatch(
			/; draws decided it, and no rule: with seed \d+ it is violated \(1 of /,
		);
	});

	it("also where no play with other draws could be made", () => {
		const played = playedOf(HALF, avoided("b3"));
		const { account, judgements } = checkScenario(played);
		const judged = judgements.map((one) => ({ ...one, all: [] }));
		const [found] = unlessByLuck(
			judged,
			{ scenario: played, account, seed: 1 },
			{ choiceOf: seededChoice, playModel: () => null },
		);
		expect(found).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("was not tested"),
		});
	});

	it("also where the other way is seldom", () => {
		for (const expectation of [avoided("b1"), sticky()]) {
			const { judgements } = checkScenario(playedOf(SELDOM, expectation));
			expect(judgements[0]).toMatchObject({
				outcome: "unknown",
				seen: expect.stringContaining("where draws fall otherwise, it is"),
			});
		}
	});

	it.each([
		["that drew each", EACH],
		["that drew for later ones", BEHIND],
		["that drew for the first alone", FIRST],
	])("packets of one connection under rules %s", (_, text) => {
		for (const expectation of [affinity(), moved(0)]) {
			const { judgements } = checkScenario(sentOf(text, expectation));
			expect(judgements[0]).toMatchObject({
				outcome: "unknown",
				seen: expect.stringMatching(
					/^0 of 1 flow met more than one; draws decided it, and no rule: .* it is violated \(1 of 1 flow /,
				),
			});
		}
	});

	it("a client that came back when its time was over", () => {
		const given = [KEPT, sticky({ forMs: 10_000 })] as const;
		const found = outcomes(...given, [connect(3, { everyMs: 9_000 })]);
		expect(new Set(found)).toEqual(new Set(["unknown", "violated"]));
		expect(
			new Set(outcomes(...given, [connect(2, { everyMs: 9_000 })])),
		).toEqual(new Set(["holds"]));
	});

	it("a backend to which rules keep a client that was drawn to it before", () => {
		const late = avoided("b1", { fromMs: 4_000 });
		const found = outcomes(KEPT, late, [connect(2, { everyMs: 5_000 })]);
		expect(new Set(found)).toEqual(new Set(["unknown", "violated"]));
	});
});

describe("what rules decide holds, though draws are made", () => {
	it.each([
		["a draw aside", ASIDE, sticky()],
		["a draw aside", ASIDE, avoided("b3")],
		["a draw between others", HALF, avoided("b3")],
		["a client that is kept", KEPT, sticky()],
	])("%s", (_, text, expectation) => {
		const { judgements } = checkScenario(playedOf(text, expectation));
		expect(judgements[0]).toMatchObject({ outcome: "holds" });
	});

	it.each([affinity(), moved(0)])(
		"a flow that is kept, $kind",
		(expectation) => {
			const { judgements } = checkScenario(sentOf(STAYING, expectation));
			expect(judgements[0]).toMatchObject({ outcome: "holds" });
		},
	);

	it("packets that moved, as they were expected to, by a draw", () => {
		const { judgements } = checkScenario(
			sentOf(EACH, moved({ atMost: 1, atLeast: 0 })),
		);
		expect(judgements[0]?.seen).not.toMatch(/draws decided/);
	});
});

/** Two clients in step: each always has the same turn, as long as no other one comes. */
describe("what holds by the phase of a counter is unknown", () => {
	const turn = "-m statistic --mode nth --every 2 --packet 0";
	const TURNS = nat(`${turn} ${TO[0]}`, `${TO[1]}`);
	const TURNS_KEPT = nat(
		`-m recent --name b1 --rcheck ${TO[0]}`,
		`-m recent --name b2 --rcheck ${TO[1]}`,
		`${turn} -m recent --name b1 --set ${TO[0]}`,
		`-m recent --name b2 --set ${TO[1]}`,
	);
	const byMark = (packet: number) =>
		`${SMTP} -m conntrack --ctstate NEW -m statistic --mode nth --every 3 --packet ${packet} -j CONNMARK --set-mark ${packet + 1}\n`;
	/** Of each three one has the mark 1, 2 or 3, whatever came before: none is left for the last rule. */
	const MARKED = `*mangle\n${[0, 1, 2].map(byMark).join("")}${SMTP} -j CONNMARK --restore-mark\nCOMMIT\n${nat(
		`-m mark --mark 1 ${TO[0]}`,
		`-m mark --mark 2 ${TO[1]}`,
		`-m mark --mark 3 ${TO[1]}`,
		`${TO[2]}`,
	)}`;
	const inStep = (text: string, clients: number, expectation: Expectation) => {
		const names = Array.from({ length: clients }, (_, index) => `p${index}`);
		return scenario({
			name: "in-step",
			title: "In step",
			setup: recipeSetup({
				ruleset: { name: "my.rules", text },
				clients: names.map((name, index) =>
					clientAt(name, `10.0.0.${20 + index}`),
				),
				backends: [1, 2, 3].map((host) =>
					backendAt(`b${host}`, `192.168.0.${host}`, {
						interface: "bond0.205",
					}),
				),
			}),
			steps: names.map((client) => connect(4, { client, everyMs: 1_000 })),
			expect: [expectation],
		}) as PlayableScenario;
	};

	it.each([
		["clients that stay", 2, sticky()],
		["a backend that is avoided", 2, avoided("b2", { client: "p0" })],
	])("%s", (_, clients, expectation) => {
		const { judgements } = checkScenario(inStep(TURNS, clients, expectation));
		expect(judgements[0]).toMatchObject({
			outcome: "unknown",
			seen: expect.stringMatching(
				/; turns decided it, and no rule: where connections of others come in between, it is violated \(/,
			),
		});
		const three = checkScenario(inStep(TURNS, 3, expectation)).judgements[0];
		expect(three?.outcome).toBe("violated");
	});

	it("flows that are forgotten between two datagrams", () => {
		const text = metrics(`${turn} ${TO[0]}`, `${TO[1]}`);
		const other = send(2, { port: 40_001, everyMs: 40_000, reply: false });
		const { judgements } = checkScenario(sentOf(text, affinity(), other));
		expect(judgements[0]).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("turns decided it"),
		});
	});

	it.each([
		["clients that rules keep", TURNS_KEPT, sticky()],
		["a backend that no turn leads to", TURNS, avoided("b3")],
		["turns that are taken side by side", MARKED, avoided("b3")],
		["packets of a connection", TURNS, affinity()],
		["packets of a connection", TURNS, moved(0)],
	])("but not %s", (_, text, expectation) => {
		const { judgements } = checkScenario(inStep(text, 2, expectation));
		expect(judgements[0]?.outcome).toBe("holds");
	});
});

it("is told on a gateway that does not say what it drew", async () => {
	const played = playedOf(HALF, sticky(), at(0, connect(2, { everyMs: 100 })));
	for (const seed of [1, 2, 3, 4]) {
		const [judgement] = (
			await checkScenarioAsync(played, {
				driver: silentDriver,
				seed,
			})
		).judgements;
		expect(judgement).toEqual(checkScenario(played, { seed }).judgements[0]);
	}
});
