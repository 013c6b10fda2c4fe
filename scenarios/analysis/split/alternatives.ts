/**
 * Shares where something that nothing bounds chooses at each packet: open nodes, or which class of packets comes
 * next. The states of the counters are the nodes of a graph and what a packet can do are its arcs. A long run is
 * a walk in it, and falls into circles; so the least and the greatest share that a run can have in the end are
 * those of circles (`ratio.ts`). A run that goes round such a circle has it.
 */
import { invariant } from "../../../sim/invariant.ts";
import {
	leastCommonMultiple,
	type Rational,
	rational,
	times,
} from "../../../sim/rational.ts";
import { type Graph, hasMemory } from "./graph.ts";
import { keyRates, rates } from "./rates.ts";
import { canBeComputed, greatestRatio } from "./ratio.ts";
import { explore, type Step } from "./states.ts";

const MOST_STEPS = 200_000;

export interface Alternatives {
	readonly graph: Graph;
	readonly states: number;
	readonly steps: readonly Step[];
	/** What comes to each key, of what comes to a node where a step ends. */
	readonly below: ReadonlyMap<number, readonly Rational[]>;
}

export interface Extreme {
	readonly share: Rational;
	/** Indices of steps, one behind the other. */
	readonly circle: readonly number[];
	/** For each step whether circles of such steps alone come to the share, if a connection counts on them. */
	readonly isTight: (step: number) => boolean;
}

export interface Extremes {
	readonly least: Extreme;
	readonly greatest: Extreme;
}

/** @returns why not, where it cannot be had */
export function alternativesOf(graph: Graph): Alternatives | string {
	const memory = hasMemory(graph);
	if (graph.nodes.some(({ kind }, at) => kind === "chance" && memory[at]))
		return "draws come before counters";
	const steps: Step[] = [];
	const limits = { states: MOST_STEPS, steps: MOST_STEPS };
	const states = explore(graph, limits, (step) => void steps.push(step));
	if (states === null)
		return `there are more than ${MOST_STEPS.toLocaleString("en-US")} steps between states of the counters`;
	const below = new Map<number, readonly Rational[]>();
	for (const { end } of steps)
		if (!below.has(end)) below.set(end, keyRates(graph, rates(graph, end)));
	return { graph, states: states.count, steps, below };
}

/**
 * Of the connections of some roots, the least and the greatest part that comes to a key.
 * @param counts whether connections of a root do; others take no time
 * @returns why not, where it cannot be had
 */
export function extremesOf(
	{ states, steps, below }: Alternatives,
	key: number,
	counts: (root: number) => boolean,
): Extremes | string {
	const parts = new Map(
		[...below].map(([end, shares]) => [end, shares[key] as Rational]),
	);
	const scale = [...parts.values()]
		.map((part) => part.denominator)
		.reduce(leastCommonMultiple, 1n);
	if (!canBeComputed(states, Number(scale)))
		return `the probabilities of draws are too fine for ${states.toLocaleString("en-US")} states`;
	const scaled = new Map(
		[...parts].map(([end, part]) => [
			end,
			Number(times(part, rational(scale)).numerator),
		]),
	);
	const from = Int32Array.from(steps, (step) => step.from);
	const to = Int32Array.from(steps, (step) => step.to);
	const time = Uint8Array.from(steps, ({ root }) => (counts(root) ? 1 : 0));
	const extreme = (sign: 1 | -1): Extreme | null => {
		const reward = Float64Array.from(steps, ({ root, end }) =>
			counts(root) ? sign * (scaled.get(end) as number) : 0,
		);
		const found = greatestRatio({ nodes: states, from, to, reward, time });
		if (found === "too much work") return null;
		// Connections of each root can come in any state, so some circle takes time.
		invariant(found !== "no circle", "no connection counts");
		const { ratio, circle, isTight } = found;
		return { share: times(ratio, rational(sign, scale)), circle, isTight };
	};
	const [least, greatest] = [extreme(-1), extreme(1)];
	return least === null || greatest === null
		? `the least and the greatest share among ${states.toLocaleString("en-US")} states are not found in reasonable time`
		: { least, greatest };
}
