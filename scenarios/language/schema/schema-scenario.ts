/** The schema of a whole scenario file. Its parts about clients and backends are in `schema-world.ts`. */
import * as v from "valibot";
import { nearest } from "../../../sim/edit-distance.ts";
import { CONNECTION_OUTCOMES } from "../../../sim/world/account/account.ts";
import { ANSWER_NAMES } from "../../../sim/world/account/answer-names.ts";
import type { Judgement } from "../../result/result.ts";
import type { PlayableScenario, Scenario } from "../scenario.ts";
import { matchesPattern } from "./match-pattern.ts";
import type { SameShape } from "./same-shape.ts";
import {
	byKind,
	confidence,
	count,
	list,
	milliseconds,
	namedText,
	object,
	oneLine,
	oneOf,
	record,
	share,
	text,
	untilMs,
	whole,
	yesNo,
} from "./schema.ts";
import {
	conditionWrite,
	conntrackFilter,
	gatewaySetup,
	operationStep,
	playableOperationStep,
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
const somePackets = {
	because,
	interface: text,
	fromMs: v.optional(milliseconds, 0),
	toMs: v.optional(untilMs, Number.MAX_SAFE_INTEGER),
	packets: list(text),
	exactly: v.optional(yesNo, false),
};
const moment = { because, at: v.optional(text, "") };

/** Of a right ruleset being found right, where nothing is said. */
export const USUAL_CONFIDENCE = 0.999;

export const outcome = oneOf([...CONNECTION_OUTCOMES, "lost", "accepted"]);

/** A name of an answer, or a pattern that fits one. */
export const gatewayAnswer = v.pipe(
	text,
	v.check(
		(given) => ANSWER_NAMES.some((name) => matchesPattern(name, given)),
		({ input }) => {
			const meant = nearest(input, ANSWER_NAMES);
			const hint = meant === null ? "" : `Did you mean \`${meant}\`? `;
			return `the gateway never answers "${input}"\n${hint}Write \`rst\`, \`syn/ack\`, an ICMP error such as \`icmp host-unreachable\`, or a pattern: \`icmp *\`, \`*\`.`;
		},
	),
);
/** Of none there is no order. */
export const backendsInOrder = v.pipe(
	list(v.nullable(text)),
	v.minLength(
		1,
		"names no backend: nothing could violate it\nName a backend for each connection, or `null` where none is met.",
	),
);
export const weights = record(whole(0, 1_000_000));
export const conditionValue = v.nullable(
	v.picklist(
		[0, 1],
		(issue) =>
			`not ${issue.received}\nA condition is 0, 1, or null where there is none.`,
	),
);

const expectations = [
	object({
		kind: v.literal("order"),
		...aboutConnections,
		backends: backendsInOrder,
	}),
	object({
		kind: v.literal("split"),
		...aboutConnections,
		weights,
		within: v.optional(
			byKind([
				object({ kind: v.literal("exact") }),
				object({ kind: v.literal("confidence"), confidence }),
				object({ kind: v.literal("tolerance"), tolerance: share }),
			]),
			{ kind: "confidence", confidence: USUAL_CONFIDENCE },
		),
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
		outcome,
		...bounds,
	}),
	object({
		kind: v.literal("gateway-answered"),
		...aboutConnections,
		answer: gatewayAnswer,
		...bounds,
	}),
	object({ kind: v.literal("packets-out"), ...somePackets }),
	object({ kind: v.literal("packets-past"), ...somePackets }),
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
		value: conditionValue,
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
] as const;

export const rulesetSource = v.union(
	[object({ file: text }), namedText],
	'names no ruleset\nWrite `{ file: "my.rules" }` or `{ name, text }`.',
);

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** @param ruleset of the setup @param operationSteps what they may load */
function scenarioWith<
	const Ruleset extends v.GenericSchema,
	const Operations extends typeof operationStep | typeof playableOperationStep,
>(ruleset: Ruleset, operationSteps: Operations) {
	return object({
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
			ruleset,
			gateway: gatewaySetup,
			conditions: v.optional(record(conditionWrite), {}),
			seed: v.optional(whole(0, Number.MAX_SAFE_INTEGER), 1),
		}),
		steps: list(byKind([...worldSteps, operationSteps])),
		expect: list(byKind(expectations)),
		endMs: milliseconds,
	});
}

/** A scenario as it is written. */
export const scenarioSchema = scenarioWith(rulesetSource, operationStep);

/** A scenario whose files have been read. */
export const playableSchema = scenarioWith(namedText, playableOperationStep);

/** What a judgement is about: an expectation of the scenario's, or the one that all of them have. */
export const judgedExpectation = v.variant("kind", [
	...expectations,
	object({ kind: v.literal("steps-succeed"), because: v.literal("") }),
]);

true satisfies SameShape<Scenario, v.InferOutput<typeof scenarioSchema>>;
true satisfies SameShape<
	PlayableScenario,
	v.InferOutput<typeof playableSchema>
>;
true satisfies SameShape<
	Judgement["expectation"],
	v.InferOutput<typeof judgedExpectation>
>;
