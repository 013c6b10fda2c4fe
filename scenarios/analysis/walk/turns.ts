/**
 * Counters as packets leave them. A walk takes every way, also two turns at once of counters that keep step: such a way
 * is none that a packet takes.
 */
import type { Decision, End } from "./decision.ts";

/** By the key of what is asked. */
type Counters = ReadonlyMap<string, number>;
type Fork = Extract<Decision, { readonly kind: "fork" }>;

/** Nodes that are visited for it. */
const MOST_VISITED = 20_000;

/**
 * All that packets of these ways come to, from the loaded counters on.
 * @returns `null`: they are too many
 */
export function turnsOf(decisions: readonly Decision[]): Turns | null {
	const start: Counters = new Map();
	const all = new Map([[textOf(start), start]]);
	let visited = 0;
	// A map is iterated in the order of insertion, also over what is added meanwhile.
	for (const counters of all.values())
		for (const decision of decisions) {
			const seen = new Map<Decision, Set<string>>();
			const visit = (one: Decision, now: Counters): void => {
				const text = textOf(now);
				const met = seen.get(one) ?? new Set();
				if (met.has(text) || ++visited > MOST_VISITED) return;
				seen.set(one, met.add(text));
				if (one.kind === "leaf") {
					if (!all.has(text)) all.set(text, now);
					return;
				}
				const { way, behind } = turned(one, now);
				for (const [index, next] of one.ways.entries())
					if (way === null || way === index) visit(next, behind);
			};
			visit(decision, counters);
			if (visited > MOST_VISITED) return null;
		}
	return [...all.values()];
}

export type Turns = readonly Counters[];

/**
 * Does a packet come to this end by its ways, at one of these counters? Of too many it is not known, and taken to be so.
 */
export function doesTake(
	decision: Decision,
	{ ways }: Pick<End, "ways">,
	turns: Turns | null,
): boolean {
	return turns === null || turns.some((one) => goes(decision, ways, one));
}

/** Is it asked for what this key is of on the ways to an end? */
export function isAskedOn(
	decision: Decision,
	{ ways }: Pick<End, "ways">,
	key: string,
): boolean {
	let at = decision;
	for (const way of ways) {
		if (at.kind === "leaf") return false;
		if (at.asked.key === key) return true;
		at = at.ways[way] as Decision;
	}
	return false;
}

function goes(
	decision: Decision,
	ways: readonly number[],
	counters: Counters,
): boolean {
	let at = decision;
	let now = counters;
	for (const way of ways) {
		if (at.kind === "leaf") break;
		const turn = turned(at, now);
		if (turn.way !== null && turn.way !== way) return false;
		now = turn.behind;
		at = at.ways[way] as Decision;
	}
	return true;
}

/** The way by which a counter sends a packet on, and the counters behind it; `null`: no counter does. */
function turned(
	{ asked }: Fork,
	counters: Counters,
): { readonly way: number | null; readonly behind: Counters } {
	if (asked.kind !== "turn") return { way: null, behind: counters };
	const { key, every, initial, inverted } = asked;
	const value = ((counters.get(key) ?? initial) + 1) % every;
	const behind = new Map(counters).set(key, value);
	return { way: (value === 0) !== inverted ? 1 : 0, behind };
}

function textOf(counters: Counters): string {
	return [...counters]
		.map((one) => one.join("="))
		.sort()
		.join("|");
}
