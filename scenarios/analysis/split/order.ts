/** Orders of connections that come to a least or greatest share, as short as they can be said. */
import type { Alternatives, Extreme } from "./alternatives.ts";
import type { Order, Run } from "./split.ts";
import type { Step } from "./states.ts";

/** Longer ones are not given: they show nothing. */
const MOST_RUNS = 50;

/** Steps that are looked at in the search for a short one; then the one at hand is taken. */
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
	const ways = new Ways(states, steps, isTight);
	const at = (index: number) => steps[index] as Step;
	let best: readonly number[] = circle;
	let length = ways.distance(at(circle[0] as number).from) + circle.length;
	for (let state = 0; state < states && ways.looks < MOST_LOOKS; state++) {
		const distance = ways.distance(state);
		if (distance >= length) break;
		for (const step of ways.from(state)) {
			if (at(step).root !== 0) continue;
			const back = ways.back(step, length - distance);
			if (back === null) continue;
			best = back;
			length = distance + back.length;
		}
	}
	const word = (list: readonly number[]) =>
		list.map((index) => names[at(index).root] as string);
	return orderOf(word(ways.to(at(best[0] as number).from)), word(best));
}

/** Ways through the states, in steps. */
class Ways {
	looks = 0;
	private readonly steps: readonly Step[];
	/** For each state but the loaded one the step by which it was found, which is on a shortest way. */
	private readonly found: Int32Array;
	private readonly distances: Int32Array;
	private readonly tight: readonly (readonly number[])[];

	constructor(
		states: number,
		steps: readonly Step[],
		isTight: (step: number) => boolean,
	) {
		this.steps = steps;
		this.found = new Int32Array(states).fill(-1);
		this.distances = new Int32Array(states);
		const tight: number[][] = Array.from({ length: states }, () => []);
		steps.forEach(({ from, to }, index) => {
			if (isTight(index)) tight[from]?.push(index);
			if (to === 0 || this.found[to] !== -1) return;
			this.found[to] = index;
			this.distances[to] = (this.distances[from] as number) + 1;
		});
		this.tight = tight;
	}

	/** Steps from the loaded state. */
	distance(state: number): number {
		return this.distances[state] as number;
	}

	/** From the loaded state. */
	to(state: number): readonly number[] {
		const way: number[] = [];
		for (let at = state; at !== 0; ) {
			const step = this.found[at] as number;
			way.unshift(step);
			at = (this.steps[step] as Step).from;
		}
		return way;
	}

	from(state: number): readonly number[] {
		return this.tight[state] as readonly number[];
	}

	/** The shortest circle of tight steps that begins with this one and has fewer steps than `limit`. */
	back(first: number, limit: number): readonly number[] | null {
		const { from: goal, to } = this.steps[first] as Step;
		if (goal === to) return limit > 1 ? [first] : null;
		const by = new Map<number, { step: number; length: number }>([
			[to, { step: first, length: 1 }],
		]);
		// A map is iterated in the order of insertion, also over what is added meanwhile.
		for (const [state, { length }] of by) {
			if (length + 1 >= limit || this.looks > MOST_LOOKS) return null;
			for (const step of this.from(state)) {
				this.looks++;
				const next = (this.steps[step] as Step).to;
				if (by.has(next)) continue;
				by.set(next, { step, length: length + 1 });
				if (next === goal) return this.circle(by, goal, first);
			}
		}
		return null;
	}

	private circle(
		by: ReadonlyMap<number, { readonly step: number }>,
		goal: number,
		first: number,
	): readonly number[] {
		const circle: number[] = [];
		for (let at = goal; circle[0] !== first; ) {
			const step = by.get(at)?.step as number;
			circle.unshift(step);
			at = (this.steps[step] as Step).from;
		}
		return circle;
	}
}

/**
 * @param first names of classes, one for each connection
 * @param repeated the same, for those that come again and again
 * @returns `null` where it is too long
 */
export function orderOf(
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
