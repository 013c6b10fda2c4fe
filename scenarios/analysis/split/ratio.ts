/**
 * Circles of a graph whose steps have a reward and take time: the greatest reward for the time. The greatest mean of
 * a circle (Karp 1978) is the case in which each step takes one unit of time; here steps of other classes take
 * none.
 *
 * By Dinkelbach's method. For a ratio p/q a step weighs q·reward − p·time, and a circle of positive weight is one
 * with a greater ratio, which is tried next; each is the ratio of a circle, so there are finitely many. Circles of
 * positive weight are found as Bellman and Ford do: potentials rise along steps, and a circle among the steps by
 * which they last rose has positive weight. When nothing rises any more, the potentials prove that no circle
 * has a greater ratio: along each step they rise by at least its weight. All numbers are whole.
 */
import { invariant } from "../../../sim/invariant.ts";
import { type Rational, rational } from "../../../sim/rational.ts";
import {
	components,
	type Directed,
	leaving,
	shortestWay,
} from "./components.ts";

export interface Arcs extends Directed {
	/** Whole. 0 where the time is 0. */
	readonly reward: Float64Array;
	/** 0 or 1. */
	readonly time: Uint8Array;
}

interface Greatest {
	readonly ratio: Rational;
	/** Arcs of a circle that has it, one behind the other. */
	readonly circle: readonly number[];
	/** For each arc whether circles of such arcs alone have it, if they take any time. */
	readonly isTight: (arc: number) => boolean;
}

/** Whether sums of weights stay within the whole numbers that a double holds. */
export function canBeComputed(nodes: number, greatestReward: number): boolean {
	return 4 * nodes * nodes * Math.max(greatestReward, 1) < 2 ** 53;
}

export type RatioAnswer =
	| Greatest
	/** No circle takes time. */
	| "no circle"
	/** Not found in the work that is allowed. */
	| "too much work";

/** Arcs that are looked at. */
const MOST_LOOKS = 500_000_000;

export function greatestRatio(arcs: Arcs): RatioAnswer {
	return circleOfBestArcs(arcs) ?? byBetterCircles(arcs);
}

/**
 * A circle whose arcs that take time all have the greatest reward that there is. No circle has more, and most
 * shares can be driven to 0 or to 1: such a circle is found in one pass.
 */
function circleOfBestArcs(arcs: Arcs): Greatest | null {
	const { from, to, reward, time } = arcs;
	const best = reward.reduce(
		(most, own, arc) => (time[arc] === 1 && own > most ? own : most),
		Number.NEGATIVE_INFINITY,
	);
	const allowed = leaving(
		arcs,
		(arc) => time[arc] === 0 || reward[arc] === best,
	);
	const component = components(arcs, allowed);
	const isTight = (arc: number) =>
		(time[arc] === 0 || reward[arc] === best) &&
		component[from[arc] as number] === component[to[arc] as number];
	const first = time.findIndex((own, arc) => own === 1 && isTight(arc));
	if (first === -1) return null;
	const ends = { from: to[first] as number, to: from[first] as number };
	const back = shortestWay(arcs, allowed, ends);
	invariant(back !== null, "a component is not connected");
	return { ratio: rational(best), circle: [first, ...back], isTight };
}

function byBetterCircles(arcs: Arcs): RatioAnswer {
	const least = arcs.reward.reduce((one, other) => Math.min(one, other), 0);
	// Less than any circle has.
	let ratio = { reward: least - 1, time: 1 };
	let circle: readonly number[] | null = null;
	let looks = 0;
	while (looks < MOST_LOOKS) {
		const weights = weightsFor(arcs, ratio);
		const risen = rise(arcs, weights, MOST_LOOKS - looks);
		const { potentials, heavy } = risen;
		looks += risen.looks;
		if (heavy === null) {
			const { from, to } = arcs;
			if (circle === null) return "no circle";
			const isTight = (arc: number) =>
				(potentials[from[arc] as number] as number) +
					(weights[arc] as number) ===
				potentials[to[arc] as number];
			return { ratio: rational(ratio.reward, ratio.time), circle, isTight };
		}
		if (heavy === "not found") break;
		circle = heavy;
		ratio = { reward: sum(heavy, arcs.reward), time: sum(heavy, arcs.time) };
		invariant(ratio.time > 0, "a circle that takes no time has a reward");
	}
	return "too much work";
}

function weightsFor(
	{ reward, time }: Arcs,
	ratio: { readonly reward: number; readonly time: number },
): Float64Array {
	return reward.map(
		(own, arc) => ratio.time * own - ratio.reward * (time[arc] as number),
	);
}

/** Raises potentials until nothing rises (`heavy` is null), or a circle of positive weight is found. */
function rise(
	{ nodes, from, to }: Arcs,
	weights: Float64Array,
	mostLooks: number,
): {
	readonly potentials: Float64Array;
	readonly heavy: readonly number[] | "not found" | null;
	readonly looks: number;
} {
	const potentials = new Float64Array(nodes);
	const by = new Int32Array(nodes).fill(-1);
	let looks = 0;
	while (looks < mostLooks) {
		let rose = false;
		looks += weights.length;
		for (let arc = 0; arc < weights.length; arc++) {
			const node = to[arc] as number;
			const potential =
				(potentials[from[arc] as number] as number) + (weights[arc] as number);
			if (potential <= (potentials[node] as number)) continue;
			potentials[node] = potential;
			by[node] = arc;
			rose = true;
		}
		if (!rose) return { potentials, heavy: null, looks };
		const heavy = circleOf(by, from);
		if (heavy !== null) return { potentials, heavy, looks };
	}
	return { potentials, heavy: "not found", looks };
}

/** A circle among the arcs by which nodes were reached last. @param by for each node the arc, or -1 */
function circleOf(by: Int32Array, from: Int32Array): readonly number[] | null {
	// In which round a node was passed: each is passed once.
	const passed = new Int32Array(by.length).fill(-1);
	for (let start = 0; start < by.length; start++) {
		let node = start;
		while (passed[node] === -1 && by[node] !== -1) {
			passed[node] = start;
			node = from[by[node] as number] as number;
		}
		if (passed[node] !== start || by[node] === -1) continue;
		const circle: number[] = [];
		const first = node;
		do {
			const arc = by[node] as number;
			circle.push(arc);
			node = from[arc] as number;
		} while (node !== first);
		return circle.reverse();
	}
	return null;
}

function sum(
	arcs: readonly number[],
	values: Float64Array | Uint8Array,
): number {
	return arcs.reduce((total, arc) => total + (values[arc] as number), 0);
}
