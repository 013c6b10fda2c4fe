/**
 * Connections one after the other, where nothing but counters decides: the states of the counters from the
 * loaded one on, until one comes back.
 *
 * Where no packet meets a counter twice, each state follows from one state: the new value of the first counter
 * says which way the packet went on, and so on down, so the packet can be taken back. Then the first
 * state that comes back is the loaded one. Where a counter is met twice that need not be so: two states may
 * have the same successor, and the states run into a cycle that the loaded one is not part of.
 */
import { type Rational, rational } from "../../../sim/rational.ts";
import { type Graph, meetsCountersOnce } from "./graph.ts";
import type { Deviation } from "./split.ts";

/** The most connections that are walked. */
export const MOST_CONNECTIONS = 1_000_000;

/** Counters of a graph, moved on by packets that come to a root. */
interface Walker {
	/** A packet: the index of the key where it ends. */
	readonly step: () => number;
	/** From here on `isBack` compares with the state of now. */
	readonly mark: () => void;
	readonly isBack: () => boolean;
}

/** From the loaded state on. Neither draws nor open nodes may be below the root. */
function walkerOf({ nodes, counters }: Graph, root: number): Walker {
	// Flat arrays, since this is where a million connections spend their time.
	const counterOf = new Int32Array(nodes.length).fill(-1);
	const round = new Int32Array(nodes.length);
	const rest = new Int32Array(nodes.length);
	nodes.forEach((node, at) => {
		if (node.kind === "leaf") rest[at] = node.key;
		if (node.kind !== "turn") return;
		counterOf[at] = node.counter;
		round[at] = node.round;
		rest[at] = node.rest;
	});
	const last = Int32Array.from(counters, (counter) => counter.every - 1);
	const values = Int32Array.from(counters, (counter) => counter.initial);
	const marked = values.slice();
	let differing = 0;
	return {
		step() {
			let node = root;
			for (;;) {
				const counter = counterOf[node] as number;
				if (counter < 0) return rest[node] as number;
				const before = values[counter] as number;
				const value = before === last[counter] ? 0 : before + 1;
				values[counter] = value;
				if (before === marked[counter]) differing++;
				else if (value === marked[counter]) differing--;
				node = (value === 0 ? round[node] : rest[node]) as number;
			}
		},
		mark() {
			marked.set(values);
			differing = 0;
		},
		isBack: () => differing === 0,
	};
}

export interface Orbit {
	readonly period: number;
	/** Connections from the load after which everything has been seen. */
	readonly length: number;
	/** For each key how many of `period` connections end there. */
	readonly counts: readonly number[];
}

/** `null` where the counters do not come back within the most connections. */
export function orbitOf(
	graph: Graph,
	root: number,
	most = MOST_CONNECTIONS,
): Orbit | null {
	const walker = walkerOf(graph, root);
	const cycle = meetsCountersOnce(graph)
		? returnOf(walker, most)
		: cycleOf(walker, most);
	if (cycle === null) return null;
	const counts = graph.keys.map(() => 0);
	for (let k = 0; k < cycle.period; k++) {
		const key = walker.step();
		counts[key] = (counts[key] as number) + 1;
	}
	return { period: cycle.period, length: cycle.length, counts };
}

type Cycle = Omit<Orbit, "counts">;

function returnOf(walker: Walker, most: number): Cycle | null {
	for (let period = 1; period <= most; period++) {
		walker.step();
		if (walker.isBack()) return { period, length: period };
	}
	return null;
}

/** Brent 1980: the state to compare with is renewed after 1, 2, 4, … connections. */
function cycleOf(walker: Walker, most: number): Cycle | null {
	let length = 0;
	for (let power = 1; length + power <= 4 * most; power *= 2) {
		walker.mark();
		for (let period = 1; period <= power; period++) {
			walker.step();
			length++;
			if (walker.isBack()) return { period, length };
		}
	}
	return null;
}

/**
 * Deviations of each key. D(k) is the connections of the key among the first k, less k times its share. A window
 * from i to k deviates by D(k) − D(i); D comes back with the counters, so over all windows that is the
 * greatest D less the least one. D falls by the share with each connection and rises at those of the key, so it
 * is looked at before and after these alone, as an integer: times the denominator of the share.
 * @param length connections after which D repeats itself
 * @param shares of all keys; denominators of at most `length`
 */
export function deviationsOf(
	graph: Graph,
	root: number,
	{ length, shares }: { length: number; shares: readonly Rational[] },
): readonly Deviation[] {
	const { step } = walkerOf(graph, root);
	const tops = Float64Array.from(shares, (one) => Number(one.numerator));
	const bottoms = Float64Array.from(shares, (one) => Number(one.denominator));
	const counts = new Float64Array(shares.length);
	const least = new Float64Array(shares.length);
	const greatest = new Float64Array(shares.length);
	const look = (key: number, connections: number) => {
		const scaled =
			(counts[key] as number) * (bottoms[key] as number) -
			connections * (tops[key] as number);
		if (scaled < (least[key] as number)) least[key] = scaled;
		if (scaled > (greatest[key] as number)) greatest[key] = scaled;
	};
	for (let k = 0; k < length; k++) {
		const key = step();
		look(key, k);
		counts[key] = (counts[key] as number) + 1;
		look(key, k + 1);
	}
	return shares.map(({ denominator }, key) => {
		look(key, length);
		const [low, high] = [least[key] as number, greatest[key] as number];
		return {
			anyWindow: rational(high - low, denominator),
			sinceLoad: rational(Math.max(high, -low), denominator),
		};
	});
}
