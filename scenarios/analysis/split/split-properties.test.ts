/** Splits of arbitrary decisions against plain plays of them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
	ONE,
	plus,
	type Rational,
	rational,
	ZERO,
} from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { graphOf } from "./graph.ts";
import { orbitOf } from "./orbit.ts";
import { periodOf, rates } from "./rates.ts";
import type { Part } from "./split.ts";
import { splitOf } from "./split-of.ts";
import {
	deviationOf,
	leaf,
	nameOf,
	send,
	turn,
	turnNot,
} from "./test-decisions.ts";

const OPTIONS = { keyOf: nameOf, conditions: new Map() };

/** What one node is made of; `ways` choose among the nodes made so far. */
const recipe = fc.record({
	counter: fc.nat(2),
	inverted: fc.boolean(),
	ways: fc.tuple(fc.nat(), fc.nat()),
});

const counters = fc.array(
	fc.record({ every: fc.integer({ min: 1, max: 4 }), packet: fc.nat(3) }),
	{ minLength: 3, maxLength: 3 },
);

interface Made {
	readonly decision: Decision;
	/** Counters below are numbered under this. */
	readonly level: number;
}

/**
 * A decision made bottom-up, whose nodes share what is below them, as rules that only mark do.
 * @param once no packet meets a counter twice
 */
function decisions(once: boolean): fc.Arbitrary<Decision> {
	return fc
		.tuple(counters, fc.array(recipe, { minLength: 1, maxLength: 8 }))
		.map(([counters, recipes]) => {
			const made: Made[] = ["b1", "b2", "b3"].map((name) => ({
				decision: leaf(name),
				level: 0,
			}));
			for (const { counter, inverted, ways } of recipes) {
				const { every, packet } = counters[counter] as {
					every: number;
					packet: number;
				};
				const possible = made.filter((one) => !once || one.level <= counter);
				const pick = (at: number) => possible[at % possible.length] as Made;
				const [yes, no] = [pick(ways[0]), pick(ways[1])];
				const nth = {
					key: `${counter} ${inverted}`,
					every,
					packet: packet % every,
				};
				made.push({
					decision: (inverted ? turnNot : turn)(nth, yes.decision, no.decision),
					level: counter + 1,
				});
			}
			return (made.at(-1) as Made).decision;
		});
}

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
