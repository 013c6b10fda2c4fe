import fc from "fast-check";
import { expect, test } from "vitest";
import { ONE, plus, rational, times, ZERO } from "../../../sim/rational.ts";
import { type ChainStep, closedSets, stationary } from "./stationary.ts";

const step = (from: number, to: number, weight: number, all: number) => ({
	from,
	to,
	probability: rational(weight, all),
});

test("a set of states is closed when nothing leads out of it", () => {
	const steps = [
		step(0, 1, 1, 2),
		step(0, 2, 1, 2),
		step(1, 1, 1, 1),
		step(2, 3, 1, 1),
		step(3, 2, 1, 1),
	];
	expect(closedSets(4, steps)).toEqual([[1], [2, 3]]);
});

/** Each state leads to the next one, and to others, so that each can come from each. */
const chains = fc
	.array(fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), {
		minLength: 1,
		maxLength: 6,
	})
	.map((rows): { count: number; steps: readonly ChainStep[] } => {
		const count = rows.length;
		const steps = rows.flatMap((row, from) => {
			const weights = row
				.slice(0, count)
				.map((weight, to) => weight + (to === (from + 1) % count ? 1 : 0));
			const all = weights.reduce((sum, weight) => sum + weight);
			return weights.map((weight, to) => step(from, to, weight, all));
		});
		return {
			count,
			steps: steps.filter(({ probability }) => probability.numerator > 0n),
		};
	});

test("parts of the time stay as they are, and are all of it", () => {
	fc.assert(
		fc.property(chains, ({ count, steps }) => {
			const states = Array.from({ length: count }, (_, state) => state);
			expect(closedSets(count, steps).map((set) => set.toSorted())).toEqual([
				states,
			]);
			const parts = stationary(states, steps);
			expect([...parts.values()].reduce(plus)).toEqual(ONE);
			for (const state of states) {
				const comes = steps
					.filter(({ to }) => to === state)
					.map(({ from, probability }) =>
						times(parts.get(from) ?? ZERO, probability),
					);
				expect(comes.reduce(plus, ZERO)).toEqual(parts.get(state));
			}
		}),
	);
});
