/** Builders of expectations about what the gateway shows of itself: packets, entries, counters, commands. */
import * as v from "valibot";
import type { ConntrackFilter } from "../../../sim/contract/gateway.ts";
import type { Expectation } from "../scenario.ts";
import { type Count, count, limits } from "../schema/count.ts";
import {
	list,
	milliseconds,
	count as someNumber,
	text,
	untilMs,
	yesNo,
} from "../schema/schema.ts";
import { conntrackFilter } from "../schema/schema-gateway.ts";
import { conditionValue, exitCode } from "../schema/schema-scenario.ts";
import type { ReasonOptions } from "./build-expect.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** Why, for expectations that are not about connections; and when: the label of an `observe` step. @public */
export interface ObservationOptions extends ReasonOptions {
	/** The end when left out. */
	readonly at?: string;
}

const WHEN = { because: text, at: text };
const when = options<ObservationOptions>(WHEN);

/**
 * Options of `packetsOut` and `packetsPast`: the time from (inclusive) and to (exclusive), in ms, and
 * whether no other packets are allowed between those that are named.
 * @public
 */
export interface PacketsOptions extends ReasonOptions {
	readonly fromMs?: number;
	readonly toMs?: number;
	readonly exactly?: boolean;
}

const packetsArguments = v.object({
	name: text,
	packets: list(text),
	options: options<PacketsOptions>({
		because: text,
		fromMs: milliseconds,
		toMs: untilMs,
		exactly: yesNo,
	}),
});

/**
 * These packets came out of the interface, in this order, in one-line notation with `*` for
 * anything. Others may come between them unless `exactly` is set; an empty list is then silence.
 * @public
 */
export function packetsOut(
	name: string,
	packets: readonly string[],
	when: PacketsOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"packetsOut",
		packetsArguments,
		{
			name,
			packets,
			options: when,
		},
		surplus,
	);
	return { kind: "packets-out", ...somePackets(name, packets, when) };
}

/**
 * These packets went from host to host on the link of this interface, past the gateway: a server's
 * answer to a client beside it, say. Written as for `packetsOut`.
 * @public
 */
export function packetsPast(
	name: string,
	packets: readonly string[],
	when: PacketsOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"packetsPast",
		packetsArguments,
		{
			name,
			packets,
			options: when,
		},
		surplus,
	);
	return { kind: "packets-past", ...somePackets(name, packets, when) };
}

/** Options of `packetsCounted`: by which interface, and when, from (inclusive) and to (exclusive), in ms. @public */
export interface PacketsCountedOptions extends ReasonOptions {
	readonly interface?: string;
	readonly fromMs?: number;
	readonly toMs?: number;
}

const packetsCountedArguments = v.object({
	packets: list(text),
	count,
	options: options<PacketsCountedOptions>({
		because: text,
		interface: text,
		fromMs: milliseconds,
		toMs: untilMs,
	}),
});

/**
 * So many packets came out that fit one of these, in one-line notation with `*` for anything.
 * @example packetsCounted(["tcp * > 192.168.0.1:25 S *"], 0, { fromMs: 1000 })
 * @public
 */
export function packetsCounted(
	packets: readonly string[],
	count: Count,
	when: PacketsCountedOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"packetsCounted",
		packetsCountedArguments,
		{ packets, count, options: when },
		surplus,
	);
	return {
		kind: "packets-counted",
		because: when.because ?? "",
		interface: when.interface ?? null,
		fromMs: when.fromMs ?? 0,
		toMs: when.toMs ?? Number.MAX_SAFE_INTEGER,
		packets,
		...limits(count),
	};
}

function somePackets(
	name: string,
	packets: readonly string[],
	when: PacketsOptions,
) {
	return {
		because: when.because ?? "",
		interface: name,
		fromMs: when.fromMs ?? 0,
		toMs: when.toMs ?? Number.MAX_SAFE_INTEGER,
		packets,
		exactly: when.exactly ?? false,
	};
}

/** What more is said of the entries. @public */
export interface EntryOptions extends ObservationOptions {
	readonly assured?: boolean;
	readonly unreplied?: boolean;
	readonly timeoutS?: number;
}

const conntrackArguments = v.object({
	filter: conntrackFilter,
	count,
	options: options<EntryOptions>({
		...WHEN,
		assured: yesNo,
		unreplied: yesNo,
		timeoutS: someNumber,
	}),
});

/** So many conntrack entries fit the filter, and what more is said of them. @public */
export function conntrack(
	filter: ConntrackFilter,
	count: Count,
	when: EntryOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"conntrack",
		conntrackArguments,
		{
			filter,
			count,
			options: when,
		},
		surplus,
	);
	const { because = "", at = "", ...more } = when;
	return {
		kind: "conntrack",
		because,
		at,
		filter,
		...limits(count),
		...more,
	};
}

const counterArguments = v.object({
	rule: text,
	packets: someNumber,
	options: when,
});

/** The rule (`mangle:MAILMARK:rule:2`) or policy (`filter:INPUT:policy`) has counted so many packets. @public */
export function counter(
	rule: string,
	packets: number,
	when: ObservationOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"counter",
		counterArguments,
		{ rule, packets, options: when },
		surplus,
	);
	const { because = "", at = "" } = when;
	return { kind: "counter", because, at, rule, packets };
}

const conditionArguments = v.object({
	name: text,
	value: conditionValue,
	options: when,
});

/** What `/proc/net/nf_condition/NAME` holds; `null`: there is no such file. @public */
export function conditionIs(
	name: string,
	value: 0 | 1 | null,
	when: ObservationOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"conditionIs",
		conditionArguments,
		{
			name,
			value,
			options: when,
		},
		surplus,
	);
	const { because = "", at = "" } = when;
	return { kind: "condition", because, at, name, value };
}

const why = options<ReasonOptions>({ because: text });
/** Options of `operationFails`. @public */
export interface FailsOptions extends ReasonOptions {
	/**
	 * What iptables or iptables-restore ends with: 2 where it does not understand a line, 1 where a command fails, 1
	 * or 4 where the kernel refuses a rule. Left out: any.
	 */
	readonly exitCode?: number;
}

const failsArguments = v.object({
	step: text,
	message: text,
	options: options<FailsOptions>({ because: text, exitCode }),
});

/** The operation of the step with this label fails and says this, or something around it. @public */
export function operationFails(
	step: string,
	message: string,
	options: FailsOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"operationFails",
		failsArguments,
		{ step, message, options },
		surplus,
	);
	const { because = "", exitCode } = options;
	return {
		kind: "operation",
		because,
		step,
		ok: false,
		message,
		...(exitCode === undefined ? {} : { exitCode }),
	};
}

const succeedsArguments = v.object({ step: text, options: why });

/** The operation of the step with this label succeeds. @public */
export function operationSucceeds(
	step: string,
	options: ReasonOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"operationSucceeds",
		succeedsArguments,
		{ step, options },
		surplus,
	);
	const { because = "" } = options;
	return { kind: "operation", because, step, ok: true, message: "" };
}
