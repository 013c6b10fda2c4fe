/**
 * Breadth first over what may happen to one connection. A node is a situation of the gateway and how far client
 * and backend are; a step is a packet, time, or what an administrator does.
 */
import type { EventName, PropertyName } from "./events.ts";
import { movesOf } from "./moves.ts";
import type { Candidate, Node, SearchOptions } from "./node.ts";

export interface Searched {
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
	const options: SearchOptions = {
		...given,
		happens: (event) => happened.add(event),
	};
	const { explorer } = options;
	const start: Node = {
		situation: explorer.start,
		phase: "idle",
		sent: null,
		values: null,
		dead: null,
		isForgotten: false,
		rules: "loaded",
		from: null,
		depth: 0,
	};
	const seen = new Set<string>([keyOf(start)]);
	const candidates = new Map<PropertyName, Candidate[]>();
	const unknown = new Map<PropertyName, string>();
	const checked = new Map<PropertyName, number>();
	const queue: Node[] = [start];
	let depth = 0;
	let asksLater = false;
	let turnsLater = false;
	for (let at = 0; at < queue.length; at++) {
		const node = queue[at] as Node;
		depth = node.depth;
		for (const { node: next, shown, last, asks } of movesOf(
			node,
			options,
			(one) => checked.set(one, (checked.get(one) ?? 0) + 1),
		)) {
			asksLater ||= asks?.includes("condition") === true;
			turnsLater ||= asks?.includes("turn") === true;
			for (const { property, violated, why } of shown)
				if (violated === null) unknown.set(property, why);
				else {
					const list = candidates.get(property) ?? [];
					candidates.set(property, list);
					if (list.length < MOST_CANDIDATES)
						list.push({ node: last, violation: violated, why });
				}
			if (next === null) continue;
			const key = keyOf(next);
			if (seen.has(key)) continue;
			seen.add(key);
			queue.push(next);
		}
	}
	return {
		states: queue.length,
		depth,
		candidates,
		unknown,
		checked,
		asksLater,
		turnsLater,
		happened,
	};
}

function keyOf({
	situation,
	phase,
	sent,
	values,
	dead,
	isForgotten,
	rules,
}: Node): string {
	const of = values === null ? "" : JSON.stringify(values);
	return `${situation.id} ${phase} ${sent?.key} ${dead} ${isForgotten} ${rules} ${of}`;
}
