/** The schema of a whole scenario file. Its parts about clients and backends are in `schema-world.ts`. */
import * as v from "valibot";
import {
	byKind,
	count,
	list,
	milliseconds,
	object,
	oneLine,
	oneOf,
	record,
	share,
	text,
	whole,
	yesNo,
} from "./schema.ts";
import {
	conntrackFilter,
	gatewaySetup,
	operationStep,
	worldEntries,
	worldSteps,
} from "./schema-world.ts";

const connectionFilter = object({
	step: v.exactOptional(text),
	fromMs: v.exactOptional(milliseconds),
	toMs: v.exactOptional(milliseconds),
	client: v.exactOptional(text),
});

const because = v.optional(text, "");
const aboutConnections = {
	because,
	of: v.optional(connectionFilter, {}),
};
const bounds = {
	atLeast: v.optional(count, 0),
	atMost: v.optional(count, Number.MAX_SAFE_INTEGER),
};
const moment = { because, at: v.optional(text, "") };

const expectation = byKind([
	object({
		kind: v.literal("order"),
		...aboutConnections,
		backends: list(v.nullable(text)),
	}),
	object({
		kind: v.literal("split"),
		...aboutConnections,
		weights: record(whole(0, 1_000_000)),
		within: byKind([
			object({ kind: v.literal("exact") }),
			object({ kind: v.literal("confidence"), confidence: share }),
			object({ kind: v.literal("tolerance"), tolerance: share }),
		]),
	}),
	object({ kind: v.literal("avoided"), ...aboutConnections, backend: text }),
	object({
		kind: v.literal("failover-gap"),
		because,
		backend: text,
		atMostMs: milliseconds,
	}),
	object({ kind: v.literal("affinity"), ...aboutConnections }),
	object({ kind: v.literal("moved"), ...aboutConnections, ...bounds }),
	object({
		kind: v.literal("outcomes"),
		...aboutConnections,
		outcome: oneOf([
			"completed",
			"open",
			"refused",
			"unreachable",
			"connect-timeout",
			"read-timeout",
			"reset",
			"cut-short",
			"no-port",
			"lost",
			"accepted",
		]),
		...bounds,
	}),
	object({
		kind: v.literal("gateway-answered"),
		...aboutConnections,
		answer: text,
		...bounds,
	}),
	object({
		kind: v.literal("packets-out"),
		because,
		interface: text,
		fromMs: v.optional(milliseconds, 0),
		toMs: v.optional(milliseconds, Number.MAX_SAFE_INTEGER),
		packets: list(text),
		exactly: v.optional(yesNo, false),
	}),
	object({
		kind: v.literal("conntrack"),
		...moment,
		filter: v.optional(conntrackFilter, {}),
		...bounds,
		assured: v.exactOptional(yesNo),
		unreplied: v.exactOptional(yesNo),
		timeoutS: v.exactOptional(count),
	}),
	object({
		kind: v.literal("counter"),
		...moment,
		rule: text,
		packets: count,
	}),
	object({
		kind: v.literal("condition"),
		...moment,
		name: text,
		value: v.nullable(
			v.picklist(
				[0, 1],
				(issue) =>
					`not ${issue.received}\nA condition is 0, 1, or null where there is none.`,
			),
		),
	}),
	object({
		kind: v.literal("counts-agree"),
		because,
		addresses: record(text),
	}),
	object({ kind: v.literal("mail-kept"), because }),
	object({
		kind: v.literal("operation"),
		because,
		step: text,
		ok: yesNo,
		message: v.optional(text, ""),
	}),
]);

const rulesetSource = v.union(
	[object({ file: text }), object({ name: text, text })],
	'names no ruleset\nWrite `{ file: "my.rules" }` or `{ name, text }`.',
);

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export const scenarioSchema = object({
	name: v.pipe(
		text,
		v.regex(
			NAME,
			(issue) =>
				`"${issue.input}" is no name for a scenario\nWrite it in lower case with hyphens: my-failover.`,
		),
	),
	suite: v.optional(text, "own"),
	title: oneLine,
	story: v.optional(oneLine, ""),
	trap: v.optional(v.nullable(oneLine), null),
	setup: object({
		...worldEntries,
		ruleset: rulesetSource,
		gateway: gatewaySetup,
		conditions: v.optional(record(text), {}),
		seed: v.optional(whole(0, Number.MAX_SAFE_INTEGER), 1),
	}),
	steps: list(byKind([...worldSteps, operationStep])),
	expect: list(expectation),
	endMs: milliseconds,
});
