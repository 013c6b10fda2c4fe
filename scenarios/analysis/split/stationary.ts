/** Finite Markov chains, exactly. */
import {
	dividedBy,
	ONE,
	plus,
	type Rational,
	times,
	ZERO,
} from "../../../sim/rational.ts";
import { components, leaving } from "./components.ts";

/** Steps of the same states add up; those from a state sum to 1. */
export interface ChainStep {
	readonly from: number;
	readonly to: number;
	readonly probability: Rational;
}

/** Sets of states that can be left for no other one, and in which each can be left for each. @param count of the states, from 0 on */
export function closedSets(
	count: number,
	steps: readonly ChainStep[],
): readonly (readonly number[])[] {
	const graph = {
		nodes: count,
		from: Int32Array.from(steps, (step) => step.from),
		to: Int32Array.from(steps, (step) => step.to),
	};
	const component = components(
		graph,
		leaving(graph, () => true),
	);
	const sets = new Map<number, number[]>();
	component.forEach((number, state) => {
		sets.set(number, [...(sets.get(number) ?? []), state]);
	});
	for (const { from, to } of steps)
		if (component[from] !== component[to])
			sets.delete(component[from] as number);
	return [...sets.values()];
}

/**
 * The part of the time that each state of a closed set takes. States are taken out one by one, with what goes
 * through them joined to the others (Grassmann, Taksar and Heyman 1985: nothing is subtracted).
 */
export function stationary(
	set: readonly number[],
	steps: readonly ChainStep[],
): ReadonlyMap<number, Rational> {
	const index = new Map(set.map((state, at) => [state, at]));
	const rows = set.map(() => new Map<number, Rational>());
	for (const { from, to, probability } of steps) {
		const row = rows[index.get(from) ?? -1];
		if (row !== undefined) add(row, index.get(to) as number, probability);
	}
	for (let last = set.length - 1; last > 0; last--) {
		const out = [...(rows[last] as Map<number, Rational>)].filter(
			([to]) => to < last,
		);
		const leaves = out.map(([, one]) => one).reduce(plus, ZERO);
		for (const row of rows.slice(0, last)) {
			const into = row.get(last);
			if (into === undefined) continue;
			const visits = dividedBy(into, leaves);
			row.set(last, visits);
			for (const [to, one] of out) add(row, to, times(visits, one));
		}
	}
	const parts = [ONE];
	for (let at = 1; at < set.length; at++)
		parts.push(
			rows
				.slice(0, at)
				.map((row, from) => times(parts[from] as Rational, row.get(at) ?? ZERO))
				.reduce(plus, ZERO),
		);
	const all = parts.reduce(plus);
	return new Map(
		set.map((state, at) => [state, dividedBy(parts[at] as Rational, all)]),
	);
}

function add(row: Map<number, Rational>, to: number, more: Rational): void {
	row.set(to, plus(row.get(to) ?? ZERO, more));
}
