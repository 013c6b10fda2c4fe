/**
 * Rules that balance, as what they are to connections: steps, each with a counter or a draw, and what comes
 * where none of them matches. Found in the decision of a first packet, so it makes no difference in which
 * chains the rules stand, or whether they translate at once or set a mark.
 */
import { printRational } from "../../../../sim/rational.ts";
import type { Split } from "../../split/split.ts";
import { splitOf } from "../../split/split-of.ts";
import type { Asked, Decision, End } from "../../walk/decision.ts";
import type { Balancer } from "./balancers.ts";

export type Counted = Extract<Asked, { readonly kind: "turn" | "draw" }>;

/** A rule that takes a part of the connections. */
export interface Step {
	readonly asked: Counted;
	/** Where connections go that it takes. */
	readonly target: Leaf;
}

export interface Cascade {
	readonly balancer: Balancer;
	/**
	 * `first-match`: a connection that a step takes meets no later one. `last-writer`: each connection meets all
	 * steps, and the last that matches decides.
	 */
	readonly form: "first-match" | "last-writer";
	readonly steps: readonly Step[];
	/** What comes where no step matches. */
	readonly rest: Leaf;
	/** Of the connections that come to the first step, with all conditions alive. */
	readonly split: Split;
	/** All connections of the service come to the first step. */
	readonly isWhole: boolean;
}

interface Leaf {
	readonly kind: "leaf";
	readonly key: string;
	readonly end: End;
}

/** Equal nodes are one node. */
type Node =
	| Leaf
	| {
			readonly kind: "step";
			readonly asked: Counted;
			readonly decision: Decision;
			readonly match: Node;
			readonly rest: Node;
	  }
	| { readonly kind: "other"; readonly ways: readonly Node[] };

type StepNode = Extract<Node, { readonly kind: "step" }>;

const known = new WeakMap<Balancer, readonly Cascade[]>();

/** Those of a service with all conditions alive. [] where its rules have another form. */
export function cascadesOf(balancer: Balancer): readonly Cascade[] {
	const found = known.get(balancer) ?? findCascades(balancer);
	known.set(balancer, found);
	return found;
}

/** Counters and draws on which it depends where connections go, with all conditions alive. */
export function countedIn(balancer: Balancer): readonly Counted[] {
	const top = reduced(
		balancer.client.decision,
		balancer.keyOf,
		aliveConditions(balancer),
	);
	const found = new Map<string, Counted>();
	const seen = new Set<Node>();
	const visit = (node: Node): void => {
		if (node.kind === "leaf" || seen.has(node)) return;
		seen.add(node);
		if (node.kind === "step" && !found.has(node.asked.key))
			found.set(node.asked.key, node.asked);
		const ways = node.kind === "step" ? [node.match, node.rest] : node.ways;
		for (const way of ways) visit(way);
	};
	visit(top);
	return [...found.values()];
}

/** Values of conditions by name, with all backends alive. */
export function aliveConditions({
	client,
}: Balancer): ReadonlyMap<string, 0 | 1> {
	const [alive] = client.vectors;
	return new Map(Object.entries(alive?.conditions ?? {}));
}

function findCascades(balancer: Balancer): readonly Cascade[] {
	const conditions = aliveConditions(balancer);
	const { decision } = balancer.client;
	// Whether a backend is reached in the end may depend on what no cascade decides: a limit, a set, the hour.
	const keyOf = balancer.chosenAt;
	const top = reduced(decision, keyOf, conditions);
	return headsOf(top).flatMap((head): Cascade[] => {
		const found = firstMatch(head) ?? lastWriter(head);
		if (found === null) return [];
		const split = splitOf(head.decision, { keyOf, conditions });
		return [{ balancer, ...found, split, isWhole: head === top }];
	});
}

/** Counted nodes that no counted node leads to. */
function headsOf(top: Node): readonly StepNode[] {
	if (top.kind === "leaf") return [];
	if (top.kind === "step") return [top];
	return [...new Set(top.ways.flatMap(headsOf))];
}

/** The decision without conditions, and without what makes no difference to where connections go. */
function reduced(
	decision: Decision,
	keyOf: Balancer["keyOf"],
	conditions: ReadonlyMap<string, 0 | 1>,
): Node {
	const byDecision = new Map<Decision, Node>();
	const interned = new Map<string, Node>();
	const numbers = new Map<Node, number>();
	const intern = (text: string, make: () => Node): Node => {
		const node = interned.get(text) ?? make();
		interned.set(text, node);
		if (!numbers.has(node)) numbers.set(node, numbers.size);
		return node;
	};
	const textOf = (nodes: readonly Node[]) =>
		nodes.map((node) => numbers.get(node)).join(" ");
	const makeNode = (one: Decision): Node => {
		if (one.kind === "leaf") {
			const key = keyOf(one.end);
			return intern(`leaf ${key}`, () => ({ kind: "leaf", key, end: one.end }));
		}
		const { asked, ways } = one;
		const only = onlyWayOf(asked, conditions);
		if (only !== null) return visit(ways[only] as Decision);
		const nodes = ways.map(visit);
		const [rest, match] = nodes as [Node, Node];
		if (nodes.every((node) => node === rest)) return rest;
		if (asked.kind === "turn" || asked.kind === "draw")
			return intern(`${asked.key}: ${textOf(nodes)}`, () => ({
				kind: "step",
				asked,
				decision: one,
				match,
				rest,
			}));
		return intern(`other: ${textOf(nodes)}`, () => ({
			kind: "other",
			ways: nodes,
		}));
	};
	const visit = (one: Decision): Node => {
		const node = byDecision.get(one) ?? makeNode(one);
		byDecision.set(one, node);
		return node;
	};
	return visit(decision);
}

/** The way that is always taken; `null`: there are several. */
export function onlyWayOf(
	asked: Asked,
	conditions: ReadonlyMap<string, 0 | 1>,
): number | null {
	if (asked.kind === "condition") return conditions.get(asked.name) ?? 0;
	if (asked.kind === "turn" && asked.every === 1) return asked.inverted ? 0 : 1;
	if (asked.kind !== "draw") return null;
	const probability = printRational(asked.probability);
	return probability === "0" ? 0 : probability === "1" ? 1 : null;
}

type Form = Pick<Cascade, "form" | "steps" | "rest">;

function firstMatch(head: StepNode): Form | null {
	const steps: Step[] = [];
	let node: Node = head;
	while (node.kind === "step") {
		if (node.match.kind !== "leaf") return null;
		steps.push({ asked: node.asked, target: node.match });
		node = node.rest;
	}
	return node.kind === "leaf"
		? { form: "first-match", steps, rest: node }
		: null;
}

function lastWriter(head: StepNode): Form | null {
	const path: StepNode[] = [];
	let node: Node = head;
	while (node.kind === "step") {
		path.push(node);
		node = node.rest;
	}
	if (node.kind !== "leaf") return null;
	const rest = node;
	const steps: Step[] = [];
	for (const { asked, match } of path) {
		const target = followRest(match);
		if (target === null) return null;
		steps.push({ asked, target });
	}
	return isLastWriter(head, steps, rest)
		? { form: "last-writer", steps, rest }
		: null;
}

function followRest(from: Node): Leaf | null {
	let node = from;
	while (node.kind === "step") node = node.rest;
	return node.kind === "leaf" ? node : null;
}

/** Every way asks all steps in their order, and ends where the last that matched leads. */
function isLastWriter(
	head: StepNode,
	steps: readonly Step[],
	rest: Leaf,
): boolean {
	const seen = new Set<string>();
	const numbers = new Map<Node, number>();
	const numberOf = (node: Node): number => {
		const number = numbers.get(node) ?? numbers.size;
		numbers.set(node, number);
		return number;
	};
	const holds = (node: Node, level: number, current: Leaf): boolean => {
		const step = steps[level];
		if (step === undefined) return node === current;
		if (node.kind !== "step" || node.asked.key !== step.asked.key) return false;
		const state = `${numberOf(node)} ${level} ${current.key}`;
		if (seen.has(state)) return true;
		seen.add(state);
		return (
			holds(node.match, level + 1, step.target) &&
			holds(node.rest, level + 1, current)
		);
	};
	return holds(head, 0, rest);
}
