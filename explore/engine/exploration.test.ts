import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import type { Step, StepKind } from "../../sim/world/setup/setup.ts";
import { RECIPE } from "../../test/recipe.ts";
import { Exploration } from "./exploration.ts";
import { readScenarioText, scenarioText } from "./scenario-text.ts";
import { study } from "./study.ts";
import { Viewer } from "./view.ts";

const TEXT = readFileSync(RECIPE, "utf8");
const world = study({ name: "recipe.rules", text: TEXT }).worlds[0];
if (world === undefined) throw new Error("the recipe has a world");
const { scenario: BEGUN, openings } = world;

function all(work: Generator<void, void>): void {
	while (!work.next().done);
}

let labels = 0;
const step = (kind: StepKind): Step => {
	return { ...kind, atMs: 0, label: `s${++labels}` };
};
const connects = (count: number, intervalMs = 10): Step => {
	const [opening] = openings;
	if (opening?.kind !== "connect") throw new Error("clients connect");
	return step({
		...opening,
		count,
		arrivals: { kind: "every", intervalMs },
		ports: { kind: "from", first: 40_000 },
	});
};
const condition = (name: string, write: string) =>
	step({ kind: "operation", operation: { kind: "condition", name, write } });
const becomes = (backend: string, kind: "up" | "vanish" | "refuse") =>
	step({ kind: "backend", backend, becomes: { kind } });

type Action = (exploration: Exploration) => void;
const ACTIONS: readonly Action[] = [
	(exploration) => all(exploration.act(connects(1))),
	(exploration) => all(exploration.act(connects(7))),
	(exploration) => all(exploration.act(connects(5, 1))),
	(exploration) => all(exploration.act(condition("mail1up", "1"))),
	(exploration) => all(exploration.act(condition("mail1up", "0"))),
	(exploration) => all(exploration.act(becomes("b1", "vanish"))),
	(exploration) => all(exploration.act(becomes("b1", "up"))),
	(exploration) => all(exploration.act(becomes("b2", "refuse"))),
	(exploration) => all(exploration.run()),
	(exploration) => all(exploration.passTo(exploration.nowMs + 1)),
	(exploration) => all(exploration.passTo(exploration.nowMs + 700.5)),
	(exploration) => exploration.nextPacket(),
	(exploration) => exploration.nextPacket(),
	(exploration) => exploration.begin(connects(3)),
	(exploration) =>
		all(
			exploration.act(
				step({
					kind: "operation",
					operation: {
						kind: "restore",
						text: TEXT,
						file: "again.rules",
						noflush: false,
						counters: false,
					},
				}),
			),
		),
];

describe("an exploration", () => {
	it("gives the account that its scenario gives, whatever was done in whatever order", () => {
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom(...ACTIONS), { maxLength: 14 }),
				(actions) => {
					const exploration = new Exploration(BEGUN);
					for (const act of actions) act(exploration);
					const atMs = Math.floor(exploration.nowMs) + 1;
					all(exploration.passTo(atMs));
					// What is due then has not happened in the exploration.
					const endMs = atMs - 1e-6;
					const { scenario } = exploration;
					const { account } = checkScenario({ ...scenario, endMs });
					const own = exploration.account();
					expect(own.connections).toEqual(account.connections);
					expect(own.events).toEqual(account.events);
					expect(own.operations).toEqual(account.operations);
					expect(exploration.gateway.observe()).toMatchObject({
						ruleset: account.observations.at(-1)?.observation.ruleset,
						conditions: account.observations.at(-1)?.observation.conditions,
					});
				},
			),
			{ numRuns: 60, seed: 7 },
		);
	}, 120_000);

	it("is the same when it is played again up to any of its moments", () => {
		const exploration = new Exploration(BEGUN);
		all(exploration.act(connects(6)));
		all(exploration.passTo(25));
		all(exploration.act(condition("mail1up", "1")));
		all(exploration.passTo(40.5));
		const half = new Viewer().look(exploration);
		all(exploration.run());
		const again = new Exploration(exploration.scenario, exploration.following);
		all(again.passTo(half.nowMs));
		const seen = new Viewer().look(again);
		expect(seen.counters).toEqual(half.counters);
		expect(seen.connections).toEqual(half.connections);
		expect(seen.conditions).toEqual({ mail1up: 1, mail2up: 0 });
		expect(seen.isBusy).toBe(true);
	});

	it("goes packet by packet, with the rules, the marks and the conntrack entry of each", () => {
		const exploration = new Exploration(BEGUN);
		all(exploration.act(connects(1)));
		all(exploration.run());
		const whole = exploration.account().connections;
		const slow = new Exploration(BEGUN);
		slow.begin(connects(1));
		for (let count = 0; count < 3; count++) slow.nextPacket();
		const [syn] = slow.packets;
		expect(syn?.in.packet).toMatch(/^tcp .* S/);
		expect(
			syn?.steps.find(({ markBefore, markAfter }) => markBefore !== markAfter),
		).toMatchObject({ place: "mangle:MAILMARK:rule:2", markAfter: 1 });
		expect(syn?.entry.before).toBe("");
		expect(syn?.entry.after).toMatch(/SYN_SENT .* mark=1/);
		expect(slow.isBusy).toBe(true);
		for (let count = 0; slow.isBusy && count < 100; count++) slow.nextPacket();
		expect(slow.account().connections.map(({ outcome }) => outcome)).toEqual(
			whole.map(({ outcome }) => outcome),
		);
	});

	it("stands where the model does not know, with the rule", () => {
		const text = `*nat\n-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -m set --match-set bad src -j RETURN\n-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n`;
		const { setup } = BEGUN;
		const exploration = new Exploration({
			...BEGUN,
			setup: {
				...setup,
				conditions: {},
				ruleset: { name: "set.rules", text },
			},
		} satisfies PlayableScenario);
		all(exploration.act(connects(3)));
		all(exploration.run());
		expect(exploration.unknown).toMatchObject({
			rule: "nat:PREROUTING:rule:1",
		});
		expect(exploration.isBusy).toBe(false);
		expect(() => all(exploration.act(connects(3)))).not.toThrow();
	});

	it("says what a command that failed has printed", () => {
		const exploration = new Exploration(BEGUN);
		all(
			exploration.act(
				step({
					kind: "operation",
					operation: { kind: "iptables", command: "-X MAILMARK" },
				}),
			),
		);
		const [done] = new Viewer().look(exploration).steps;
		expect(done?.failure).toMatch(/MAILMARK|chain/i);
	});

	it("refuses more connections than a page bears, and goes on", () => {
		const exploration = new Exploration(BEGUN);
		expect(() => all(exploration.act(connects(500_001)))).toThrow(
			/too many for a page/,
		);
		all(exploration.act(connects(2)));
		all(exploration.run());
		expect(exploration.account().connections).toHaveLength(2);
	});
});

describe("the scenario of an exploration", () => {
	it("holds when it is run, and opens again", () => {
		const exploration = new Exploration(BEGUN);
		all(exploration.act(connects(4)));
		all(exploration.run());
		all(exploration.act(becomes("b1", "vanish")));
		all(exploration.act(connects(4)));
		all(exploration.run());
		const read = readScenarioText(scenarioText(exploration), "saved.json");
		expect(checkScenario(read).outcome).toBe("holds");
		const again = new Exploration(read);
		all(again.passTo(read.endMs));
		expect(again.account().connections).toEqual(
			exploration.account().connections,
		);
		// Once more, and nothing is said twice.
		const twice = readScenarioText(scenarioText(again), "saved.json");
		expect(twice.expect).toEqual(read.expect);
	});

	it.each([
		["", /JSON|line 1/],
		["[]", /no scenario/],
		['{"name":1}', /name/],
		["<script>alert(1)</script>", /line 1/],
	])("refuses %j with its place", (text, says) => {
		expect(() => readScenarioText(text, "pasted")).toThrow(says);
	});

	it("refuses what is to be read from files", () => {
		const named = { ...BEGUN.setup, ruleset: { file: "/etc/passwd" } };
		const text = JSON.stringify({ ...BEGUN, setup: named });
		expect(() => readScenarioText(text, "pasted")).toThrow(/reads no files/);
	});
});
