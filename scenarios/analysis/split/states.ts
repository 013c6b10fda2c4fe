/** All states of the counters that packets can lead to from the loaded one, and how. */
import { leastCommonMultiple } from "../../../sim/rational.ts";
import { type Graph, hasMemory, type Node, nextNodes } from "./graph.ts";

/**
 * What a packet can do in a state. It is followed to the first node below which neither a counter nor anything
 * open stands: what comes then is drawn, or certain, and the same for all packets that come there.
 */
export interface Step {
	/** States go by their number, in the order in which they were found; 0 is the loaded one. */
	readonly from: number;
	readonly to: number;
	/** Index in the roots of the graph. */
	readonly root: number;
	/** The node. */
	readonly end: number;
	/** Probability of the draws before it, times `States.scale`. */
	readonly weight: bigint;
}

export interface States {
	readonly count: number;
	readonly scale: bigint;
}

export interface Limits {
	readonly states: number;
	readonly steps: number;
}

/**
 * Breadth first. At an open node a packet goes each way: steps with the same state and root are then alternatives,
 * of which each has the weight of its draws.
 * @param onStep hears of each step once, by state
 * @returns `null` where a limit is passed
 */
export function explore(
	graph: Graph,
	limits: Limits,
	onStep: (step: Step) => void,
): States | null {
	const { nodes, counters, roots } = graph;
	const memory = hasMemory(graph);
	const scales = scalesOf(nodes, memory);
	const scale = roots
		.map((root) => scales[root] as bigint)
		.reduce(leastCommonMultiple, 1n);
	const known = new KnownStates(counters);
	const { values } = known;
	let steps = 0;
	let from = 0;
	let root = 0;
	const follow = (at: number, weight: bigint): void => {
		if (steps > limits.steps) return;
		if (!memory[at]) {
			steps++;
			onStep({ from, to: known.number(), root, end: at, weight });
			return;
		}
		const node = nodes[at] as Node;
		if (node.kind === "turn") {
			const before = values[node.counter] as number;
			const every = counters[node.counter]?.every as number;
			const value = before + 1 === every ? 0 : before + 1;
			values[node.counter] = value;
			follow(value === 0 ? node.round : node.rest, weight);
			values[node.counter] = before;
		} else if (node.kind === "chance") {
			for (const { node: next, probability } of node.ways) {
				const { numerator, denominator } = probability;
				follow(next, (weight * numerator) / denominator);
			}
		} else for (const next of nextNodes(node)) follow(next, weight);
	};
	for (; from < known.count; from++) {
		known.restore(from);
		for (root = 0; root < roots.length; root++)
			follow(roots[root] as number, scale);
		if (known.count > limits.states || steps > limits.steps) return null;
	}
	return { count: known.count, scale };
}

/** For each node a number by which the probabilities of all draws from there to the ends become whole. */
function scalesOf(
	nodes: readonly Node[],
	memory: readonly boolean[],
): readonly bigint[] {
	const scales: bigint[] = [];
	nodes.forEach((node, at) => {
		if (!memory[at]) {
			scales.push(1n);
			return;
		}
		const below = nextNodes(node)
			.map((next) => scales[next] as bigint)
			.reduce(leastCommonMultiple, 1n);
		const own =
			node.kind === "chance"
				? node.ways
						.map((way) => way.probability.denominator)
						.reduce(leastCommonMultiple, 1n)
				: 1n;
		scales.push(own * below);
	});
	return scales;
}

/** States by number and by what the counters are in them. */
class KnownStates {
	/** Of the counters now: to be changed. */
	readonly values: Int32Array;
	/** One number for all values where that is exact: by far the fastest key of a map. */
	private readonly radices: Float64Array | null;
	private readonly numbers = new Map<number | string, number>();
	private stored: Int32Array;

	constructor(counters: Graph["counters"]) {
		this.values = Int32Array.from(counters, (counter) => counter.initial);
		this.stored = new Int32Array(64 * (counters.length + 1));
		const radices = new Float64Array(counters.length);
		let product = 1;
		counters.forEach((counter, index) => {
			radices[index] = product;
			product *= counter.every;
		});
		this.radices = product < 2 ** 53 ? radices : null;
		this.number();
	}

	get count(): number {
		return this.numbers.size;
	}

	/** Of the values of now. */
	number(): number {
		const key = this.key();
		const known = this.numbers.get(key);
		if (known !== undefined) return known;
		const number = this.numbers.size;
		this.numbers.set(key, number);
		const { length } = this.values;
		if ((number + 1) * length > this.stored.length) {
			const larger = new Int32Array(2 * this.stored.length);
			larger.set(this.stored);
			this.stored = larger;
		}
		this.stored.set(this.values, number * length);
		return number;
	}

	restore(number: number): void {
		const { length } = this.values;
		this.values.set(
			this.stored.subarray(number * length, (number + 1) * length),
		);
	}

	private key(): number | string {
		if (this.radices === null) return this.values.join(" ");
		let key = 0;
		for (let at = 0; at < this.values.length; at++)
			key += (this.values[at] as number) * (this.radices[at] as number);
		return key;
	}
}
