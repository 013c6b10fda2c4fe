/** Where a search is: a situation of the gateway, how far a connection is in it, and the steps that led there. */
import type { Operation } from "../../../../sim/contract/gateway.ts";
import type { Asked } from "../../walk/decision.ts";
import type { Arrival } from "../../walk/walker.ts";
import type { EventName, PropertyName } from "./events.ts";
import type { Explorer, Situation } from "./explorer.ts";
import type { Leaf } from "./leaves.ts";
import type { Sent } from "./segments.ts";
import type { Subject, Values } from "./subject.ts";

/** How far a connection is, as its client sees it. */
export type Phase =
	| "idle"
	| "opening"
	| "answered"
	| "open"
	| "closing"
	| "closing-both"
	| "closed";

export interface Node {
	readonly situation: Situation;
	readonly phase: Phase;
	/** Where its first packet went; `null`: to no backend, or there was none. */
	readonly sent: Sent | null;
	/** Values of conditions, while they stay as they are; `null`: not asked since. */
	readonly values: Values | null;
	/** Backends that are dead, whatever conditions say; `null`: those that conditions say. */
	readonly dead: ReadonlySet<string> | null;
	/** Its backend has died or was removed, and its client has spoken so often since; `null`: it is there. */
	readonly gone: {
		readonly how: "dead" | "removed";
		readonly times: number;
	} | null;
	/** Conditions are as they are behind a load; what the checker wrote is lost. */
	readonly isForgotten: boolean;
	/** `doubled`: the same rules stand behind those that were there. */
	readonly rules: "loaded" | "flushed" | "doubled";
	/** The connection table has taken as many as it may. */
	readonly isFull: boolean;
	/** How this node was reached; `null`: it is the beginning. */
	readonly from: { readonly node: Node; readonly step: PathStep } | null;
	readonly depth: number;
}

export type PathStep =
	| {
			readonly kind: "packet";
			readonly words: string;
			readonly arrival: Arrival;
			readonly leaf: Leaf;
			/** Values that conditions have to have; left out are any. */
			readonly values: Values;
			/** What was written into conditions before a load forgot it. */
			readonly believed?: Values;
	  }
	| {
			readonly kind: "race";
			readonly words: string;
			readonly arrivals: readonly [Arrival, Arrival];
			/** Of each. */
			readonly leaves: readonly [Leaf, Leaf];
			readonly values: Values;
	  }
	| {
			readonly kind: "operate";
			readonly words: string;
			readonly operations: readonly Operation[];
	  }
	| { readonly kind: "wait"; readonly words: string; readonly ms: number };

/** What a step has shown. */
export interface Shown {
	readonly property: PropertyName;
	/** `null`: it is not known whether it is violated. */
	readonly violated: Violation | null;
	readonly why: string;
}

/** What is to be seen of the last packet of a path, for a scenario to expect. */
type Violation =
	| { readonly kind: "reach"; readonly backends: readonly string[] }
	| { readonly kind: "avoid"; readonly backends: readonly string[] }
	| { readonly kind: "untranslated" }
	/** No answer came back to the client. */
	| { readonly kind: "unanswered" }
	/** It went to this backend with the client's own source, which the backend answers past the gateway. */
	| { readonly kind: "past"; readonly backend: string };

/** A violation that was found, and the way to it. */
export interface Candidate {
	readonly node: Node;
	readonly violation: Violation;
	readonly why: string;
}

/** What a step leads to, and what it shows. */
export interface Moved {
	/** `null`: nothing is to be seen behind it. */
	readonly node: Node | null;
	readonly shown: readonly Shown[];
	/** The node that a candidate ends with. */
	readonly last: Node;
	/** What a packet that is not the first asks about. */
	readonly asks?: readonly Asked["kind"][];
}

export interface SearchOptions {
	readonly subject: Subject;
	readonly explorer: Explorer;
	readonly events: ReadonlySet<EventName>;
	/** A client may speak to a dead backend for so long, ms. */
	readonly limitMs: number;
	/** Hears of each event that happens. */
	readonly happens: (event: EventName) => void;
	/** Later packets ask conditions: their values belong to the state. */
	readonly keepsValues: boolean;
	readonly operations: Operations;
}

/** What administrators do, each as one event. */
export interface Operations {
	readonly reload: readonly Operation[];
	readonly noflush: readonly Operation[];
	readonly edit: readonly Operation[];
	readonly flush: readonly Operation[];
	/** Conntrack entries of the client. */
	readonly evict: readonly Operation[];
}

/** The steps from the beginning to a node. */
export function pathTo(node: Node): readonly PathStep[] {
	const steps: PathStep[] = [];
	for (let at = node; at.from !== null; at = at.from.node)
		steps.push(at.from.step);
	return steps.reverse();
}

/** The node behind a step. */
export function after(
	node: Node,
	step: PathStep,
	changed: Partial<Node>,
): Node {
	return {
		...node,
		...changed,
		from: { node, step },
		depth: node.depth + 1,
	};
}
