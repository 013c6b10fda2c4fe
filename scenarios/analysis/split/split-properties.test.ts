/** Splits of arbitrary decisions against plain plays of them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
	ONE,
	plus,
	type Rational,
	rational,
	toNumber,
	ZERO,
} from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { graphOf } from "./graph.ts";
import { orbitOf } from "./orbit.ts";
import { periodOf, rates } from "./rates.ts";
import type { Part } from "./split.ts";
import { splitOf } from "./split-of.ts";
import { decisions } from "./test-arbitrary.ts";
import {
	deviationOf,
	greatestReward,
	leaf,
	nameOf,
	send,
	turn,
} from "./test-decisions.ts";

const OPTIONS = { keyOf: nameOf, conditions: new Map() };

/** Ends from the load on until the state comes back, and how many of them are the cycle. */
function play(decision: Decision): { ends: readonly string[]; period: number } {
	const values = new Map<string, number>();
	const seen = new Map<string, number>();
	const ends: string[] = [];
	// Counters that no packet has met yet are not in it, so the beginning may be seen twice.
	const state = () => JSON.stringify([...values].sort());
	for (;;) {
		const before = seen.get(state());
		if (before !== undefined) return { ends, period: ends.length - before };
		seen.set(state(), ends.length);
		ends.push(send(decision, values));
	}
}

const exact = (part: Part | undefined): Rational => {
	if (part?.share.kind !== "exact") throw new Error("not exact");
	return part.share.value;
};

test.each([
	{ name: "no packet meets a counter twice", once: true },
	{ name: "packets may meet a counter twice", once: false },
])("shares are the counts of a period, where $name", ({ once }) => {
	fc.assert(
		fc.property(decisions(once), (decision) => {
			const { ends, period } = play(decision);
			const cycle = ends.slice(-period);
			const { parts } = splitOf(decision, OPTIONS);
			for (const key of new Set(cycle))
				expect(exact(parts.find((part) => part.key === key))).toEqual(
					rational(cycle.filter((end) => end === key).length, period),
				);
			expect(parts.map(exact).reduce(plus, ZERO)).toEqual(ONE);
		}),
		{ numRuns: 2000 },
	);
});

test.each([true, false])(
	"windows are those of a long play (a counter once: %s)",
	(once) => {
		fc.assert(
			fc.property(decisions(once), (decision) => {
				const { ends, period } = play(decision);
				const long = [...ends, ...ends.slice(-period), ...ends.slice(-period)];
				for (const part of splitOf(decision, OPTIONS).parts)
					expect(part.deviation).toEqual(
						deviationOf(long, part.key, exact(part)),
					);
			}),
			{ numRuns: 500 },
		);
	},
);

test("the period by rates is the one of the walk", () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(4), fc.nat(), fc.nat()),
				{
					minLength: 1,
					maxLength: 5,
				},
			),
			(nodes) => {
				const made = ["b1", "b2", "b3"].map(leaf);
				nodes.forEach(([every, packet, yes, no], index) => {
					const pick = (at: number) => made[at % made.length] as Decision;
					const nth = { key: `${index}`, every, packet: packet % every };
					made.push(turn(nth, pick(yes), pick(no)));
				});
				const decision = made.at(-1) as Decision;
				const graph = graphOf([{ decision, keyOf: nameOf }], new Map());
				const root = graph.roots[0] as number;
				expect(orbitOf(graph, root)?.period).toBe(
					Number(periodOf(graph, rates(graph, root))),
				);
			},
		),
		{ numRuns: 1000 },
	);
});

/** Of late connections: what draws soon after the load lead to takes its time. */
function meanReward(
	decision: Decision,
	reward: (end: string) => number,
): number {
	const [early, late] = [200, 320];
	const after = (connections: number) =>
		greatestReward(decision, connections, reward);
	return (after(late) - after(early)) / (late - early);
}

test.each([
	{ kinds: ["turn", "turn", "draw"] as const, once: true },
	{ kinds: ["turn", "turn", "draw"] as const, once: false },
	{ kinds: ["turn", "turn", "open"] as const, once: true },
	{ kinds: ["turn", "turn", "open"] as const, once: false },
	{ kinds: ["turn", "turn", "draw", "open"] as const, once: true },
])("shares with $kinds are what long plays come to", ({ kinds, once }) => {
	fc.assert(
		fc.property(decisions(once, kinds), (decision) => {
			const { parts } = splitOf(decision, OPTIONS);
			for (const { key, share } of parts) {
				if (share.kind === "unknown") continue;
				const [least, greatest] =
					share.kind === "exact"
						? [share.value, share.value]
						: [share.least, share.greatest];
				const most = meanReward(decision, (end) => (end === key ? 1 : 0));
				const fewest = -meanReward(decision, (end) => (end === key ? -1 : 0));
				expect(Math.abs(most - toNumber(greatest))).toBeLessThan(0.06);
				expect(Math.abs(fewest - toNumber(least))).toBeLessThan(0.06);
			}
		}),
		{ numRuns: 60 },
	);
});
