/**
 * Shares where counters and draws decide, and counters stand at several nodes: by the states that the counters
 * can come to.
 *
 * Where no packet meets a counter twice, a packet maps the states one to one, however its draws fall
 * (`orbit.ts`). So the probabilities of all steps *into* a state sum to 1 as well: all states being equally
 * likely stays so. From the loaded state each state that can come about can be left for each other one (a finite
 * chain whose steps into each state sum to 1 has no state that is left for good). So in the long run each takes
 * an equal part of the time, and a share is the average over them.
 *
 * Where a counter is met twice, the states that are never left for good and their parts of the time come from a
 * system of linear equations (`stationary.ts`), as long as it is small.
 */
import {
	compareRationals,
	plus,
	type Rational,
	rational,
	times,
	ZERO,
} from "../../../sim/rational.ts";
import { type Graph, meetsCountersOnce } from "./graph.ts";
import { MOST_CONNECTIONS } from "./orbit.ts";
import { keyRates, rates } from "./rates.ts";
import { explore, type Step } from "./states.ts";
import { closedSets, stationary } from "./stationary.ts";

/** Beyond that, equations are not solved: their fractions grow with each one, and a hundred take half a minute. */
const MOST_EQUATIONS = 50;

/** For each key; or why not. Nothing in the graph may be open. */
export function chanceShares(graph: Graph): readonly Rational[] | string {
	return meetsCountersOnce(graph) ? averaged(graph) : solved(graph);
}

function averaged(graph: Graph): readonly Rational[] | string {
	const arrivals = new Map<number, bigint>();
	const limits = { states: MOST_CONNECTIONS, steps: 4 * MOST_CONNECTIONS };
	const states = explore(graph, limits, ({ end, weight }) => {
		arrivals.set(end, (arrivals.get(end) ?? 0n) + weight);
	});
	if (states === null)
		return `more than ${MOST_CONNECTIONS.toLocaleString("en-US")} states of counters that stand at several places`;
	const all = BigInt(states.count) * states.scale;
	const parts = [...arrivals].map(
		([end, weight]) => [end, rational(weight, all)] as const,
	);
	return sharesAt(graph, parts);
}

function solved(graph: Graph): readonly Rational[] | string {
	const steps: Step[] = [];
	const limits = { states: MOST_EQUATIONS, steps: MOST_CONNECTIONS };
	const states = explore(graph, limits, (step) => void steps.push(step));
	if (states === null)
		return `packets meet a counter twice, with draws, and there are more than ${MOST_EQUATIONS} states`;
	const chain = steps.map(({ from, to, weight, end }) => ({
		from,
		to,
		end,
		probability: rational(weight, states.scale),
	}));
	const [shares, ...others] = closedSets(states.count, chain).map((set) => {
		const part = stationary(set, chain);
		const parts = chain.flatMap(({ from, end, probability }) => {
			const time = part.get(from);
			return time === undefined
				? []
				: [[end, times(time, probability)] as const];
		});
		return sharesAt(graph, parts);
	});
	const same = (other: readonly Rational[]) =>
		shares?.every(
			(share, key) => compareRationals(share, other[key] as Rational) === 0,
		);
	return shares !== undefined && others.every(same)
		? shares
		: "packets meet a counter twice, and draws soon after the load decide for good which states it comes to";
}

/** What comes to each key, of what comes to some nodes. */
function sharesAt(
	graph: Graph,
	arrivals: readonly (readonly [node: number, part: Rational])[],
): readonly Rational[] {
	const shares = graph.keys.map(() => ZERO);
	const below = new Map<number, readonly Rational[]>();
	for (const [node, part] of arrivals) {
		const own = below.get(node) ?? keyRates(graph, rates(graph, node));
		below.set(node, own);
		own.forEach((rate, key) => {
			shares[key] = plus(shares[key] as Rational, times(rate, part));
		});
	}
	return shares;
}
