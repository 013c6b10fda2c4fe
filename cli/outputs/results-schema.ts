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
import { about } from "../../scenarios/language/schema/schema.ts";
import {
	judgedExpectation,
	playableSchema,
} from "../../scenarios/language/schema/schema-scenario.ts";
import { DRIVER_KINDS } from "../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../scenarios/result/invocation.ts";
import type { Judgement, RunResult } from "../../scenarios/result/result.ts";
import { accountSchema, unknownSchema } from "./account-schema.ts";
import { drawCounts, judgedDraws } from "./draws-schema.ts";
import { fuzzSchema } from "./fuzz-schema.ts";

/** Changes when an older marktwin could not read it any more. */
export const FORMAT = "marktwin results 3" as const;

const outcome = v.picklist(["holds", "violated", "unknown"]);
const driver = about(
	data({
		kind: v.picklist(DRIVER_KINDS),
		name: text,
		version: about(
			text,
			"What it follows or is: linux 6.1, iptables-legacy 1.8.9.",
		),
	}),
	"What played it.",
);
const seed = v.pipe(number, v.safeInteger(), v.minValue(0));
// Their own schemas hold them against these types.
const scenario: v.GenericSchema<unknown, PlayableScenario> = playableSchema;
const expectation: v.GenericSchema<unknown, Judgement["expectation"]> =
	judgedExpectation;

const count = v.pipe(number, v.safeInteger(), v.minValue(1));
/** What is printed as a command is spelled here, whatever a file says. */
const invocation = data({
	command: v.picklist(["run", "compare", "fuzz"]),
	names: about(texts, "Files, and names of scenarios and suites."),
	filter: v.exactOptional(text),
	seed: v.exactOptional(seed),
	runs: v.exactOptional(count),
	minutes: v.exactOptional(number),
	path: v.exactOptional(text),
	rules: v.exactOptional(listOf(data({ name: text, file: text }))),
	assume: v.exactOptional(listOf(data({ key: text, value: text }))),
	on: v.exactOptional(text),
	with: v.exactOptional(text),
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
	judgements: about(
		listOf(
			data({
				expectation,
				outcome,
				expected: about(text, "In words and numbers."),
				seen: about(text, "In words and numbers."),
				connections: about(
					listOf(number),
					"Ids of connections that show it, the first ones where they are many.",
				),
				concerned: about(number, "Number of connections that show it."),
				rule: about(
					v.nullable(text),
					"The rule to blame: mangle:MAILMARK:rule:2. null: none.",
				),
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
		"The expectations in the scenario's order, and behind them what every scenario expects where that is violated.",
	),
	account: about(accountSchema, "What happened."),
	assumed: v.exactOptional(
		about(
			listOf(
				data({
					key: about(text, "set:NAME, match:NAME, rule:TABLE:CHAIN:rule:N."),
					value: v.picklist(["yes", "no", "either"]),
					times: about(
						number,
						"How often a match was answered by it, in all plays. 0: nothing rests on it.",
					),
				}),
			),
			"What was assumed of matches that the model does not know. Left out: nothing.",
		),
	),
	replay: about(invocation, "The command that plays just this once more."),
});

const kind = v.picklist([
	"packets",
	"operation",
	"ruleset",
	"conntrack",
	"conditions",
	"sets",
	"draws",
	"source",
	"connections",
]);
const divergence = data({
	kind,
	atMs: about(number, "Virtual time."),
	asked: about(text, "What both were asked."),
	model: about(texts, "What only the model says, as the kernel spells it."),
	kernel: about(texts, "What only the kernel says."),
	rules: about(
		data({ model: texts, kernel: texts }),
		"Rules that the packet matched, in order.",
	),
});
const comparison = data({
	comparison: data({
		scenario,
		seed,
		model: driver,
		kernel: driver,
		asks: about(number, "Asks that both answered."),
		packets: about(number, "Packets that came out of both."),
		connections: v.exactOptional(
			about(number, "Real connections that were compared in place of packets."),
		),
		draws: v.exactOptional(
			about(number, "Draws of the kernel's that the model made as well."),
		),
		drawn: v.exactOptional(
			about(listOf(drawCounts), "What the kernel drew. Left out: nothing."),
		),
		chance: v.exactOptional(
			v.picklist(Object.keys(CHANCE_ENDS) as readonly ChanceEnd[]),
		),
		divergences: about(listOf(divergence), "Empty: they agree."),
		unknown: unknownSchema,
		result: about(
			v.nullable(result),
			"What happened. null: the gateways parted.",
		),
		replay: invocation,
	}),
	verdict: v.picklist(["agrees", "diverges", "unknown"]),
});

export const resultsSchema = data({
	format: about(
		v.literal(FORMAT),
		"Changes when an older marktwin could not read it any more.",
	),
	outcome: about(outcome, "Of everything in it."),
	draws: v.exactOptional(
		about(
			data({ outcome, kinds: listOf(judgedDraws) }),
			"What kernels drew, over all plays, against the chances that the model has. Left out: nothing was drawn.",
		),
	),
	commands: about(
		v.pipe(listOf(invocation), v.minLength(1)),
		"What makes it once more: one command, or each of several that were merged.",
	),
	shard: about(
		v.nullable(
			v.pipe(
				data({ index: shardNumber, total: shardNumber }),
				v.check(
					({ index, total }) => index <= total,
					"the index is greater than the number of shards",
				),
			),
		),
		"The part of the work that it holds. null: all of it.",
	),
	seed: about(v.nullable(seed), "null: each scenario's own."),
	results: about(listOf(result), "Scenarios that were played on one driver."),
	comparisons: about(
		listOf(comparison),
		"Scenarios that were played on model and kernel.",
	),
	failures: about(
		listOf(
			data({
				scenario,
				driver,
				seed,
				message: text,
				replay: invocation,
				cause: v.exactOptional(
					about(
						v.picklist(["input", "bug"]),
						"input: what it was given cannot be set up. bug: of marktwin. Left out: the lab failed.",
					),
				),
			}),
		),
		"Scenarios that could not be played.",
	),
	notPlayed: v.exactOptional(
		about(
			v.pipe(
				listOf(data({ name: text, suite: text, title: text })),
				v.minLength(1),
			),
			"Scenarios that --bail left.",
		),
	),
	fuzz: v.exactOptional(about(fuzzSchema, "Totals of a fuzz.")),
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
