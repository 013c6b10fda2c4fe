import { describe, expect, it } from "vitest";
import { loadScenarios, readScenario, runScenario } from "../../index.ts";
import {
	affinity,
	at,
	conditionIs,
	connect,
	evenSplit,
	observe,
	order,
	outcomes,
	recipeSetup,
	scenario,
	setCondition,
	split,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import { commandLine } from "../result/invocation.ts";
import { assertScenario, ExpectationError } from "./assert-scenario.ts";
import { type AsyncDriver, type Driver, modelDriver } from "./driver.ts";
import {
	checkScenario,
	checkScenarioAsync,
	type RunOptions,
} from "./run-scenario.ts";

/** Three of four go to b1, whoever asks. */
const LOPSIDED = `*mangle
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j CONNMARK --restore-mark
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m mark --mark 0 -m statistic --mode random --probability 0.75 -j MARK --set-mark 1
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m mark --mark 0 -j MARK --set-mark 2
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING -p tcp -m mark --mark 1 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp -m mark --mark 2 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

function lopsided(
	text: string,
	parts: Partial<Parameters<typeof scenario>[0]> = {},
): PlayableScenario {
	const written = scenario({
		name: "lopsided",
		title: "Three of four",
		setup: recipeSetup({ ruleset: { name: "lopsided.rules", text } }),
		steps: [connect(200, { everyMs: 5 })],
		expect: [
			split({ b1: 3, b2: 1 }),
			evenSplit(["b1", "b2"], { because: "that is what was asked for" }),
			affinity(),
		],
		...parts,
	});
	// Its only rules stand in it.
	return written as PlayableScenario;
}

describe("checking a scenario", () => {
	it("says what holds and what is violated", () => {
		const result = checkScenario(lopsided(LOPSIDED));
		expect(result).toMatchObject({
			driver: {
				kind: "model",
				name: "model",
				version: "linux 6.1, iptables-legacy 1.8.9",
			},
			seed: 1,
			outcome: "violated",
			unknown: null,
			replay: { command: "run", names: ["lopsided"], seed: 1 },
		});
		expect(result.judgements.map(({ outcome }) => outcome)).toEqual([
			"holds",
			"violated",
			"holds",
		]);
	});

	it("gives the same bytes for the same seed, and others for another", () => {
		const run = (seed: number) =>
			JSON.stringify(checkScenario(lopsided(LOPSIDED), { seed }));
		expect(run(3)).toBe(run(3));
		expect(run(4)).not.toBe(run(3));
	});

	it("keeps packets only when they are asked for", () => {
		const given = lopsided(LOPSIDED);
		expect(checkScenario(given).account.packets).toEqual([]);
		const kept = checkScenario(given, { keepPackets: true });
		expect(kept.account.packets.length).toBeGreaterThan(200);
	});

	it("is unknown when a rule is not modelled, and names the rule", () => {
		const text = LOPSIDED.replace(
			"-m statistic --mode random --probability 0.75",
			"-m set --match-set friends src",
		);
		const result = checkScenario(lopsided(text));
		expect(result.outcome).toBe("unknown");
		expect(result.unknown?.rule).toBe("mangle:PREROUTING:rule:2");
		expect(new Set(result.judgements.map(({ outcome }) => outcome))).toEqual(
			new Set(["unknown"]),
		);
	});

	it("writes a command that plays it again, whatever the file is called", () => {
		const file = "my files/it's.scenario.ts";
		const { replay } = checkScenario(lopsided(LOPSIDED), { file, seed: 9 });
		expect(commandLine(replay)).toBe(
			"marktwin run 'my files/it'\\''s.scenario.ts' --filter lopsided --seed 9",
		);
	});

	it("lets a slow driver give the same account", async () => {
		const slow: AsyncDriver = {
			kind: "other",
			name: "slow",
			version: "1",
			async open(setup, ports) {
				const gateway = modelDriver.open(setup, ports);
				return {
					answer: async (ask) => gateway.answer(ask),
					close: async () => {},
				};
			},
		};
		const given = lopsided(LOPSIDED);
		const result = await checkScenarioAsync(given, { driver: slow });
		expect(result.account).toEqual(checkScenario(given).account);
	});
});

describe("a scenario that cannot be played", () => {
	const faultsOf = (given: PlayableScenario) => {
		try {
			checkScenario(given, { file: "my.scenario.ts" });
		} catch (error) {
			if (error instanceof ScenarioError) return error;
			throw error;
		}
		return null;
	};

	it("has rules that do not load", () => {
		const error = faultsOf(lopsided(LOPSIDED.replace("--set-mark 1", "")));
		expect(error).toMatchObject({ code: "rules", file: "my.scenario.ts" });
		expect(error?.message).toContain("lopsided.rules:3:");
	});

	it("writes a condition that no rule names", () => {
		const setup = {
			...recipeSetup({
				ruleset: { name: "lopsided.rules", text: LOPSIDED },
				conditions: { mail1up: "1" },
			}),
		};
		expect(faultsOf(lopsided(LOPSIDED, { setup }))?.message).toContain(
			"setup.conditions.mail1up",
		);
	});

	it("has a route to nowhere", () => {
		const setup = recipeSetup({
			ruleset: { name: "lopsided.rules", text: LOPSIDED },
			gateway: {
				routes: [
					{ destination: "0.0.0.0/0", via: "172.16.0.1", interface: "eth9" },
				],
			},
		});
		expect(faultsOf(lopsided(LOPSIDED, { setup }))).toMatchObject({
			code: "invalid",
		});
	});
});

describe("asserting a scenario", () => {
	it("returns the result of one that holds", () => {
		const given = lopsided(LOPSIDED, { expect: [outcomes("completed", 200)] });
		expect(assertScenario(given).outcome).toBe("holds");
	});

	it("throws what is violated, why it was expected, and how to see it again", () => {
		const thrown = (options: RunOptions & { readonly driver?: Driver }) => {
			try {
				assertScenario(lopsided(LOPSIDED), options);
			} catch (error) {
				expect(error).toBeInstanceOf(ExpectationError);
				return String(error);
			}
			return "";
		};
		const message = thrown({ file: "my file.ts" });
		expect(message).toContain("split: expected b1 100, b2 100");
		expect(message).toContain("because that is what was asked for");
		expect(message).toContain(
			"  again: marktwin run 'my file.ts' --filter lopsided --seed 1",
		);
		expect(thrown({ seed: 4 })).toContain("  again: with seed 4");
		const driver: Driver = { ...modelDriver, kind: "other", name: "own" };
		expect(thrown({ file: "my.ts", driver })).toContain("  again: with seed 1");
	});
});

describe("the library", () => {
	it("reads, checks and plays what the builders return", async () => {
		const given = scenario({
			name: "own",
			title: "Own",
			setup: recipeSetup(),
			steps: [connect(3)],
			expect: [order(["b1", "b2", "b1"])],
		});
		const folder = new URL("../suites/recipe/", import.meta.url).pathname;
		expect((await runScenario(given, { folder })).outcome).toBe("holds");
		const playable = await readScenario(given, folder);
		expect(checkScenario(playable).outcome).toBe("holds");
		await expect(
			readScenario({ ...given, name: "Not A Name" }, folder),
		).rejects.toThrow(ScenarioError);
	});

	it("hands itself to the files that it loads", async () => {
		await expect(loadScenarios(["none.scenario.ts"])).rejects.toThrow(
			"cannot read none.scenario.ts",
		);
	});
});

describe("a scenario that expects nothing", () => {
	const empty = lopsided(LOPSIDED, { expect: [] });

	it("does not hold", () => {
		expect(checkScenario(empty)).toMatchObject({
			outcome: "unknown",
			judgements: [],
			unknown: null,
		});
		expect(() => assertScenario(empty)).toThrow(
			"nothing was expected: nothing is shown",
		);
	});
});

describe("names that every object has in JavaScript", () => {
	const names = ["__proto__", "constructor", "toString", "valueOf"];
	const play = (conditions: readonly string[]) =>
		checkScenario(
			scenario({
				name: "names",
				title: "Conditions with names of objects",
				setup: recipeSetup({
					ruleset: {
						name: "names.rules",
						text: `*filter\n${conditions.map((name) => `-A INPUT -m condition --condition ${name}\n`).join("")}COMMIT\n`,
					},
				}),
				steps: conditions.flatMap((name) =>
					at(10, observe(`before ${name}`), setCondition(name, "1")),
				),
				expect: [
					...names.flatMap((name) =>
						conditions.includes(name)
							? [
									conditionIs(name, 0, { at: `before ${name}` }),
									conditionIs(name, 1),
								]
							: [conditionIs(name, null)],
					),
				],
			}) as PlayableScenario,
		);

	it("are conditions where a rule names them, and none where no rule does", () => {
		expect(play(names)).toMatchObject({ outcome: "holds" });
		expect(play(names).judgements).toHaveLength(8);
		// Nothing names them, so that there is none of them shows nothing.
		expect(
			play([]).judgements.map(({ outcome, seen }) => [outcome, seen]),
		).toEqual(
			names.map(() => ["unknown", expect.stringMatching(/^does not exist;/)]),
		);
		const { account } = play(names);
		expect(JSON.parse(JSON.stringify(account))).toEqual(account);
	});
});
