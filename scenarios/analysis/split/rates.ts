/**
 * Shares where each counter stands at one node: rates multiply.
 *
 * Why that is exact. A counter at one node sees all that arrives there and nothing else. Of any `every`
 * arrivals in a row one comes round, so among the first m arrivals the number of those that come round is
 * within 1 of m/every, in whatever order packets came to be there. So in the long run the rate at which
 * packets leave by `round` is exactly 1/every of the rate at which they arrive, and the rest leaves by
 * `rest`. A draw is independent of all that was before: by the law of large numbers its ways get their
 * probabilities of the rate. The rate of a node is the sum of what comes in. The graph has no circle, so all
 * rates follow from the root's, which is 1, in one pass.
 *
 * Where a counter stands at two nodes this fails: what one node leaves over is what the other one starts
 * with, and the order of arrivals counts (`orbit.ts`).
 */
import { InvariantError, unreachable } from "../../../sim/invariant.ts";
import {
	greater,
	leastCommonMultiple,
	ONE,
	plus,
	type Rational,
	rational,
	smaller,
	times,
	ZERO,
} from "../../../sim/rational.ts";
import type { Graph, Node } from "./graph.ts";

export function countersStandAtOneNode({ nodes, counters }: Graph): boolean {
	const turns = nodes.filter((node) => node.kind === "turn");
	return turns.length === counters.length;
}

/** For each node the part of all packets that come to `root` which come to it. Nothing below may be open. */
export function rates(
	{ nodes, counters }: Graph,
	root: number,
): readonly Rational[] {
	const found: Rational[] = nodes.map(() => ZERO);
	found[root] = ONE;
	for (let at = root; at >= 0; at--) {
		const rate = found[at] as Rational;
		if (rate.numerator === 0n) continue;
		for (const { node, part } of parts(nodes[at] as Node, counters))
			found[node] = plus(found[node] as Rational, times(rate, part));
	}
	return found;
}

/** What comes to each key. @param rate of each node */
export function keyRates(
	{ nodes, keys }: Graph,
	rate: readonly Rational[],
): readonly Rational[] {
	const found = keys.map(() => ZERO);
	nodes.forEach((node, at) => {
		// Ends with the same key are one leaf.
		if (node.kind === "leaf") found[node.key] = rate[at] as Rational;
	});
	return found;
}

/**
 * Connections after which all counters are back. They are back after k if and only if each one has moved on
 * by a multiple of its `every`. From the root on: if all counters above a node are back, then k times its
 * rate have arrived there, exactly. So they are all back if and only if k·rate/every is whole at each
 * counter, and the first such k is the least common multiple of the denominators of rate/every. It is also
 * the period of all that comes later, since a state is followed by one state.
 */
export function periodOf(
	{ nodes, counters }: Graph,
	rate: readonly Rational[],
): bigint {
	let period = 1n;
	nodes.forEach((node, at) => {
		if (node.kind !== "turn") return;
		const every = counters[node.counter]?.every as number;
		const rounds = times(rate[at] as Rational, rational(1, every));
		period = leastCommonMultiple(period, rounds.denominator);
	});
	return period;
}

/**
 * The least and the greatest share of each key, whatever the open nodes answer at each packet.
 *
 * Why that is exact. Whatever was chosen, the rates of any long run obey the balance of `rates` at counters and
 * draws, and at an open node what leaves by all ways together is what arrives. So the shares that can come
 * about are those of the flows through the graph with a free division at open nodes, and a linear function of
 * a flow has its least and greatest value where each open node sends all by one way. An open node that always
 * answers so brings it about.
 */
export function bounds(
	{ nodes, counters, keys }: Graph,
	root: number,
): readonly Bounds[] {
	return keys.map((_, key) => {
		const found: Bounds[] = [];
		for (const node of nodes)
			found.push(boundsAt(node, { key, counters, found }));
		return found[root] as Bounds;
	});
}

interface Bounds {
	readonly least: Rational;
	readonly greatest: Rational;
}

function boundsAt(
	node: Node,
	of: {
		readonly key: number;
		readonly counters: Graph["counters"];
		readonly found: readonly Bounds[];
	},
): Bounds {
	const at = (number: number) => of.found[number] as Bounds;
	if (node.kind === "leaf") {
		const value = node.key === of.key ? ONE : ZERO;
		return { least: value, greatest: value };
	}
	if (node.kind === "open")
		return {
			least: node.ways.map((way) => at(way).least).reduce(smaller),
			greatest: node.ways.map((way) => at(way).greatest).reduce(greater),
		};
	const ways = parts(node, of.counters);
	return {
		least: ways.map((way) => times(at(way.node).least, way.part)).reduce(plus),
		greatest: ways
			.map((way) => times(at(way.node).greatest, way.part))
			.reduce(plus),
	};
}

/** Where packets go on from a node, and what part of them. */
function parts(
	node: Node,
	counters: Graph["counters"],
): readonly { readonly node: number; readonly part: Rational }[] {
	switch (node.kind) {
		case "leaf":
			return [];
		case "turn": {
			const every = counters[node.counter]?.every as number;
			return [
				{ node: node.round, part: rational(1, every) },
				{ node: node.rest, part: rational(every - 1, every) },
			];
		}
		case "chance":
			return node.ways.map((way) => ({
				node: way.node,
				part: way.probability,
			}));
		case "open":
			throw new InvariantError("an open node has no rate");
		default:
			return unreachable(node);
	}
}
