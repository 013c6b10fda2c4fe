/**
 * What the order of connections does. Classes of packets that move the same counters take turns away from each
 * other: with two counters' worth of clients in step, one client always meets the same backend.
 *
 * For a class the connections of the others cost nothing: they only move counters. So its least and greatest
 * share are those of circles in which only its own connections take time (`alternatives.ts`).
 */
import { compareRationals } from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { alternativesOf, extremesOf } from "./alternatives.ts";
import {
	type Conditions,
	type Graph,
	graphOf,
	hasMemory,
	type KeyOf,
	type Node,
	nextNodes,
	reachableKeys,
} from "./graph.ts";
import { shortestOrder } from "./order.ts";
import type { Drive } from "./split.ts";

/** Packets that a ruleset treats alike. */
export interface PacketClass {
	/** Unique. */
	readonly name: string;
	readonly decision: Decision;
	readonly keyOf: KeyOf;
}

/**
 * How far the shares of each class can be driven by the order in which connections of all of them come. Ends that
 * cannot be driven are left out, and so are classes that share no counter with another one.
 */
export function drivesOf(
	classes: readonly PacketClass[],
	conditions: Conditions,
): readonly Drive[] {
	return sharing(classes, conditions).flatMap((group) =>
		group.flatMap((one) => {
			const others = group.filter((other) => other !== one);
			return drivesOfClass(one, others, conditions);
		}),
	);
}

function drivesOfClass(
	one: PacketClass,
	others: readonly PacketClass[],
	conditions: Conditions,
): readonly Drive[] {
	// Where connections of others end is of no interest, so that what moves no counter of this class falls away.
	const movers = others.map(({ decision }) => ({ decision, keyOf: () => "" }));
	const graph = graphOf([one, ...movers], conditions);
	const memory = hasMemory(graph);
	const [own, ...roots] = graph.roots as [number, ...number[]];
	const moving = new Map<number, string>();
	roots.forEach((root, index) => {
		if (memory[root] && !moving.has(root))
			moving.set(root, (others[index] as PacketClass).name);
	});
	if (!memory[own] || moving.size === 0) return [];
	const unknown = (why: string): readonly Drive[] => [
		{ kind: "unknown", client: one.name, why },
	];
	const open = graph.nodes.find((node) => node.kind === "open");
	if (open !== undefined) return unknown(`it depends on ${open.on}`);
	const alternatives = alternativesOf({
		nodes: graph.nodes,
		counters: graph.counters,
		keys: graph.keys,
		roots: [own, ...moving.keys()],
	});
	if (typeof alternatives === "string") return unknown(alternatives);
	const names = [one.name, ...moving.values()];
	const drives: Drive[] = [];
	for (const name of reachableKeys(one.decision, one.keyOf)) {
		const key = graph.keys.indexOf(name);
		if (key < 0) continue;
		const found = extremesOf(alternatives, key, isOwn);
		if (typeof found === "string") return unknown(found);
		const { least, greatest } = found;
		if (compareRationals(least.share, greatest.share) < 0)
			drives.push({
				kind: "driven",
				client: one.name,
				key: name,
				least: least.share,
				greatest: greatest.share,
				orderOfLeast: shortestOrder(alternatives, least, names),
				orderOfGreatest: shortestOrder(alternatives, greatest, names),
			});
	}
	return drives;
}

/** The class whose shares are asked is the first root. */
const isOwn = (root: number) => root === 0;

/** Classes that move counters of each other, directly or through further ones. */
function sharing(
	classes: readonly PacketClass[],
	conditions: Conditions,
): readonly (readonly PacketClass[])[] {
	const graph = graphOf(classes, conditions);
	const groups: {
		readonly members: readonly PacketClass[];
		readonly counters: ReadonlySet<number>;
	}[] = [];
	classes.forEach((one, index) => {
		const counters = countersBelow(graph, graph.roots[index] as number);
		const joined = groups.filter((group) =>
			counters.some((counter) => group.counters.has(counter)),
		);
		for (const group of joined) groups.splice(groups.indexOf(group), 1);
		groups.push({
			members: [...joined.flatMap((group) => group.members), one],
			counters: new Set([
				...joined.flatMap((group) => [...group.counters]),
				...counters,
			]),
		});
	});
	return groups
		.map(({ members }) => members)
		.filter((members) => members.length > 1);
}

function countersBelow({ nodes }: Graph, root: number): readonly number[] {
	const seen = new Set([root]);
	// A set is iterated in the order of insertion, also over what is added meanwhile.
	for (const at of seen)
		for (const next of nextNodes(nodes[at] as Node)) seen.add(next);
	return [...seen].flatMap((at) => {
		const node = nodes[at] as Node;
		return node.kind === "turn" ? [node.counter] : [];
	});
}
