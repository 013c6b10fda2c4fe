/** The split of a decision: which method can be had, and what it comes to. */
import {
	compareRationals,
	type Rational,
	rational,
	ZERO,
} from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { alternativesOf, extremesOf } from "./alternatives.ts";
import { chanceShares } from "./chance-orbit.ts";
import {
	type Conditions,
	type Graph,
	graphOf,
	type KeyOf,
	reachableKeys,
} from "./graph.ts";
import { deviationsOf, MOST_CONNECTIONS, orbitOf } from "./orbit.ts";
import {
	bounds,
	countersStandAtOneNode,
	keyRates,
	periodOf,
	rates,
} from "./rates.ts";
import type { Deviation, Share, Split } from "./split.ts";

/** What a split is asked for. */
export interface SplitOptions {
	readonly keyOf: KeyOf;
	readonly conditions: Conditions;
}

/** Of a graph; lists go by its keys. */
interface Measured {
	readonly method: Split["method"];
	readonly shares: readonly Share[];
	readonly period: bigint | null;
	readonly deviations: readonly Deviation[] | null;
	readonly noDeviation: string | null;
}

const NO_DEVIATION: Deviation = { anyWindow: ZERO, sinceLoad: ZERO };

/**
 * What each end of a decision gets of all connections, if nothing else moves its counters.
 * @example splitOf(decision, { keyOf: (end) => end.fate.kind, conditions: new Map([["b1", 1]]) })
 */
export function splitOf(
	decision: Decision,
	{ keyOf, conditions }: SplitOptions,
): Split {
	const graph = graphOf([{ decision, keyOf }], conditions);
	const { method, shares, period, deviations, noDeviation } = measure(graph);
	const parts = reachableKeys(decision, keyOf).map((key) => {
		const index = graph.keys.indexOf(key);
		const unused = deviations === null ? null : NO_DEVIATION;
		return {
			key,
			share: shares[index] ?? exactly(ZERO),
			deviation: deviations?.[index] ?? unused,
		};
	});
	return {
		method,
		parts,
		period,
		byChance: graph.nodes.some((node) => node.kind === "chance"),
		noDeviation,
		best: bestDeviation(parts.map((part) => part.share)),
	};
}

function measure(graph: Graph): Measured {
	const unbounded = whyUnbounded(graph);
	if (countersStandAtOneNode(graph))
		return unbounded === null
			? byRates(graph)
			: withoutDeviation("rates", sharesByRates(graph), unbounded);
	if (unbounded === null) return byOrbit(graph);
	const shares =
		openOn(graph) === null ? sharesByChance(graph) : sharesByCircles(graph);
	return typeof shares === "string"
		? notMeasured(graph, shares)
		: withoutDeviation("orbit", shares, unbounded);
}

/** Nothing but counters decides, and each stands at one node. */
function byRates(graph: Graph): Measured {
	const rate = rates(graph, rootOf(graph));
	const shares = keyRates(graph, rate);
	const period = periodOf(graph, rate);
	return period <= MOST_CONNECTIONS
		? withDeviations(graph, { method: "rates", shares, period })
		: {
				method: "rates",
				shares: shares.map(exactly),
				period,
				deviations: null,
				noDeviation: `the counters come back after ${grouped(period)} connections, of which at most ${grouped(MOST_CONNECTIONS)} are walked`,
			};
}

/** Nothing but counters decides. */
function byOrbit(graph: Graph): Measured {
	const orbit = orbitOf(graph, rootOf(graph));
	if (orbit === null)
		return notMeasured(
			graph,
			`more than ${grouped(MOST_CONNECTIONS)} states of counters that stand at several places`,
		);
	const { period, length, counts } = orbit;
	const shares = counts.map((count) => rational(count, period));
	return withDeviations(
		graph,
		{ method: "orbit", shares, period: BigInt(period) },
		length,
	);
}

interface Cyclic {
	readonly method: "rates" | "orbit";
	readonly shares: readonly Rational[];
	readonly period: bigint;
}

/** @param length connections after which everything has been seen; the period, where the loaded state comes back */
function withDeviations(
	graph: Graph,
	{ method, shares, period }: Cyclic,
	length = Number(period),
): Measured {
	const deviations = deviationsOf(graph, rootOf(graph), { length, shares });
	return {
		method,
		shares: shares.map(exactly),
		period,
		deviations,
		noDeviation: null,
	};
}

function sharesByRates(graph: Graph): readonly Share[] {
	const root = rootOf(graph);
	const open = openOn(graph);
	if (open === null) return keyRates(graph, rates(graph, root)).map(exactly);
	return bounds(graph, root).map(({ least, greatest }) =>
		between(least, greatest, graph),
	);
}

/** Draws and counters decide. */
function sharesByChance(graph: Graph): readonly Share[] | string {
	const found = chanceShares(graph);
	return typeof found === "string" ? found : found.map(exactly);
}

/** Something open chooses, and counters stand at several nodes. */
function sharesByCircles(graph: Graph): readonly Share[] | string {
	const open = openOn(graph) as string;
	const alternatives = alternativesOf(graph);
	if (typeof alternatives === "string")
		return `it depends on ${open}, counters stand at several places, and ${alternatives}`;
	return graph.keys.map((_, key): Share => {
		const found = extremesOf(alternatives, key, () => true);
		if (typeof found === "string") return { kind: "unknown", why: found };
		return between(found.least.share, found.greatest.share, graph);
	});
}

function between(least: Rational, greatest: Rational, graph: Graph): Share {
	if (compareRationals(least, greatest) === 0) return exactly(least);
	const isUnknown = graph.nodes.some(
		(node) => node.kind === "open" && node.isUnknown,
	);
	const on = openOn(graph) as string;
	return { kind: "interval", least, greatest, on, isUnknown };
}

function withoutDeviation(
	method: "rates" | "orbit",
	shares: readonly Share[],
	noDeviation: string,
): Measured {
	return { method, shares, period: null, deviations: null, noDeviation };
}

function notMeasured({ keys }: Graph, why: string): Measured {
	return {
		method: "none",
		shares: keys.map(() => ({ kind: "unknown", why })),
		period: null,
		deviations: null,
		noDeviation: why,
	};
}

/** Why no bound holds for any window, where something other than counters has a part. */
function whyUnbounded(graph: Graph): string | null {
	const open = openOn(graph);
	if (open !== null) return `it depends on ${open}`;
	const by = graph.nodes.flatMap((node) =>
		node.kind === "chance" ? [node.by] : [],
	);
	if (by.includes("draw")) return "draws have a part";
	return by.includes("hash") ? "it depends on the addresses of clients" : null;
}

/** What open nodes depend on: `the rate of packets`. */
function openOn({ nodes }: Graph): string | null {
	const on = new Set(
		nodes.flatMap((node) => (node.kind === "open" ? [node.on] : [])),
	);
	return on.size === 0 ? null : [...on].join(" and ");
}

/** Tijdeman 1980, "The chairman assignment problem": for ends that get any connections. */
function bestDeviation(shares: readonly Share[]): Rational | null {
	if (shares.some((share) => share.kind === "unknown")) return null;
	const used = shares.filter((share) =>
		share.kind === "exact"
			? share.value.numerator > 0n
			: share.kind === "interval" && share.greatest.numerator > 0n,
	).length;
	return used < 2 ? ZERO : rational(2 * used - 3, 2 * used - 2);
}

function rootOf({ roots }: Graph): number {
	return roots[0] as number;
}

function exactly(value: Rational): Share {
	return { kind: "exact", value };
}

const grouped = (value: number | bigint) => value.toLocaleString("en-US");
