/**
 * What has to be true of a file of results before anything in it is believed: it may have been changed,
 * and what is not checked here would look like a bug of marktwin later, or like a scenario that holds.
 *
 * The types of what `--json` writes are inferred from it (`results-file.ts`), and those that a play and
 * a comparison leave are held against it below.
 */
import * as v from "valibot";
import {
	CHANCE_ENDS,
	type ChanceEnd,
} from "../../scenarios/compare/lockstep/chance-ends.ts";
import type { Divergence } from "../../scenarios/compare/lockstep/divergence.ts";
import type { JudgedComparison } from "../../scenarios/compare/verdict.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import {
	data,
	listOf,
	number,
	text,
	texts,
} from "../../scenarios/language/schema/plain.ts";
import type { SameShape } from "../../scenarios/language/schema/same-shape.ts";
import {
	judgedExpectation,
	playableSchema,
} from "../../scenarios/language/schema/schema-scenario.ts";
import { DRIVER_KINDS } from "../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../scenarios/result/invocation.ts";
import type { Judgement, RunResult } from "../../scenarios/result/result.ts";
import { accountSchema, unknownSchema } from "./account-schema.ts";
import { fuzzSchema } from "./fuzz-schema.ts";

/** Changes when an older marktwin could not read it any more. */
export const FORMAT = "marktwin results 3" as const;

const outcome = v.picklist(["holds", "violated", "unknown"]);
const driver = data({
	kind: v.picklist(DRIVER_KINDS),
	name: text,
	version: text,
});
const seed = v.pipe(number, v.safeInteger(), v.minValue(0));
// Their own schemas hold them against these types.
const scenario: v.GenericSchema<unknown, PlayableScenario> = playableSchema;
const expectation: v.GenericSchema<unknown, Judgement["expectation"]> =
	judgedExpectation;

const count = v.pipe(number, v.safeInteger(), v.minValue(1));
/** What is printed as a command is spelled here, whatever a file says. */
const invocation = data({
	command: v.picklist(["run", "compare", "fuzz"]),
	names: texts,
	filter: v.exactOptional(text),
	seed: v.exactOptional(seed),
	runs: v.exactOptional(count),
	minutes: v.exactOptional(number),
	path: v.exactOptional(text),
	rules: v.exactOptional(listOf(data({ name: text, file: text }))),
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

const result = data({
	scenario,
	driver,
	seed,
	outcome,
	unknown: unknownSchema,
	judgements: listOf(
		data({
			expectation,
			outcome,
			expected: text,
			seen: text,
			connections: listOf(number),
			concerned: number,
			rule: v.nullable(text),
			why: listOf(
				data({
					connection: v.nullable(number),
					count: number,
					text,
					rule: v.nullable(
						data({ place: text, file: text, line: number, text }),
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
const divergence = data({
	kind,
	atMs: number,
	asked: text,
	model: texts,
	kernel: texts,
	rules: data({ model: texts, kernel: texts }),
});
const comparison = data({
	comparison: data({
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
		divergences: listOf(divergence),
		unknown: unknownSchema,
		result: v.nullable(result),
		replay: invocation,
	}),
	verdict: v.picklist(["agrees", "diverges", "unknown"]),
});

export const resultsSchema = data({
	format: v.literal(FORMAT),
	outcome,
	commands: v.pipe(listOf(invocation), v.minLength(1)),
	shard: v.nullable(
		v.pipe(
			data({ index: shardNumber, total: shardNumber }),
			v.check(
				({ index, total }) => index <= total,
				"the index is greater than the number of shards",
			),
		),
	),
	seed: v.nullable(seed),
	results: listOf(result),
	comparisons: listOf(comparison),
	failures: listOf(
		data({
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
			listOf(data({ name: text, suite: text, title: text })),
			v.minLength(1),
		),
	),
	fuzz: v.exactOptional(fuzzSchema),
});

/** Parts that stand in many places. */
export const resultDefinitions = {
	scenario,
	expectation,
	driver,
	invocation,
	result,
	divergence,
	account: accountSchema,
};

true satisfies SameShape<Invocation, v.InferOutput<typeof invocation>>;
true satisfies SameShape<Divergence, v.InferOutput<typeof divergence>>;
true satisfies SameShape<RunResult, v.InferOutput<typeof result>>;
true satisfies SameShape<JudgedComparison, v.InferOutput<typeof comparison>>;
