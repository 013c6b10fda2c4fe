import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	minus,
	printRational,
	type Rational,
	rational,
	ZERO,
} from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { drivesOf } from "./drives.ts";
import type { Drive, Order } from "./split.ts";
import { splitOf } from "./split-of.ts";
import { decisionLists } from "./test-arbitrary.ts";
import { type Arc, greatestOfAllCircles } from "./test-circles.ts";
import {
	draw,
	leaf,
	nameOf,
	nthCascade,
	open,
	send,
	spread,
	turn,
} from "./test-decisions.ts";

const OPTIONS = { keyOf: nameOf, conditions: new Map() };

const drive = (classes: Readonly<Record<string, Decision>>) =>
	drivesOf(
		Object.entries(classes).map(([name, decision]) => ({
			name,
			decision,
			keyOf: nameOf,
		})),
		new Map(),
	);

function word(order: Order | null): string | null {
	if (order === null) return null;
	const [first, repeated] = [order.first, order.repeated].map((runs) =>
		runs.map(({ client, connections }) => `${connections} ${client}`).join(" "),
	);
	return first === "" ? `${repeated}` : `${first}; ${repeated}`;
}

const print = (drives: readonly Drive[]) =>
	drives.map((one) =>
		one.kind === "unknown"
			? `${one.client}: ${one.why}`
			: `${one.client}, ${one.key}: ${printRational(one.least)} (${word(one.orderOfLeast)}) to ${printRational(one.greatest)} (${word(one.orderOfGreatest)})`,
	);

const HALF = { key: "half", every: 2, packet: 0 };
const half = (...[yes, no]: readonly [string, string]) =>
	turn(HALF, leaf(yes), leaf(no));

describe("two classes of clients on one counter", () => {
	test("can be in step, so that each always meets the same backend", () => {
		const drives = drive({ A: half("b1", "b2"), B: half("b1", "b2") });
		expect(print(drives)).toEqual([
			"A, b1: 0 (1 B 1 A) to 1 (1 A 1 B)",
			"A, b2: 0 (1 A 1 B) to 1 (1 B 1 A)",
			"B, b1: 0 (1 A 1 B) to 1 (1 B 1 A)",
			"B, b2: 0 (1 B 1 A) to 1 (1 A 1 B)",
		]);
	});

	test("are driven by each other alone", () => {
		expect(drive({ A: half("b1", "b2") })).toEqual([]);
		const other = turn({ ...HALF, key: "other" }, leaf("b1"), leaf("b2"));
		expect(drive({ A: half("b1", "b2"), B: other })).toEqual([]);
	});

	test("are driven by packets that are not balanced, which move it all the same", () => {
		const drives = drive({ A: half("b1", "b2"), log: half("end", "end") });
		expect(print(drives)).toEqual([
			"A, b1: 0 (1 log 1 A) to 1 (1 A 1 log)",
			"A, b2: 0 (1 A 1 log) to 1 (1 log 1 A)",
		]);
	});

	test("are not driven where the counter is not theirs to meet", () => {
		const drives = drive({
			A: half("b1", "b2"),
			B: draw(rational(1, 2), leaf("b1"), leaf("b2")),
		});
		expect(drives).toEqual([]);
	});

	test("are driven through a third one", () => {
		const gate = { key: "gate", every: 2, packet: 0 };
		const drives = drive({
			A: half("b1", "b2"),
			B: turn(gate, half("b1", "b2"), leaf("b3")),
			C: turn(gate, leaf("b1"), leaf("b2")),
		});
		expect(
			drives.map((one) =>
				one.kind === "driven"
					? `${one.client} ${one.key} ${printRational(one.least)} ${printRational(one.greatest)}`
					: one,
			),
		).toEqual([
			"A b1 0 1",
			"A b2 0 1",
			"B b1 0 1",
			"B b2 0 1",
			"B b3 0 1",
			"C b1 0 1",
			"C b2 0 1",
		]);
	});

	test("are driven no further than counters of their own allow", () => {
		const own = { key: "own", every: 5, packet: 0 };
		const drives = drive({
			A: turn(own, half("b1", "b2"), leaf("b3")),
			B: half("end", "end"),
		});
		expect(print(drives)).toEqual([
			"A, b1: 0 (1 B 5 A) to 1/5 (4 A 1 B 1 A)",
			"A, b2: 0 (5 A 1 B) to 1/5 (1 B 5 A)",
		]);
	});

	test("are driven after draws as well, where they come last", () => {
		const drives = drive({
			A: turn(HALF, spread("draw", [leaf("b1"), leaf("b2")]), leaf("b3")),
			B: half("b1", "b2"),
		});
		expect(print(drives)).toEqual([
			"A, b1: 0 (1 B 1 A) to 1/2 (1 A 1 B)",
			"A, b2: 0 (1 B 1 A) to 1/2 (1 A 1 B)",
			"A, b3: 0 (1 A 1 B) to 1 (1 B 1 A)",
			"B, b1: 0 (1 A 1 B) to 1 (1 B 1 A)",
			"B, b2: 0 (1 B 1 A) to 1 (1 A 1 B)",
		]);
	});

	test("leave it open where draws or something open come first", () => {
		const drawn = draw(rational(1, 2), half("b1", "b2"), leaf("b3"));
		expect(print(drive({ A: half("b1", "b2"), B: drawn }))).toEqual([
			"A: draws come before counters",
			"B: draws come before counters",
		]);
		const limited = open("the rate of packets", half("b1", "b2"), leaf("b3"));
		expect(print(drive({ A: half("b1", "b2"), B: limited }))).toEqual([
			"A: it depends on the rate of packets",
			"B: it depends on the rate of packets",
		]);
	});

	test("leave it open where there are too many states", () => {
		const large = nthCascade([
			[1009, 0],
			[1013, 0],
		]);
		expect(print(drive({ A: large, B: large }))).toEqual([
			"A: there are more than 200,000 steps between states of the counters",
			"B: there are more than 200,000 steps between states of the counters",
		]);
	});
});

test("one client among others of its class", () => {
	const right = nthCascade([
		[3, 0],
		[2, 0],
		[1, 0],
	]);
	const both = drive({ "one client": right, "other clients": right });
	const ofOne = both.filter(({ client }) => client === "one client");
	expect(print(ofOne)).toEqual([
		"one client, b1: 0 (1 other clients 2 one client) to 1 (1 one client 2 other clients)",
		"one client, b2: 0 (1 one client 1 other clients 1 one client) to 1 (1 other clients 1 one client 1 other clients)",
		"one client, b3: 0 (2 one client 1 other clients) to 1 (2 other clients 1 one client)",
	]);
});

/** Shares of a class in an order, once it has been repeated often enough. */
function played(
	classes: readonly Decision[],
	{ first, repeated }: Order,
	key: string,
): Rational {
	const values = new Map<string, number>();
	const seen = new Map<string, readonly [number, number]>();
	let [connections, hits] = [0, 0];
	const run = (order: Order["first"]) => {
		for (const { client, connections: count } of order)
			for (let n = 0; n < count; n++) {
				const end = send(classes[Number(client)] as Decision, values);
				if (client !== "0") continue;
				connections++;
				if (end === key) hits++;
			}
	};
	run(first);
	for (;;) {
		const state = JSON.stringify([...values].sort());
		const before = seen.get(state);
		if (before !== undefined)
			return rational(hits - before[1], connections - before[0]);
		seen.set(state, [connections, hits]);
		run(repeated);
	}
}

/** By all circles of a graph that the second implementation makes. */
function byAllCircles(
	classes: readonly Decision[],
	key: string,
	most: number,
): { least: Rational; greatest: Rational } | null {
	const states = [new Map<string, number>()];
	const numbers = new Map([["[]", 0]]);
	const arcs: (Arc & { readonly hit: boolean })[] = [];
	for (const [from, state] of states.entries()) {
		if (states.length > most) return null;
		classes.forEach((decision, index) => {
			const values = new Map(state);
			const hit = send(decision, values) === key;
			const name = JSON.stringify([...values].sort());
			const to = numbers.get(name) ?? states.push(values) - 1;
			numbers.set(name, to);
			const time = index === 0 ? 1 : 0;
			arcs.push({ from, to, time, reward: 0, hit: hit && index === 0 });
		});
	}
	const greatest = (sign: number) =>
		greatestOfAllCircles(
			states.length,
			arcs.map((one) => ({ ...one, reward: one.hit ? sign : 0 })),
		) as Rational;
	return { least: minus(ZERO, greatest(-1)), greatest: greatest(1) };
}

test.each([true, false])(
	"drives are those of all circles, and their orders come to them (a counter once: %s)",
	(once) => {
		fc.assert(
			fc.property(decisionLists(2, once), (classes) => {
				const drives = drivesOf(
					classes.map((decision, index) => ({
						name: `${index}`,
						decision,
						keyOf: nameOf,
					})),
					new Map(),
				).filter((one) => one.client === "0");
				const { parts } = splitOf(classes[0] as Decision, OPTIONS);
				for (const { key, share } of parts) {
					const circles = byAllCircles(classes, key, 12);
					fc.pre(circles !== null);
					const one = drives.find(
						(drive) => drive.kind === "driven" && drive.key === key,
					);
					if (one?.kind !== "driven") {
						expect(circles.least).toEqual(circles.greatest);
						expect(share).toEqual({ kind: "exact", value: circles.least });
						continue;
					}
					expect({ least: one.least, greatest: one.greatest }).toEqual(circles);
					expect(played(classes, one.orderOfLeast as Order, key)).toEqual(
						one.least,
					);
					expect(played(classes, one.orderOfGreatest as Order, key)).toEqual(
						one.greatest,
					);
				}
			}),
			{ numRuns: 300 },
		);
	},
);
