/**
 * What has to be true of a file of results before anything in it is believed: somebody may have
 * changed it, and whatever is not checked here would look like a bug of marktwin later, or like a
 * scenario that holds.
 */
import * as v from "valibot";
import {
	CHANCE_ENDS,
	type ChanceEnd,
} from "../../scenarios/compare/chance-ends.ts";
import { fuzzSchema } from "./fuzz-schema.ts";

const text = v.string();
const number = v.number();
const texts = v.array(text);
const outcome = v.picklist(["holds", "violated", "unknown"]);
const driver = v.object({ name: text, version: text });
const seed = v.pipe(number, v.safeInteger(), v.minValue(0));
/** What it has to be is for the language of scenarios to say. */
const scenario = v.looseObject({});

/** More machines than that share no work; and one that is missing is a line on the screen. */
export const MOST_SHARDS = 10_000;
const shardNumber = v.pipe(
	number,
	v.integer(),
	v.minValue(1),
	v.maxValue(MOST_SHARDS),
);

const unknown = v.nullable(
	v.object({ rule: text, text, line: number, reason: text }),
);

const connection = v.object({
	id: v.pipe(number, v.safeInteger(), v.minValue(0)),
	step: text,
	client: text,
	sourcePort: number,
	startedMs: number,
	backend: v.nullable(text),
	met: texts,
	syns: number,
	retransmittedMs: v.array(number),
	connectedMs: v.nullable(number),
	greetedMs: v.nullable(number),
	endedMs: v.nullable(number),
	outcome: v.picklist([
		"completed",
		"open",
		"refused",
		"unreachable",
		"connect-timeout",
		"read-timeout",
		"reset",
		"cut-short",
		"no-port",
	]),
	accepted: v.boolean(),
	gatewayAnswers: texts,
	chance: v.exactOptional(v.picklist(["drew", "recalled", "unknown"])),
});

const happened = { atMs: number, backend: text };
const event = v.variant("kind", [
	v.object({ kind: v.literal("backend"), ...happened, behaviour: text }),
	v.object({ kind: v.literal("belief"), ...happened, alive: v.boolean() }),
	v.object({
		kind: v.literal("condition"),
		...{ atMs: number, name: text, write: text },
	}),
	v.object({
		kind: v.literal("probe"),
		...{ ...happened, ok: v.boolean(), reason: text },
	}),
]);

const moment = { label: text, atMs: number };

const account = v.object({
	connections: v.array(connection),
	events: v.array(event),
	packets: v.array(v.looseObject({})),
	observations: v.array(
		v.object({
			...moment,
			observation: v.object({
				ruleset: text,
				conntrack: v.array(v.looseObject({ text })),
				conditions: v.record(text, v.picklist([0, 1])),
			}),
		}),
	),
	operations: v.array(
		v.object({
			...{ ...moment, text },
			outcome: v.variant("ok", [
				v.object({ ok: v.literal(true), count: v.exactOptional(number) }),
				v.object({ ok: v.literal(false), message: text }),
			]),
		}),
	),
	unknown,
	endedMs: number,
});

const result = v.object({
	scenario,
	driver,
	seed,
	outcome,
	unknown,
	judgements: v.array(
		v.object({
			expectation: v.looseObject({}),
			outcome,
			expected: text,
			seen: text,
			connections: v.array(number),
			concerned: number,
			rule: v.nullable(text),
			why: v.array(
				v.object({
					connection: v.nullable(number),
					count: number,
					text,
					rule: v.nullable(
						v.object({ place: text, file: text, line: number, text }),
					),
				}),
			),
		}),
	),
	account,
	replay: text,
});

const kind = v.picklist([
	"packets",
	"operation",
	"ruleset",
	"conntrack",
	"conditions",
	"draws",
	"connections",
]);
const divergence = v.object({
	kind,
	atMs: number,
	asked: text,
	model: texts,
	kernel: texts,
	rules: v.object({ model: texts, kernel: texts }),
});
const comparison = v.object({
	comparison: v.object({
		...{ scenario, seed, model: driver, kernel: driver },
		...{ asks: number, packets: number },
		connections: v.exactOptional(number),
		draws: v.exactOptional(number),
		chance: v.exactOptional(
			v.picklist(Object.keys(CHANCE_ENDS) as readonly ChanceEnd[]),
		),
		divergences: v.array(divergence),
		unknown,
		result: v.nullable(result),
		replay: text,
	}),
	verdict: v.picklist(["agrees", "diverges", "unknown"]),
});

export const resultsSchema = v.object({
	outcome,
	command: text,
	shard: v.nullable(
		v.pipe(
			v.object({ index: shardNumber, total: shardNumber }),
			v.check(
				({ index, total }) => index <= total,
				"there are not so many shards",
			),
		),
	),
	seed: v.nullable(seed),
	results: v.array(result),
	comparisons: v.array(comparison),
	failures: v.array(
		v.object({
			...{ scenario, driver, seed, message: text, replay: text },
			cause: v.exactOptional(v.literal("input")),
		}),
	),
	fuzz: v.exactOptional(fuzzSchema),
});
