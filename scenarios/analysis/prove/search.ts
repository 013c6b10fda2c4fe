/**
 * Breadth first over what may happen to one connection. A node is a situation of the gateway and how far client
 * and backend are; a step is a packet, time, or what an administrator does.
 */

import type { Asked } from "../walk/decision.ts";
import { movesOf } from "./moves.ts";
import type { EventName, PropertyName } from "./state/events.ts";
import { BudgetError } from "./state/explorer.ts";
import type { Candidate, Moved, Node, SearchOptions } from "./state/node.ts";

export interface Searched {
	/** Why not all was seen; `null`: all was. */
	readonly cut: string | null;
	readonly states: number;
	readonly depth: number;
	/** Shortest first. */
	readonly candidates: ReadonlyMap<PropertyName, readonly Candidate[]>;
	/** Why something is not known, by property. */
	readonly unknown: ReadonlyMap<PropertyName, string>;
	/** How often a property could have been violated. */
	readonly checked: ReadonlyMap<PropertyName, number>;
	/** A packet that is not the first asks about a condition. */
	readonly asksLater: boolean;
	/** A packet that is not the first moves a counter. */
	readonly turnsLater: boolean;
	/** Events that have happened. */
	readonly happened: ReadonlySet<EventName>;
}

/** Of each property, so many ways to violate it are kept: the shortest may not be one that the model can play. */
const MOST_CANDIDATES = 12;

export function search(given: Omit<SearchOptions, "happens">): Searched {
	const happened = new Set<EventName>();
	const found: Found = {
		candidates: new Map(),
		unknown: new Map(),
		checked: new Map(),
		asks: new Set(),
	};
	const options: SearchOptions = {
		...given,
		happens: (event) => happened.add(event),
	};
	const queue: Node[] = [
		{
			situation: given.explorer.start,
			phase: "idle",
			sent: null,
			values: null,
			dead: null,
			gone: null,
			isForgotten: false,
			isFull: false,
			rules: "loaded",
			from: null,
			depth: 0,
		},
	];
	const cut = visitAll(queue, options, found);
	const { candidates, unknown, checked, asks } = found;
	return {
		cut,
		states: queue.length,
		depth: queue.at(-1)?.depth ?? 0,
		candidates,
		unknown,
		checked,
		asksLater: asks.has("condition"),
		turnsLater: asks.has("turn"),
		happened,
	};
}

interface Found {
	readonly candidates: Map<PropertyName, Candidate[]>;
	readonly unknown: Map<PropertyName, string>;
	readonly checked: Map<PropertyName, number>;
	/** Of packets that are not the first. */
	readonly asks: Set<Asked["kind"]>;
}

/** @returns why it ended before all was seen; `null`: all was */
function visitAll(
	queue: Node[],
	options: SearchOptions,
	found: Found,
): string | null {
	const { checked } = found;
	const seen = new Set(queue.map(keyOf));
	const check = (one: PropertyName) =>
		checked.set(one, (checked.get(one) ?? 0) + 1);
	try {
		for (const node of queue)
			for (const moved of movesOf(node, options, check)) {
				note(moved, found);
				if (moved.node === null) continue;
				const key = keyOf(moved.node);
				if (seen.has(key)) continue;
				seen.add(key);
				queue.push(moved.node);
			}
	} catch (error) {
		if (!(error instanceof BudgetError)) throw error;
		return error.message;
	}
	return null;
}

function note(
	{ shown, last, asks = [] }: Moved,
	{ candidates, unknown, asks: all }: Found,
): void {
	for (const one of asks) all.add(one);
	for (const { property, violated, why } of shown)
		if (violated === null) unknown.set(property, why);
		else {
			const list = candidates.get(property) ?? [];
			candidates.set(property, list);
			if (list.length < MOST_CANDIDATES)
				list.push({ node: last, violation: violated, why });
		}
}

function keyOf({
	situation,
	phase,
	sent,
	values,
	dead,
	gone,
	isForgotten,
	rules,
}: Node): string {
	const of = values === null ? "" : JSON.stringify(values);
	return `${situation.id} ${phase} ${sent?.key} ${dead && `dead ${[...dead].join()}`} ${gone?.how} ${gone?.times} ${isForgotten} ${rules} ${of}`;
}
