/**
 * Decisions as a graph of numbered nodes, made as small as it gets without changing what comes of it:
 *
 * - conditions have their values, and what always or never holds (`every 1`, a probability of 1) is gone;
 * - nodes that lead to the same nodes are one node, and ends with the same key are one leaf;
 * - a draw whose ways are the same is gone, and so is a counter if that is true wherever it stands. (A
 *   counter must not be left out at one place alone: packets that pass there move it for the other places.)
 */
import { InvariantError, invariant } from "../../../sim/invariant.ts";
import { plus, type Rational, rational, ZERO } from "../../../sim/rational.ts";
import type { Decision, End } from "../walk/decision.ts";

/** Other nodes are named by their index in `Graph.nodes`. */
export type Node =
	/** `key` is an index of `Graph.keys`. */
	| { readonly kind: "leaf"; readonly key: number }
	/** The counter moves on by one; `round` is where a packet goes at which it comes round to 0. */
	| {
			readonly kind: "turn";
			readonly counter: number;
			readonly round: number;
			readonly rest: number;
	  }
	/** Drawn anew for each packet that comes here. Probabilities sum to 1. */
	| {
			readonly kind: "chance";
			readonly by: "draw" | "hash";
			readonly ways: readonly Way[];
	  }
	/** Any of the ways, at any packet. */
	| {
			readonly kind: "open";
			readonly on: string;
			/** The machine knows it, and the model was not told. */
			readonly isUnknown: boolean;
			readonly ways: readonly number[];
	  };

interface Way {
	readonly node: number;
	readonly probability: Rational;
}

interface Counter {
	readonly key: string;
	readonly every: number;
	readonly initial: number;
}

export interface Graph {
	/** Each above all that it leads to; every one can be reached from a root. */
	readonly nodes: readonly Node[];
	/** One for each decision. */
	readonly roots: readonly number[];
	/** Those that have a part in it. */
	readonly counters: readonly Counter[];
	readonly keys: readonly string[];
}

type Fork = Extract<Decision, { readonly kind: "fork" }>;

/** Values by name. A condition that is not in it is 0, as the kernel creates it. */
export type Conditions = ReadonlyMap<string, 0 | 1>;

/** Names an end; ends with the same name are one. */
export type KeyOf = (end: End) => string;

export interface Root {
	readonly decision: Decision;
	readonly keyOf: KeyOf;
}

/** One graph of several decisions, in which counters with the same key are the same counter. */
export function graphOf(roots: readonly Root[], conditions: Conditions): Graph {
	const builder = new Builder(new Set());
	const tops = roots.map((root) => add(builder, root, conditions));
	let graph = builder.graph(tops);
	for (;;) {
		const idle = idleCounters(graph);
		if (idle.size === 0) return graph;
		graph = without(graph, idle);
	}
}

/** Keys of the ends that some values of the conditions lead to, in the order of the rules. */
export function reachableKeys(
	decision: Decision,
	keyOf: KeyOf,
): readonly string[] {
	const keys = new Set<string>();
	const seen = new Set<Decision>();
	const waiting = [decision];
	for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
		if (seen.has(next)) continue;
		seen.add(next);
		if (next.kind === "leaf") {
			keys.add(keyOf(next.end));
			continue;
		}
		const only = onlyWay(next);
		// What a match leads to comes before what comes after it: it is pushed last.
		if (only !== null) waiting.push(only);
		else if (next.asked.kind === "spread")
			waiting.push(...next.ways.toReversed());
		else waiting.push(...next.ways);
	}
	return [...keys];
}

/** For each node whether a counter, or something open, stands at it or below. */
export function hasMemory({ nodes }: Graph): readonly boolean[] {
	const found: boolean[] = [];
	for (const node of nodes)
		found.push(
			node.kind === "turn" ||
				node.kind === "open" ||
				nextNodes(node).some((next) => found[next]),
		);
	return found;
}

/** No packet meets a counter twice. */
export function meetsCountersOnce({ nodes }: Graph): boolean {
	const below: bigint[] = [];
	for (const node of nodes) {
		let met = 0n;
		for (const next of nextNodes(node)) met |= below[next] as bigint;
		if (node.kind === "turn") {
			const own = 1n << BigInt(node.counter);
			if ((met & own) !== 0n) return false;
			met |= own;
		}
		below.push(met);
	}
	return true;
}

export function nextNodes(node: Node): readonly number[] {
	switch (node.kind) {
		case "leaf":
			return [];
		case "turn":
			return [node.round, node.rest];
		case "chance":
			return node.ways.map((way) => way.node);
		case "open":
			return node.ways;
	}
}

/** Makes nodes, each once: equal ones get the same number. */
class Builder {
	private readonly nodes: Node[] = [];
	private readonly numbers = new Map<string, number>();
	private readonly counters = new Map<string, Counter>();
	private readonly counterNumbers = new Map<string, number>();
	private readonly keys = new Map<string, number>();
	private readonly idle: ReadonlySet<string>;

	/** @param idle keys of counters that are left out where their ways are the same */
	constructor(idle: ReadonlySet<string>) {
		this.idle = idle;
	}

	leaf(name: string): number {
		const key = this.keys.get(name) ?? this.keys.size;
		this.keys.set(name, key);
		return this.number(`leaf ${key}`, { kind: "leaf", key });
	}

	turn(counter: Counter, round: number, rest: number): number {
		if (round === rest && this.idle.has(counter.key)) return round;
		const known = this.counters.get(counter.key) ?? counter;
		invariant(
			known.every === counter.every && known.initial === counter.initial,
			`two counters have the key ${counter.key}`,
		);
		const number = this.counterNumbers.get(counter.key) ?? this.counters.size;
		this.counters.set(counter.key, known);
		this.counterNumbers.set(counter.key, number);
		return this.number(`turn ${number} ${round} ${rest}`, {
			kind: "turn",
			counter: number,
			round,
			rest,
		});
	}

	chance(by: "draw" | "hash", ways: readonly Way[]): number {
		const joined = new Map<number, Rational>();
		for (const { node, probability } of ways)
			if (probability.numerator !== 0n)
				joined.set(node, plus(joined.get(node) ?? ZERO, probability));
		const sorted = [...joined]
			.map(([node, probability]) => ({ node, probability }))
			.sort((one, other) => one.node - other.node);
		const [first] = sorted;
		invariant(first !== undefined, "a draw has no way");
		if (sorted.length === 1) return first.node;
		const name = sorted.map(
			({ node, probability: { numerator, denominator } }) =>
				`${node}:${numerator}/${denominator}`,
		);
		return this.number(`${by} ${name.join(" ")}`, {
			kind: "chance",
			by,
			ways: sorted,
		});
	}

	open(
		{ on, isUnknown = false }: { on: string; isUnknown?: boolean },
		ways: readonly number[],
	): number {
		const different = [...new Set(ways)].sort((one, other) => one - other);
		const [first] = different;
		invariant(first !== undefined, "a question has no answer");
		if (different.length === 1) return first;
		return this.number(`open ${different.join(" ")} ${on}`, {
			kind: "open",
			on,
			isUnknown,
			ways: different,
		});
	}

	graph(roots: readonly number[]): Graph {
		return reachable({
			nodes: this.nodes,
			roots,
			counters: [...this.counters.values()],
			keys: [...this.keys.keys()],
		});
	}

	private number(name: string, node: Node): number {
		const known = this.numbers.get(name);
		if (known !== undefined) return known;
		this.numbers.set(name, this.nodes.length);
		return this.nodes.push(node) - 1;
	}
}

/** Adds a decision, ends first, without recursion: a chain of rules may be longer than the stack. */
function add(builder: Builder, root: Root, conditions: Conditions): number {
	const numbers = new Map<Decision, number>();
	const numberOf = (decision: Decision) => numbers.get(decision) as number;
	const first = settled(root.decision, conditions);
	const waiting = [first];
	for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
		if (numbers.has(next)) {
			waiting.pop();
			continue;
		}
		const ways =
			next.kind === "leaf"
				? []
				: next.ways.map((way) => settled(way, conditions));
		const missing = ways.filter((way) => !numbers.has(way));
		if (missing.length > 0) {
			for (const way of missing) waiting.push(way);
			continue;
		}
		waiting.pop();
		numbers.set(
			next,
			next.kind === "leaf"
				? builder.leaf(root.keyOf(next.end))
				: addFork(builder, next, ways.map(numberOf)),
		);
	}
	return numberOf(first);
}

function addFork(
	builder: Builder,
	{ asked }: Fork,
	ways: readonly number[],
): number {
	const [no, yes] = ways as [number, number];
	switch (asked.kind) {
		case "turn": {
			const [round, rest] = asked.inverted ? [no, yes] : [yes, no];
			return builder.turn(asked, round, rest);
		}
		case "draw": {
			const { numerator, denominator } = asked.probability;
			return builder.chance("draw", [
				{
					node: no,
					probability: rational(denominator - numerator, denominator),
				},
				{ node: yes, probability: asked.probability },
			]);
		}
		case "spread": {
			const probability = rational(1, asked.count);
			return builder.chance(
				asked.by,
				ways.map((node) => ({ node, probability })),
			);
		}
		case "open":
			return builder.open(asked, ways);
		case "condition":
			throw new InvariantError("a condition is asked that has a value");
	}
}

/** Follows conditions by their values, and forks of which only one way can be taken. */
function settled(decision: Decision, conditions: Conditions): Decision {
	let at = decision;
	for (;;) {
		if (at.kind === "leaf") return at;
		const { asked } = at;
		const next =
			asked.kind === "condition"
				? (at.ways[conditions.get(asked.name) ?? 0] as Decision)
				: onlyWay(at);
		if (next === null) return at;
		at = next;
	}
}

/** The way that every packet takes. */
function onlyWay({ asked, ways }: Fork): Decision | null {
	const [no, yes] = ways as [Decision, Decision];
	if (asked.kind === "turn" && asked.every === 1)
		return asked.inverted ? no : yes;
	if (asked.kind === "draw") {
		if (asked.probability.numerator === 0n) return no;
		if (asked.probability.denominator === asked.probability.numerator)
			return yes;
	}
	return null;
}

function idleCounters({ nodes, counters }: Graph): ReadonlySet<string> {
	const idle = new Set(counters.map((counter) => counter.key));
	for (const node of nodes)
		if (node.kind === "turn" && node.round !== node.rest)
			idle.delete((counters[node.counter] as Counter).key);
	return idle;
}

function without(graph: Graph, idle: ReadonlySet<string>): Graph {
	const builder = new Builder(idle);
	const numbers: number[] = [];
	for (const node of graph.nodes)
		numbers.push(copied(node, graph, builder, numbers));
	return builder.graph(graph.roots.map((root) => numbers[root] as number));
}

function copied(
	node: Node,
	{ keys, counters }: Graph,
	builder: Builder,
	numbers: readonly number[],
): number {
	const number = (old: number) => numbers[old] as number;
	switch (node.kind) {
		case "leaf":
			return builder.leaf(keys[node.key] as string);
		case "turn":
			return builder.turn(
				counters[node.counter] as Counter,
				number(node.round),
				number(node.rest),
			);
		case "chance":
			return builder.chance(
				node.by,
				node.ways.map((way) => ({
					node: number(way.node),
					probability: way.probability,
				})),
			);
		case "open":
			return builder.open(node, node.ways.map(number));
	}
}

/** The part that roots lead to, numbered anew. */
function reachable({ nodes, roots, counters, keys }: Graph): Graph {
	const used = new Set(roots);
	for (let at = nodes.length - 1; at >= 0; at--)
		if (used.has(at))
			for (const next of nextNodes(nodes[at] as Node)) used.add(next);
	const kept = nodes.flatMap((node, at) =>
		used.has(at) ? [{ node, at }] : [],
	);
	const node = renumbering(kept.map(({ at }) => at));
	const counter = renumbering(
		kept.flatMap((one) => (one.node.kind === "turn" ? [one.node.counter] : [])),
	);
	const key = renumbering(
		kept.flatMap((one) => (one.node.kind === "leaf" ? [one.node.key] : [])),
	);
	return {
		nodes: kept.map((one) => renumbered(one.node, { node, counter, key })),
		roots: roots.map((root) => node.get(root) as number),
		counters: [...counter.keys()].map((old) => counters[old] as Counter),
		keys: [...key.keys()].map((old) => keys[old] as string),
	};
}

type Renumbering = ReadonlyMap<number, number>;

function renumbering(old: readonly number[]): Renumbering {
	return new Map([...new Set(old)].map((number, index) => [number, index]));
}

function renumbered(
	node: Node,
	to: {
		readonly node: Renumbering;
		readonly counter: Renumbering;
		readonly key: Renumbering;
	},
): Node {
	const next = (old: number) => to.node.get(old) as number;
	switch (node.kind) {
		case "leaf":
			return { kind: "leaf", key: to.key.get(node.key) as number };
		case "turn":
			return {
				kind: "turn",
				counter: to.counter.get(node.counter) as number,
				round: next(node.round),
				rest: next(node.rest),
			};
		case "chance": {
			const ways = node.ways.map(({ node: old, probability }) => ({
				node: next(old),
				probability,
			}));
			return { kind: "chance", by: node.by, ways };
		}
		case "open":
			return { ...node, ways: node.ways.map(next) };
	}
}
