/** The checker of a machine and that of the model: the same probes, the same decisions at the same times. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { recipeHealthCheck } from "../../scenarios/language/build/build.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import { type Clock, createClock, type Timer } from "../../sim/clock/clock.ts";
import {
	dropProbe,
	type HealthCheckSettings,
	type HealthOutput,
	healthDueMs,
	passTime,
	startHealth,
	takeResult,
} from "../../sim/endpoint/health-checker.ts";
import {
	createForwarder,
	INSIDE,
	playForwarded,
	testSetup,
} from "../../sim/world/test-forwarder.ts";
import { startChecker } from "./checker.ts";
import type { CheckerClock } from "./clock.ts";
import { validateConfig } from "./config/read-config.ts";
import type { LogEvent } from "./log/log.ts";
import type { StartProbe } from "./probes/running-probe.ts";
import type { TargetReport } from "./status/target-report.ts";

/** How a probe goes: good, bad or not made (`null`), and after how long; `null` when it has no answer. */
type Outcome = { readonly ok: boolean | null; readonly afterMs: number } | null;
/** By target, in order; then all is well. */
type Outcomes = readonly (readonly Outcome[])[];

interface Case {
	readonly settings: HealthCheckSettings;
	readonly outcomes: Outcomes;
	readonly endMs: number;
	readonly seed: number;
	/** The first turns' distance, all in all. */
	readonly spreadMs?: number;
}

const WELL: Outcome = { ok: true, afterMs: 1 };

/**
 * What was decided when, as lines. Sorted, since two that are decided at the same time are carried
 * out side by side; and each once, since the keeper of a condition writes the newest value alone.
 */
function sorted(lines: readonly string[]): readonly string[] {
	return [...new Set(lines)].sort();
}

/** The state machine by itself. */
function byModel({
	settings,
	outcomes,
	endMs,
	seed,
	spreadMs = 0,
}: Case): readonly string[] {
	const choice = seededChoice(seed);
	const clock = createClock();
	const lines: string[] = [];
	let step = startHealth(settings, 0, choice, { spreadMs });
	let timer: Timer | null = null;
	const take = (next: typeof step) => {
		step = next;
		for (const output of step.outputs) act(output);
		clock.cancel(timer);
		timer = clock.at(Math.max(clock.nowMs, healthDueMs(step.state)), () =>
			take(passTime(settings, step.state, clock.nowMs, choice)),
		);
	};
	const act = (output: HealthOutput) => {
		const { kind, target, ...rest } = output;
		lines.push(`${clock.nowMs} ${kind} ${target} ${JSON.stringify(rest)}`);
		if (output.kind !== "probe") return;
		const { probe } = output;
		const outcome = outcomeOf(outcomes, target, probe);
		if (outcome === null) return;
		const { ok, afterMs } = outcome;
		const id = { target, probe };
		clock.after(afterMs, () =>
			take(
				ok === null
					? { state: dropProbe(step.state, id), outputs: [] }
					: takeResult(settings, step.state, { ...id, ok, reason: "said" }),
			),
		);
	};
	take(step);
	clock.advanceTo(endMs);
	return sorted(lines);
}

function outcomeOf(outcomes: Outcomes, target: number, probe: number): Outcome {
	const outcome = outcomes[target]?.[probe - 1];
	return outcome === undefined ? WELL : outcome;
}

type Note = (kind: string, target: number, rest: object) => void;

/** A clock that is advanced by hand. */
function handDriven(clock: Clock): CheckerClock {
	let timer: Timer | null = null;
	return {
		nowMs: () => clock.nowMs,
		wakeAt(atMs, action) {
			clock.cancel(timer);
			timer = clock.at(Math.max(clock.nowMs, atMs), action);
		},
		stop: () => clock.cancel(timer),
	};
}

/** Probes that go as is said. */
function scripted(
	outcomes: Outcomes,
	names: readonly string[],
	clock: Clock,
	note: Note,
): StartProbe {
	const probes = names.map(() => 0);
	return ({ backend }, { out, done }) => {
		const target = names.indexOf(backend);
		const probe = (probes[target] ?? 0) + 1;
		probes[target] = probe;
		note("probe", target, { probe });
		const outcome = outcomeOf(outcomes, target, probe);
		let isOver = false;
		// Later than it was asked for, in no time.
		clock.after(0, () => {
			if (!isOver) out();
		});
		if (outcome !== null)
			clock.after(outcome.afterMs, () => {
				isOver = true;
				done(outcome.ok, "said");
			});
		return {
			abandon() {
				// Also called for one that is over, and only says good-bye.
				if (!isOver) note("abandon", target, { probe });
				isOver = true;
			},
		};
	};
}

/** The runner. */
async function byMachine(
	{ settings, outcomes, endMs, seed, spreadMs = 0 }: Case,
	before: readonly TargetReport[] = [],
) {
	const { interface: _, address: __, ...policy } = settings;
	const clock = createClock();
	const lines: string[] = [];
	const events: LogEvent[] = [];
	const { targets } = settings;
	const names = targets.map(({ backend }) => backend);
	const note: Note = (kind, target, rest) =>
		lines.push(`${clock.nowMs} ${kind} ${target} ${JSON.stringify(rest)}`);
	const checker = startChecker(
		validateConfig(policy, "test"),
		{
			clock: handDriven(clock),
			choice: seededChoice(seed),
			startProbe: scripted(outcomes, names, clock, note),
			conditions: {
				async write(name, write) {
					const at = targets.findIndex(({ condition }) => condition === name);
					note("condition", at, { write });
					return null;
				},
				read: null,
			},
			async evict(address) {
				const at = targets.findIndex((target) => target.address === address);
				note("evict", at, {});
				return { entries: 0 };
			},
			log(event) {
				events.push(event);
				if (event.event === "probe") {
					const { ok, reason } = event;
					note("verdict", names.indexOf(event.backend), { ok, reason });
				} else if (event.event === "belief") {
					const { alive } = event;
					note("belief", names.indexOf(event.backend), { alive });
				}
			},
			isVerbose: true,
			spreadMs,
			seen() {},
		},
		before,
	);
	for (;;) {
		// What waits for a promise has its turn before time passes.
		await new Promise(setImmediate);
		if (!clock.fireNext(endMs)) break;
	}
	return { lines: sorted(lines), events, checker };
}

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
	fc.constant(null),
	fc.record({
		ok: fc.constantFrom(true, false, null),
		afterMs: fc.integer({ min: 1, max: 1_200 }),
	}),
);

const cases: fc.Arbitrary<Case> = fc.record({
	settings: fc
		.record({
			rise: fc.integer({ min: 1, max: 3 }),
			fall: fc.integer({ min: 1, max: 3 }),
			initially: fc.constantFrom("alive", "dead"),
			writeAtStart: fc.boolean(),
			rewriteMs: fc.constantFrom(null, 1_700, 3_000),
			evict: fc.boolean(),
			neverAllDead: fc.boolean(),
			jitterMs: fc.constantFrom(0, 150),
			timeoutMs: fc.constantFrom(800, 1_000),
		})
		.map((changes) =>
			recipeHealthCheck(changes as Partial<HealthCheckSettings>),
		),
	outcomes: fc.array(fc.array(outcome, { maxLength: 12 }), {
		minLength: 2,
		maxLength: 2,
	}),
	endMs: fc.constant(12_500),
	seed: fc.nat(),
	spreadMs: fc.constantFrom(0, 300, 1_000),
});

test("whatever the probes say, the machine does what the model does", async () => {
	await fc.assert(
		fc.asyncProperty(cases, async (one) => {
			const { lines, checker } = await byMachine(one);
			expect(lines).toEqual(byModel(one));
			await checker.stop("keep");
		}),
		{ numRuns: 150 },
	);
});

test("what the world's checker lived through, with real packets in virtual time", async () => {
	const settings = recipeHealthCheck({
		interface: INSIDE,
		address: "192.168.0.9",
		evict: true,
		rise: 2,
		fall: 3,
	});
	const account = playForwarded(
		(
			[
				[1_500, { kind: "vanish" }],
				[7_300, { kind: "up" }],
				[11_000, { kind: "hang", accept: true }],
				[16_000, { kind: "slow", delayMs: 300 }],
			] as const
		).map(([atMs, becomes]) => ({
			atMs,
			label: `b1 ${becomes.kind}`,
			kind: "backend",
			backend: "b1",
			becomes,
		})),
		{
			setup: testSetup({ healthCheck: settings }),
			endMs: 22_000,
			forwarder: createForwarder(["192.168.0.1"]),
		},
	);
	const outcomes = settings.targets.map(({ backend }) =>
		account.events.flatMap((event): Outcome[] => {
			if (event.kind !== "probe" || event.backend !== backend) return [];
			const { ok, atMs, reason } = event;
			return [reason === "timeout" ? null : { ok, afterMs: atMs % 1_000 }];
		}),
	);
	const decided = account.events.flatMap((event) => {
		const target = settings.targets.findIndex(
			({ backend, condition }) =>
				("backend" in event && event.backend === backend) ||
				("name" in event && event.name === condition),
		);
		const line = (rest: object) => [
			`${event.atMs} ${event.kind} ${target} ${JSON.stringify(rest)}`,
		];
		if (event.kind === "belief") return line({ alive: event.alive });
		return event.kind === "condition" ? line({ write: event.write }) : [];
	});
	expect(decided.length).toBeGreaterThan(6);
	const { lines, checker } = await byMachine({
		settings,
		outcomes,
		endMs: 22_000,
		seed: 1,
	});
	expect(lines.filter((line) => / (belief|condition) /.test(line))).toEqual(
		sorted(decided),
	);
	await checker.stop("keep");
});

const BAD: Outcome = { ok: false, afterMs: 1 };

test("the last one that is alive stays, and that is told once", async () => {
	const { events, checker } = await byMachine({
		settings: recipeHealthCheck({ neverAllDead: true }),
		outcomes: [Array(9).fill(BAD), [WELL, ...Array(8).fill(BAD)]],
		endMs: 9_500,
		seed: 1,
	});
	expect(
		events.filter(({ event }) =>
			["belief", "refused-all-dead"].includes(event),
		),
	).toEqual([
		{ event: "belief", backend: "b1", alive: false },
		{ event: "refused-all-dead", backend: "b2" },
	]);
	await checker.stop("keep");
});

test("what was known before is known, for targets that are the same", async () => {
	const first = await byMachine({
		settings: recipeHealthCheck(),
		outcomes: [[BAD, BAD], []],
		endMs: 1_500,
		seed: 1,
	});
	const before = first.checker.report();
	expect(before.map(({ alive }) => alive)).toEqual([false, true]);
	await first.checker.stop("keep");
	const moved = recipeHealthCheck().targets.map((target, index) =>
		index === 1 ? { ...target, address: "192.168.0.3" } : target,
	);
	const second = await byMachine(
		{
			settings: recipeHealthCheck({ targets: moved, initially: "dead" }),
			outcomes: [[null], [null]],
			endMs: 100,
			seed: 1,
		},
		before.map((report) => ({ ...report, alive: !report.alive })),
	);
	expect(second.checker.report().map(({ alive }) => alive)).toEqual([
		true,
		false,
	]);
	await second.checker.stop("keep");
});

const SHORT: Outcome = { ok: null, afterMs: 1 };

test("a probe that could not be made says nothing of its backend, and that is told once", async () => {
	const { events, checker, lines } = await byMachine({
		settings: recipeHealthCheck({ fall: 1 }),
		outcomes: [[SHORT, SHORT, WELL, SHORT], Array(4).fill(SHORT)],
		endMs: 3_500,
		seed: 1,
	});
	const told = events.filter(({ event }) => event === "not-probed");
	expect(told).toEqual([
		{ event: "not-probed", backend: "b1", reason: "said" },
		{ event: "not-probed", backend: "b2", reason: "said" },
		{ event: "not-probed", backend: "b1", reason: "said" },
	]);
	expect(events.filter(({ event }) => event === "belief")).toEqual([]);
	expect(lines.filter((line) => line.includes(" probe 1"))).toHaveLength(4);
	expect(checker.report()).toMatchObject([
		{ alive: true, last: { ok: true }, notProbed: "said" },
		{ alive: true, last: null, notProbed: "said" },
	]);
	await checker.stop("keep");
});

test("a thousand targets are probed one after the other, over the whole interval", async () => {
	const target = (number: number) => ({
		backend: `b${number}`,
		address: "192.168.0.1",
		port: 25,
		condition: `up${number}`,
	});
	const count = 1_000;
	const targets = Array.from({ length: count }, (_, index) => target(index));
	const { lines, checker } = await byMachine({
		settings: recipeHealthCheck({ targets }),
		outcomes: [],
		endMs: 999,
		seed: 1,
		spreadMs: 1_000,
	});
	const starts = lines.filter((line) => / probe /.test(line));
	expect(starts).toHaveLength(count);
	expect(new Set(starts.map((line) => line.split(" ")[0])).size).toBe(count);
	await checker.stop("keep");
});
