import { expect, test } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import {
	dropProbe,
	type HealthCheckSettings,
	type HealthOutput,
	healthDueMs,
	passTime,
	probeWentOut,
	startHealth,
	takeResult,
} from "./health-checker.ts";

function settings(
	changes: Partial<HealthCheckSettings> = {},
): HealthCheckSettings {
	const target = (number: number) => ({
		backend: `b${number}`,
		address: `192.168.0.${number}`,
		port: 25,
		condition: `mail${number}up`,
	});
	return {
		interface: "eth1",
		address: "192.168.0.9",
		targets: [target(1), target(2)],
		probe: { kind: "smtp" },
		intervalMs: 1_000,
		timeoutMs: 500,
		rise: 2,
		fall: 3,
		initially: "alive",
		writeAtStart: false,
		rewriteMs: null,
		aliveValue: "0",
		deadValue: "1",
		evict: false,
		neverAllDead: false,
		jitterMs: 0,
		...changes,
	};
}

/**
 * Lets probes come back as the strings say, one letter a round for each target: `+` good, `-` bad,
 * `.` never.
 * @returns what was decided, by round
 */
function rounds(config: HealthCheckSettings, results: readonly string[]) {
	const choice = seededChoice(1);
	const decided: string[] = [];
	let round = 0;
	let step = startHealth(config, 0, choice);
	const note = (outputs: readonly HealthOutput[]) => {
		for (const output of outputs)
			if (output.kind === "condition")
				decided.push(`${round}: b${output.target + 1} ${output.write}`);
			else if (output.kind === "evict")
				decided.push(`${round}: evict b${output.target + 1}`);
	};
	note(step.outputs);
	const length = Math.max(...results.map((text) => text.length));
	for (; round < length; round++) {
		const nowMs = round * config.intervalMs;
		step = passTime(config, step.state, nowMs, choice);
		note(step.outputs);
		results.forEach((text, target) => {
			const letter = text[round];
			const { probes = 0 } = step.state.targets[target] ?? {};
			if (letter === ".") return;
			const result = { target, probe: probes, ok: letter === "+", reason: "" };
			step = takeResult(config, step.state, result);
			note(step.outputs);
		});
		step = passTime(config, step.state, nowMs + config.timeoutMs, choice);
		note(step.outputs);
	}
	return decided;
}

test.each<{
	readonly says: string;
	readonly results: readonly string[];
	readonly changes?: Partial<HealthCheckSettings>;
	readonly decided: readonly string[];
}>([
	{ says: "good news is no news", results: ["++++", "++++"], decided: [] },
	{
		says: "fewer bad ones than fall change nothing",
		results: ["--+--+", "++++++"],
		decided: [],
	},
	{
		says: "fall bad ones in a row: dead",
		results: ["+---", "++++"],
		decided: ["3: b1 1"],
	},
	{
		says: "no answer is a bad one",
		results: ["+..-", "++++"],
		decided: ["3: b1 1"],
	},
	{
		says: "rise good ones in a row: alive",
		results: ["---+-++", "+++++++"],
		decided: ["2: b1 1", "6: b1 0"],
	},
	{
		says: "both may die",
		results: ["---", "---"],
		decided: ["2: b1 1", "2: b2 1"],
	},
	{
		says: "unless the last one must not",
		results: ["------++", "+---++++"],
		changes: { neverAllDead: true },
		decided: ["2: b1 1", "7: b1 0"],
	},
	{
		says: "the last one dies as soon as another is alive",
		results: ["---++--", "+------"],
		changes: { neverAllDead: true },
		decided: ["2: b1 1", "4: b1 0", "4: b2 1"],
	},
	{
		says: "without rise and fall every result counts",
		results: ["-+-+", "++++"],
		changes: { rise: 1, fall: 1 },
		decided: ["0: b1 1", "1: b1 0", "2: b1 1", "3: b1 0"],
	},
	{
		says: "a dead backend's entries are evicted, a recovered one's are not",
		results: ["---++", "+++++"],
		changes: { evict: true },
		decided: ["2: b1 1", "2: evict b1", "4: b1 0"],
	},
	{
		says: "dead until proven alive, and written so",
		results: ["++", "--"],
		changes: { initially: "dead", writeAtStart: true },
		decided: ["0: b1 1", "0: b2 1", "1: b1 0"],
	},
	{
		says: "everything is written again, for what got lost",
		results: ["-----", "+++++"],
		changes: { rewriteMs: 2_000 },
		decided: ["2: b1 0", "2: b2 0", "2: b1 1", "4: b1 1", "4: b2 0"],
	},
	{
		says: "values as the ruleset wants them",
		results: ["---", "+++"],
		changes: { aliveValue: "1", deadValue: "0" },
		decided: ["2: b1 0"],
	},
])("$says", ({ results, changes, decided }) => {
	expect(rounds(settings(changes), results)).toEqual(decided);
});

test("what is known from before is believed and written at the start", () => {
	const config = settings({ writeAtStart: true, rise: 1 });
	const started = startHealth(config, 0, seededChoice(1), {
		known: [false, null],
	});
	expect(started.outputs.slice(0, 2)).toEqual([
		{ kind: "condition", target: 0, write: "1" },
		{ kind: "condition", target: 1, write: "0" },
	]);
	const good = { target: 0, probe: 1, ok: true, reason: "220" };
	expect(takeResult(config, started.state, good).outputs.slice(1)).toEqual([
		{ kind: "belief", target: 0, alive: true },
		{ kind: "condition", target: 0, write: "0" },
	]);
});

test("a result that comes after its time-out counts no more", () => {
	const config = settings({ fall: 1 });
	const choice = seededChoice(1);
	const started = startHealth(config, 0, choice);
	expect(started.outputs).toEqual([
		{ kind: "probe", target: 0, probe: 1 },
		{ kind: "probe", target: 1, probe: 1 },
	]);
	expect(healthDueMs(started.state)).toBe(500);
	const late = passTime(config, started.state, 500, choice);
	expect(late.outputs.slice(0, 4)).toEqual([
		{ kind: "abandon", target: 0, probe: 1 },
		{ kind: "verdict", target: 0, ok: false, reason: "timeout" },
		{ kind: "belief", target: 0, alive: false },
		{ kind: "condition", target: 0, write: "1" },
	]);
	const result = { target: 0, probe: 1, ok: true, reason: "220" };
	expect(takeResult(config, late.state, result)).toEqual({
		state: late.state,
		outputs: [],
	});
	expect(healthDueMs(late.state)).toBe(1_000);
});

test("jitter makes each probe later, and does not add up", () => {
	const config = settings({ jitterMs: 300 });
	const choice = seededChoice(1);
	let { state } = startHealth(config, 0, choice);
	const due: number[] = [];
	for (let round = 0; round < 50; round++) {
		const dueMs = state.targets[0]?.dueMs ?? 0;
		due.push(dueMs - round * 1_000);
		state = passTime(config, state, dueMs, choice).state;
		const { probes = 0 } = state.targets[0] ?? {};
		const result = { target: 0, probe: probes, ok: true, reason: "" };
		state = takeResult(config, state, result).state;
	}
	expect(Math.min(...due)).toBeGreaterThanOrEqual(0);
	expect(Math.max(...due)).toBeLessThanOrEqual(300);
	expect(new Set(due).size).toBeGreaterThan(20);
});

test("first turns lie evenly in the time that they are spread over, and so do all others", () => {
	const config = settings({ jitterMs: 0 });
	const choice = seededChoice(1);
	const spread = { spreadMs: config.intervalMs };
	let { state, outputs } = startHealth(config, 0, choice, spread);
	const starts: string[] = [];
	for (let nowMs = 0; nowMs < 2_500; ) {
		for (const output of outputs) {
			if (output.kind !== "probe") continue;
			const { target, probe } = output;
			starts.push(`${nowMs}: ${target}`);
			const result = { target, probe, ok: true, reason: "" };
			state = takeResult(config, state, result).state;
		}
		nowMs = healthDueMs(state);
		({ state, outputs } = passTime(config, state, nowMs, choice));
	}
	expect(starts).toEqual(["0: 0", "500: 1", "1000: 0", "1500: 1", "2000: 0"]);
});

test("a time-out counts from when the probe went out", () => {
	const config = settings({});
	const choice = seededChoice(1);
	const { state } = startHealth(config, 0, choice);
	const first = { target: 0, probe: 1 };
	const later = probeWentOut(config, state, first, 300);
	const at = (nowMs: number) => passTime(config, later, nowMs, choice).outputs;
	expect(at(500)).not.toContainEqual({ kind: "abandon", ...first });
	expect(at(800)).toContainEqual({ kind: "abandon", ...first });
	// Another one's changes nothing.
	expect(probeWentOut(config, state, { target: 0, probe: 2 }, 300)).toBe(state);
});

test("a probe that was not made changes no belief, and the next one has its turn", () => {
	const config = settings({ fall: 1 });
	const choice = seededChoice(1);
	let { state } = startHealth(config, 0, choice);
	for (let probe = 1; probe <= 5; probe++) {
		state = dropProbe(state, { target: 0, probe });
		state = takeResult(config, state, {
			target: 1,
			probe,
			ok: true,
			reason: "",
		}).state;
		expect(healthDueMs(state)).toBe(probe * 1_000);
		const { outputs, ...step } = passTime(config, state, probe * 1_000, choice);
		state = step.state;
		expect(outputs.map(({ kind }) => kind)).toEqual(["probe", "probe"]);
	}
	expect(state.targets[0]).toMatchObject({
		believedAlive: true,
		contradictions: 0,
	});
});
