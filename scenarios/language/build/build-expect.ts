/**
 * Builders of expectations about connections. Each takes what it is about and, last, which
 * connections it means and why it is expected:
 *
 *     order(["b1", "b2", "b1"], { step: "first", because: "every second packet matches" })
 */
import * as v from "valibot";
import type {
	ConnectionFilter,
	CountedOutcome,
	Expectation,
} from "../scenario.ts";
import { type Count, count, limits } from "../schema/count.ts";
import { milliseconds, record, text, whole } from "../schema/schema.ts";
import {
	backendsInOrder,
	gatewayAnswer,
	outcome as someOutcome,
} from "../schema/schema-scenario.ts";
import { MOST_CONNECTIONS } from "../schema/schema-steps.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** Which connections (all of them when nothing is given), and the reason for the report. @public */
export interface SelectionOptions extends ConnectionFilter {
	readonly because?: string;
}

export const WHICH = {
	step: text,
	fromMs: milliseconds,
	toMs: milliseconds,
	client: text,
	service: text,
	because: text,
};
export const which = options<SelectionOptions>(WHICH);

const orderArguments = v.object({
	backends: backendsInOrder,
	options: which,
});

/** Exactly these backends, in the order of the connections' first SYNs; `null` where none is reached. @public */
export function order(
	backends: readonly (string | null)[],
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"order",
		orderArguments,
		{ backends, options: which },
		surplus,
	);
	return { kind: "order", ...taken(which), backends };
}

const patternArguments = v.object({
	backends: backendsInOrder,
	connections: whole(1, MOST_CONNECTIONS),
	options: which,
});

/** `order` for a pattern that comes again and again: `pattern(["b1", "b2"], 10)` is b1 b2 b1 … @public */
export function pattern(
	backends: readonly (string | null)[],
	connections: number,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"pattern",
		patternArguments,
		{
			backends,
			connections,
			options: which,
		},
		surplus,
	);
	const all = Array.from(
		{ length: connections },
		(_, index) => backends[index % backends.length] ?? null,
	);
	return order(all, which);
}

const avoidedArguments = v.object({ backend: text, options: which });

/** No packet of these connections meets the backend. @public */
export function avoided(
	backend: string,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"avoided",
		avoidedArguments,
		{ backend, options: which },
		surplus,
	);
	return { kind: "avoided", ...taken(which), backend };
}

/** Why, for expectations of which there is nothing more to say. @public */
export interface ReasonOptions {
	readonly because?: string;
}

const why = options<ReasonOptions>({ because: text });

/** What a failover gap is about, and why it is expected. @public */
export interface FailoverGapOptions extends ReasonOptions {
	/** Name of the service whose connections count; left out: those to all services. */
	readonly service?: string;
}

const failoverGapArguments = v.object({
	backend: text,
	atMostMs: milliseconds,
	options: options<FailoverGapOptions>({ because: text, service: text }),
});

/** From each failure of the backend until new connections are served elsewhere, with none lost after that. @public */
export function failoverGapAtMost(
	backend: string,
	atMostMs: number,
	options: FailoverGapOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"failoverGapAtMost",
		failoverGapArguments,
		{
			backend,
			atMostMs,
			options,
		},
		surplus,
	);
	const { because = "", service } = options;
	return {
		kind: "failover-gap",
		because,
		backend,
		atMostMs,
		...(service === undefined ? {} : { service }),
	};
}

const abandonedArguments = v.object({
	backend: text,
	withinMs: milliseconds,
	options: which,
});

/**
 * From so long after each failure of the backend on, no packet of these connections goes to it: `abandonedWithin("b1",
 * 5_000)`. A stale conntrack entry would keep sending them.
 * @public
 */
export function abandonedWithin(
	backend: string,
	withinMs: number,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"abandonedWithin",
		abandonedArguments,
		{ backend, withinMs, options: which },
		surplus,
	);
	return { kind: "abandoned", ...taken(which), backend, withinMs };
}

const affinityArguments = v.object({ options: which });

/** All packets of each connection meet one backend. @public */
export function affinity(
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("affinity", affinityArguments, { options: which }, surplus);
	return { kind: "affinity", ...taken(which) };
}

const movedArguments = v.object({ count, options: which });

/** So many connections have packets that met more than one backend. @public */
export function moved(
	count: Count,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("moved", movedArguments, { count, options: which }, surplus);
	return { kind: "moved", ...taken(which), ...limits(count) };
}

const outcomesArguments = v.object({
	outcome: someOutcome,
	count,
	options: which,
});

/** So many connections ended so. @public */
export function outcomes(
	outcome: CountedOutcome,
	count: Count,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"outcomes",
		outcomesArguments,
		{
			outcome,
			count,
			options: which,
		},
		surplus,
	);
	return { kind: "outcomes", ...taken(which), outcome, ...limits(count) };
}

const gatewayAnsweredArguments = v.object({
	answer: gatewayAnswer,
	count,
	options: which,
});

/** The gateway itself said this (`rst`, `icmp host-unreachable`, `*` for anything) to so many connections. @public */
export function gatewayAnswered(
	answer: string,
	count: Count,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"gatewayAnswered",
		gatewayAnsweredArguments,
		{
			answer,
			count,
			options: which,
		},
		surplus,
	);
	return {
		kind: "gateway-answered",
		...taken(which),
		answer,
		...limits(count),
	};
}

const countsAgreeArguments = v.object({
	addresses: record(text),
	options: why,
});

/** Clients, rules and servers count the same connections: `countsAgree({ b1: "192.168.0.1" })`. @public */
export function countsAgree(
	addresses: Readonly<Record<string, string>>,
	options: ReasonOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"countsAgree",
		countsAgreeArguments,
		{ addresses, options },
		surplus,
	);
	return { kind: "counts-agree", because: options.because ?? "", addresses };
}

const mailKeptArguments = v.object({ options: why });

/** No message is lost that was accepted. @public */
export function mailKept(
	options: ReasonOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("mailKept", mailKeptArguments, { options }, surplus);
	return { kind: "mail-kept", because: options.because ?? "" };
}

/** What an expectation keeps of it. */
export function taken({ because = "", ...of }: SelectionOptions) {
	return { because, of };
}
