/**
 * What has to be true of a file of results before anything in it is believed: somebody may have
 * changed it, and whatever is not checked here would look like a bug of marktwin later, or like a
 * scenario that holds.
 */
import * as v from "valibot";
import {
	CHANCE_ENDS,
	type ChanceEnd,
} from "../../scenarios/compare/lockstep/chance-ends.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { DRIVER_KINDS } from "../../scenarios/result/driver-info.ts";
import type { Judgement } from "../../scenarios/result/result.ts";
import { accountSchema } from "./account-schema.ts";
import { fuzzSchema } from "./fuzz-schema.ts";
import { FORMAT, type resultsFile } from "./results-file.ts";
import type { SameShape } from "./same-shape.ts";

const text = v.string();
const number = v.number();
const texts = v.array(text);
const outcome = v.picklist(["holds", "violated", "unknown"]);
const driver = v.strictObject({
	kind: v.picklist(DRIVER_KINDS),
	name: text,
	version: text,
});
const seed = v.pipe(number, v.safeInteger(), v.minValue(0));
/** What it has to be is for the language of scenarios to say. */
const scenario = v.custom<PlayableScenario>(isObject, "must be a scenario");
/** It is judged anew, from the scenario's own. */
const expectation = v.custom<Judgement["expectation"]>(
	isObject,
	"must be an expectation",
);

const count = v.pipe(number, v.safeInteger(), v.minValue(1));
/** What is printed as a command is spelled here, whatever a file says. */
const invocation = v.strictObject({
	command: v.picklist(["run", "compare", "fuzz"]),
	names: texts,
	filter: v.exactOptional(text),
	seed: v.exactOptional(seed),
	runs: v.exactOptional(count),
	minutes: v.exactOptional(number),
	path: v.exactOptional(text),
	rules: v.exactOptional(v.array(v.strictObject({ name: text, file: text }))),
	on: v.exactOptional(v.picklist(["vm", "docker"])),
	with: v.exactOptional(v.literal("docker")),
	iptables: v.exactOptional(v.literal("nft")),
	kernel: v.exactOptional(text),
	maxMemory: v.exactOptional(count),
	maxSteps: v.exactOptional(count),
	maxTime: v.exactOptional(count),
});

/** More machines than that share no work; and one that is missing is a line on the screen. */
const MOST_SHARDS = 10_000;
const shardNumber = v.pipe(
	number,
	v.integer(),
	v.minValue(1),
	v.maxValue(MOST_SHARDS),
);

const unknown = v.nullable(
	v.strictObject({ rule: text, text, line: number, reason: text }),
);

const result = v.strictObject({
	scenario,
	driver,
	seed,
	outcome,
	unknown,
	judgements: v.array(
		v.strictObject({
			expectation,
			outcome,
			expected: text,
			seen: text,
			connections: v.array(number),
			concerned: number,
			rule: v.nullable(text),
			why: v.array(
				v.strictObject({
					connection: v.nullable(number),
					count: number,
					text,
					rule: v.nullable(
						v.strictObject({ place: text, file: text, line: number, text }),
					),
				}),
			),
		}),
	),
	account: accountSchema,
	replay: invocation,
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
const divergence = v.strictObject({
	kind,
	atMs: number,
	asked: text,
	model: texts,
	kernel: texts,
	rules: v.strictObject({ model: texts, kernel: texts }),
});
const comparison = v.strictObject({
	comparison: v.strictObject({
		scenario,
		seed,
		model: driver,
		kernel: driver,
		asks: number,
		packets: number,
		connections: v.exactOptional(number),
		draws: v.exactOptional(number),
		chance: v.exactOptional(
			v.picklist(Object.keys(CHANCE_ENDS) as readonly ChanceEnd[]),
		),
		divergences: v.array(divergence),
		unknown,
		result: v.nullable(result),
		replay: invocation,
	}),
	verdict: v.picklist(["agrees", "diverges", "unknown"]),
});

export const resultsSchema = v.strictObject({
	format: v.literal(FORMAT),
	outcome,
	commands: v.pipe(v.array(invocation), v.minLength(1)),
	shard: v.nullable(
		v.pipe(
			v.strictObject({ index: shardNumber, total: shardNumber }),
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
		v.strictObject({
			scenario,
			driver,
			seed,
			message: text,
			replay: invocation,
			cause: v.exactOptional(v.picklist(["input", "bug"])),
		}),
	),
	notPlayed: v.exactOptional(
		v.pipe(
			v.array(v.strictObject({ name: text, suite: text, title: text })),
			v.minLength(1),
		),
	),
	fuzz: v.exactOptional(fuzzSchema),
});

function isObject(value: unknown): boolean {
	return typeof value === "object" && value !== null;
}

// What is written has the form that is read: no key, and no word for an outcome, is in one alone.
true satisfies SameShape<
	ReturnType<typeof resultsFile>,
	v.InferOutput<typeof resultsSchema>
>;
