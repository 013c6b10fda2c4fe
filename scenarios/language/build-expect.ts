/**
 * Builders of expectations. Each takes what it is about and, last, which connections it means and
 * why it is expected:
 *
 *     order(["b1", "b2", "b1"], { step: "first", because: "every second packet matches" })
 */
import type { ConntrackFilter } from "../../sim/gateway/gateway.ts";
import type {
	ConnectionFilter,
	CountedOutcome,
	Expectation,
} from "./scenario.ts";

/** Which connections (all of them when nothing is given), and the reason for the report. */
export interface Which extends ConnectionFilter {
	readonly because?: string;
}

/** Why, for expectations that are not about connections; and when: the label of an `observe` step. */
export interface When {
	readonly because?: string;
	/** The end when left out. */
	readonly at?: string;
}

/** A number, or bounds of which either may be left out. */
export type Count =
	| number
	| { readonly atLeast?: number; readonly atMost?: number };

/** Exactly these backends, in the order of the connections' first SYNs; `null` where none is reached. */
export function order(
	backends: readonly (string | null)[],
	which: Which = {},
): Expectation {
	return { kind: "order", ...taken(which), backends };
}

/** `order` for a pattern that comes again and again: `pattern(["b1", "b2"], 10)` is b1 b2 b1 … */
export function pattern(
	backends: readonly (string | null)[],
	connections: number,
	which: Which = {},
): Expectation {
	const all = Array.from(
		{ length: connections },
		(_, index) => backends[index % backends.length] ?? null,
	);
	return order(all, which);
}

/** As even among these backends as whole numbers allow. */
export function evenSplit(
	backends: readonly string[],
	which: Which = {},
): Expectation {
	return split(Object.fromEntries(backends.map((name) => [name, 1])), {
		...which,
		exact: true,
	});
}

/**
 * Shares by weight: `exact`, or with an absolute `tolerance`, or (for chance) with a `confidence`:
 * a right ruleset is then found wrong in at most `1 - confidence` of all runs. 0.999 when nothing is said.
 */
export function split(
	weights: Readonly<Record<string, number>>,
	which: Which & {
		readonly exact?: true;
		readonly tolerance?: number;
		readonly confidence?: number;
	} = {},
): Expectation {
	const { exact, tolerance, confidence = 0.999, ...rest } = which;
	return {
		kind: "split",
		...taken(rest),
		weights,
		within: exact
			? { kind: "exact" }
			: tolerance !== undefined
				? { kind: "tolerance", tolerance }
				: { kind: "confidence", confidence },
	};
}

/** No packet of these connections meets the backend. */
export function avoided(backend: string, which: Which = {}): Expectation {
	return { kind: "avoided", ...taken(which), backend };
}

/** From each failure of the backend until new connections are served elsewhere, with none lost after that. */
export function failoverGapAtMost(
	backend: string,
	atMostMs: number,
	{ because = "" }: { readonly because?: string } = {},
): Expectation {
	return { kind: "failover-gap", because, backend, atMostMs };
}

/** All packets of each connection meet one backend. */
export function affinity(which: Which = {}): Expectation {
	return { kind: "affinity", ...taken(which) };
}

/** So many connections have packets that met more than one backend. */
export function moved(count: Count, which: Which = {}): Expectation {
	return { kind: "moved", ...taken(which), ...bounds(count) };
}

/** So many connections ended so. */
export function outcomes(
	outcome: CountedOutcome,
	count: Count,
	which: Which = {},
): Expectation {
	return { kind: "outcomes", ...taken(which), outcome, ...bounds(count) };
}

/** The box itself said this (`rst`, `icmp host-unreachable`, `*` for anything) to so many connections. */
export function gatewayAnswered(
	answer: string,
	count: Count,
	which: Which = {},
): Expectation {
	return {
		kind: "gateway-answered",
		...taken(which),
		answer,
		...bounds(count),
	};
}

/**
 * These packets came out of the interface, in this order, in one-line notation with `*` for
 * anything. Others may come between them unless `exactly` is set; an empty list is then silence.
 */
export function packetsOut(
	name: string,
	packets: readonly string[],
	when: {
		readonly because?: string;
		readonly fromMs?: number;
		readonly toMs?: number;
		readonly exactly?: boolean;
	} = {},
): Expectation {
	return {
		kind: "packets-out",
		because: when.because ?? "",
		interface: name,
		fromMs: when.fromMs ?? 0,
		toMs: when.toMs ?? Number.MAX_SAFE_INTEGER,
		packets,
		exactly: when.exactly ?? false,
	};
}

/** So many conntrack entries fit the filter, and what more is said of them. */
export function conntrack(
	filter: ConntrackFilter,
	count: Count,
	when: When & {
		readonly assured?: boolean;
		readonly unreplied?: boolean;
		readonly timeoutS?: number;
	} = {},
): Expectation {
	const { because = "", at = "", ...more } = when;
	return {
		kind: "conntrack",
		because,
		at,
		filter,
		...bounds(count),
		...more,
	};
}

/** The rule (`mangle:MAILMARK:rule:2`) or policy (`filter:INPUT:policy`) has counted so many packets. */
export function counter(
	rule: string,
	packets: number,
	{ because = "", at = "" }: When = {},
): Expectation {
	return { kind: "counter", because, at, rule, packets };
}

/** What `/proc/net/nf_condition/NAME` holds; `null`: there is no such file. */
export function conditionIs(
	name: string,
	value: 0 | 1 | null,
	{ because = "", at = "" }: When = {},
): Expectation {
	return { kind: "condition", because, at, name, value };
}

/** Clients, rules and servers count the same connections: `countsAgree({ b1: "192.168.0.1" })`. */
export function countsAgree(
	addresses: Readonly<Record<string, string>>,
	{ because = "" }: { readonly because?: string } = {},
): Expectation {
	return { kind: "counts-agree", because, addresses };
}

/** No message is lost that was accepted. */
export function mailKept({
	because = "",
}: {
	readonly because?: string;
} = {}): Expectation {
	return { kind: "mail-kept", because };
}

/** The operation of the step with this label fails and says this, or something around it. */
export function operationFails(
	step: string,
	message: string,
	{ because = "" }: { readonly because?: string } = {},
): Expectation {
	return { kind: "operation", because, step, ok: false, message };
}

export function operationSucceeds(
	step: string,
	{ because = "" }: { readonly because?: string } = {},
): Expectation {
	return { kind: "operation", because, step, ok: true, message: "" };
}

function taken({ because = "", ...of }: Which) {
	return { because, of };
}

function bounds(count: Count): { atLeast: number; atMost: number } {
	if (typeof count === "number") return { atLeast: count, atMost: count };
	return {
		atLeast: count.atLeast ?? 0,
		atMost: count.atMost ?? Number.MAX_SAFE_INTEGER,
	};
}
