import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { Step, StepKind } from "../../sim/world/setup/setup.ts";
import { RECIPE } from "../../test/recipe.ts";
import { Exploration } from "./exploration.ts";
import { readScenarioText, scenarioText } from "./scenario-text.ts";
import { begun, study } from "./study.ts";
import { Viewer } from "./view.ts";

const TEXT = readFileSync(RECIPE, "utf8");
const world = study({ name: "recipe.rules", text: TEXT }).worlds[0];
if (world === undefined) throw new Error("the recipe has a world");
const { openings } = world;
const BEGUN = begun(world, { name: "recipe.rules", text: TEXT });

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

function expectSame(exploration: Exploration, account: Account): void {
	const own = exploration.account();
	expect(own.connections).toEqual(account.connections);
	expect(own.events).toEqual(account.events);
	expect(own.operations).toEqual(account.operations);
	const seen = account.observations.at(-1)?.observation;
	if (seen === undefined) return;
	const { ruleset, conditions } = exploration.gateway.observe();
	expect(ruleset).toEqual(seen.ruleset);
	expect(conditions).toEqual(seen.conditions);
}

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
	(exploration) => void exploration.nextPacket(),
	(exploration) => void exploration.nextPacket(),
	(exploration) =>
		all(
			exploration.act(
				step({
					kind: "operation",
					operation: { kind: "iptables", command: "-X MAILMARK" },
				}),
			),
		),
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
	it("is saved after anything that was done, whatever the order, as a scenario that gives the same account anywhere", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.constantFrom(...ACTIONS), { maxLength: 10 }),
				async (actions) => {
					const exploration = new Exploration(BEGUN);
					for (const act of actions) {
						act(exploration);
						const { text, leftOut } = scenarioText(exploration);
						expect(leftOut).toEqual([]);
						const read = await readScenarioText(text, "saved.json");
						expect(read.steps).toEqual(
							exploration.scenario.steps.filter((one) =>
								exploration.isDone(one),
							),
						);
						const run = checkScenario(read);
						// Of what is not over, or of nothing, nothing is known.
						const isOver = run.account.connections.every(
							({ endedMs }) => endedMs !== null,
						);
						const isShown = isOver && read.expect.length > 0;
						expect(run.outcome).not.toBe("violated");
						if (isShown) expect(run.outcome).toBe("holds");
						const again = new Exploration(read);
						all(again.passTo(read.endMs));
						expectSame(again, run.account);
						if (exploration.isSettled && exploration.reachedMs !== null)
							expectSame(exploration, again.account());
					}
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
		const again = new Exploration(exploration.scenario, {
			followed: exploration.following,
		});
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
	const saved = (exploration: Exploration) =>
		readScenarioText(scenarioText(exploration).text, "saved.json");

	it("holds when it is run, opens again, and says nothing twice", async () => {
		const exploration = new Exploration(BEGUN);
		all(exploration.act(connects(4)));
		all(exploration.run());
		all(exploration.act(becomes("b1", "vanish")));
		all(exploration.act(connects(4)));
		all(exploration.run());
		const read = await saved(exploration);
		expect(checkScenario(read).outcome).toBe("holds");
		const again = new Exploration(read);
		all(again.passTo(read.endMs));
		expect(again.account().connections).toEqual(
			exploration.account().connections,
		);
		expect((await saved(again)).expect).toEqual(read.expect);
	});

	it("keeps what was expected while it holds, and says what it leaves out", async () => {
		const own = (because: string, atLeast: number, atMost: number) =>
			({
				kind: "outcomes",
				because,
				of: {},
				outcome: "completed",
				atLeast,
				atMost,
			}) as const;
		const exploration = new Exploration({
			...BEGUN,
			expect: [own("at most 4 of all", 0, 4), own("a bound", 5, 100)],
		});
		all(exploration.act(connects(9)));
		all(exploration.run());
		expect(scenarioText(exploration).leftOut).toEqual(["at most 4 of all"]);
		const read = await saved(exploration);
		expect(read.expect.map(({ because }) => because)).toContain("a bound");
		expect(checkScenario(read).outcome).toBe("holds");
	});

	it("ends no later than a scenario can", () => {
		const exploration = new Exploration(BEGUN);
		expect(() => all(exploration.passTo(32 * 86_400_000))).toThrow(
			/longer than a scenario plays/,
		);
		expect(exploration.nowMs).toBe(0);
	});

	it("takes a script of iptables commands for rules, as the command does", async () => {
		const name = "mine.sh";
		const text =
			"iptables -t nat -A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2\n";
		const setup = {
			...BEGUN.setup,
			conditions: {},
			ruleset: { name, text },
		};
		const read = await readScenarioText(
			JSON.stringify({ ...BEGUN, setup }),
			"x",
		);
		expect(read.setup.ruleset.text).toContain("*nat");
		expect(new Exploration(read).gateway.ruleset.tables).toHaveLength(1);
	});

	it.each([
		["", /JSON|line 1/],
		["[]", /no scenario/],
		['{"name":1}', /name/],
		["<script>alert(1)</script>", /line 1/],
	])("refuses %j with its place", async (text, says) => {
		await expect(readScenarioText(text, "pasted")).rejects.toThrow(says);
	});

	it("refuses what is to be read from files", async () => {
		const named = { ...BEGUN.setup, ruleset: { file: "/etc/passwd" } };
		const text = JSON.stringify({ ...BEGUN, setup: named });
		await expect(readScenarioText(text, "pasted")).rejects.toThrow(
			/reads no files/,
		);
	});
});
