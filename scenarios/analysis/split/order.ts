/** Orders of connections that come to a least or greatest share, as short as they can be said. */
import type { Alternatives, Extreme } from "./alternatives.ts";
import { type Leaving, leaving } from "./components.ts";
import type { Order, Run } from "./split.ts";
import type { Step } from "./states.ts";

/** Longer ones are not given: they show nothing. */
const MOST_RUNS = 50;

/** Steps that are looked at in the search for a short order; then the best one so far is taken. */
const MOST_LOOKS = 2_000_000;

/**
 * The circles that come to an extreme are those of its tight steps, if one of them is of the first root. For each
 * state, nearest first, the shortest way back to it by tight steps is looked for, until no state can do better.
 * @param names of the roots
 * @returns `null` where it is too long to print
 */
export function shortestOrder(
	{ states, steps }: Alternatives,
	{ circle, isTight }: Extreme,
	names: readonly string[],
): Order | null {
	const at = (index: number) => steps[index] as Step;
	const reach = new Reach(states, steps);
	const search = new Search(states, steps, isTight);
	let best: readonly number[] = circle;
	let length = reach.distance(at(circle[0] as number).from) + circle.length;
	for (let state = 0; state < states && search.looks < MOST_LOOKS; state++) {
		const distance = reach.distance(state);
		if (distance >= length) break;
		const shorter = search.circle(state, length - distance);
		if (shorter === null) continue;
		best = shorter;
		length = distance + shorter.length;
	}
	const word = (list: readonly number[]) =>
		list.map((index) => names[at(index).root] as string);
	return orderOf(word(reach.way(at(best[0] as number).from)), word(best));
}

/** Shortest ways from the loaded state. States are numbered as they were found, breadth first. */
class Reach {
	private readonly steps: readonly Step[];
	/** For each state but the loaded one the step by which it was found. */
	private readonly found: Int32Array;
	private readonly distances: Int32Array;

	constructor(states: number, steps: readonly Step[]) {
		this.steps = steps;
		this.found = new Int32Array(states).fill(-1);
		this.distances = new Int32Array(states);
		steps.forEach(({ from, to }, index) => {
			if (to === 0 || this.found[to] !== -1) return;
			this.found[to] = index;
			this.distances[to] = this.distance(from) + 1;
		});
	}

	distance(state: number): number {
		return this.distances[state] as number;
	}

	way(state: number): readonly number[] {
		const way: number[] = [];
		for (let at = state; at !== 0; ) {
			const step = this.found[at] as number;
			way.push(step);
			at = (this.steps[step] as Step).from;
		}
		return way.reverse();
	}
}

/**
 * Circles of tight steps with one of the first root, as ways through places: a place is a state, before such a step
 * or after one.
 */
class Search {
	looks = 0;
	private readonly steps: readonly Step[];
	private readonly leaving: Leaving;
	/** Of the search at hand: places in the order in which it came to them, from which one, and by which step. */
	private readonly places: Int32Array;
	private readonly before: Int32Array;
	private readonly by: Int32Array;

	constructor(
		states: number,
		steps: readonly Step[],
		isTight: (step: number) => boolean,
	) {
		this.steps = steps;
		const from = Int32Array.from(steps, (step) => step.from);
		const to = Int32Array.from(steps, (step) => step.to);
		this.leaving = leaving({ nodes: states, from, to }, isTight);
		this.places = new Int32Array(2 * states);
		this.before = new Int32Array(2 * states);
		this.by = new Int32Array(2 * states).fill(-1);
	}

	/** The shortest one from a state back to it that has fewer steps than `limit`. */
	circle(state: number, limit: number): readonly number[] | null {
		const { places, before, by } = this;
		const { first, arcs } = this.leaving;
		const [start, goal] = [2 * state, 2 * state + 1];
		let found = 1;
		places[0] = start;
		// Places up to `end` are `length` steps away.
		let [end, length] = [1, 0];
		for (let at = 0; at < found && by[goal] === -1; at++) {
			if (at === end) [end, length] = [found, length + 1];
			if (length + 1 >= limit || this.looks > MOST_LOOKS) break;
			const place = places[at] as number;
			const last = first[(place >> 1) + 1] as number;
			for (let arc = first[place >> 1] as number; arc < last; arc++) {
				this.looks++;
				const step = arcs[arc] as number;
				const { to, root } = this.steps[step] as Step;
				const next = 2 * to + (root === 0 ? 1 : place & 1);
				if (next === start || by[next] !== -1) continue;
				by[next] = step;
				before[next] = place;
				places[found] = next;
				found++;
			}
		}
		const circle = by[goal] === -1 ? null : this.wayTo(goal, start);
		for (const place of places.subarray(0, found)) by[place] = -1;
		return circle;
	}

	private wayTo(goal: number, start: number): readonly number[] {
		const way: number[] = [];
		for (let place = goal; place !== start; ) {
			const step = this.by[place] as number;
			way.push(step);
			place = this.before[place] as number;
		}
		return way.reverse();
	}
}

/**
 * @param first names of classes, one for each connection
 * @param repeated the same, for those that come again and again
 * @returns `null` where it is too long
 */
function orderOf(
	first: readonly string[],
	repeated: readonly string[],
): Order | null {
	const word = [...root(repeated)];
	const lead = [...first];
	// What comes before is often the end of what is repeated, so it may as well begin earlier.
	while (lead.length > 0 && lead.at(-1) === word.at(-1)) {
		word.unshift(word.pop() as string);
		lead.pop();
	}
	const order = { first: runs(lead), repeated: runs(word) };
	return order.first.length + order.repeated.length > MOST_RUNS ? null : order;
}

/** The shortest word of which the word is a repetition. */
function root(word: readonly string[]): readonly string[] {
	for (let length = 1; length < word.length; length++)
		if (word.length % length === 0)
			if (word.every((name, at) => name === word[at % length]))
				return word.slice(0, length);
	return word;
}

function runs(word: readonly string[]): readonly Run[] {
	const found: { client: string; connections: number }[] = [];
	for (const client of word) {
		const last = found.at(-1);
		if (last?.client === client) last.connections++;
		else found.push({ client, connections: 1 });
	}
	return found;
}
