/** What has to be true of what a file of results says of a fuzz. */
import * as v from "valibot";
import { COVERAGE_KINDS } from "../../scenarios/fuzz/coverage.ts";
import { TEXT_COVERAGE_KINDS } from "../../scenarios/fuzz/text/coverage.ts";
import type { FuzzTotals } from "../../scenarios/fuzz/totals.ts";
import {
	count,
	data,
	listOf,
	number,
	text,
	texts,
	yesNo,
} from "../../scenarios/language/schema/plain.ts";
import type { SameShape } from "../../scenarios/language/schema/same-shape.ts";
import { DRIVER_KINDS } from "../../scenarios/result/driver-info.ts";
import { drawCounts } from "./draws-schema.ts";

const kernel = data({
	kind: v.picklist(DRIVER_KINDS),
	name: text,
	version: text,
});

function oneOrSeveral<Schema extends v.GenericSchema>(schema: Schema) {
	return v.union([schema, v.pipe(listOf(schema), v.minLength(1))]);
}

/** Of each kind how often what was met, and what was not. */
function coverageOf<Kind extends string>(kinds: readonly Kind[]) {
	const one = v.pipe(
		data({
			kind: v.picklist(kinds),
			met: listOf(
				v.pipe(
					v.strictTuple([text, v.pipe(count, v.minValue(1))]),
					v.readonly(),
				),
			),
			holes: texts,
		}),
		v.check(({ met, holes }) => {
			const named = [...met.map(([what]) => what), ...holes];
			return new Set(named).size === named.length;
		}, "something stands in it twice"),
	);
	return v.pipe(
		listOf(one),
		v.check(
			(all) =>
				all.length === kinds.length &&
				new Set(all.map(({ kind }) => kind)).size === kinds.length,
			"each kind has to stand in it once",
		),
	);
}

const chance = v.pipe(
	data({
		probability: text,
		inverted: yesNo,
		packets: count,
		model: count,
		kernel: count,
		low: count,
		high: count,
	}),
	v.check(
		({ packets, ...of }) =>
			[of.model, of.kernel, of.low, of.high].every((many) => many <= packets),
		"more than all packets",
	),
);

export const fuzzSchema = data({
	seed: oneOrSeveral(count),
	kernel: oneOrSeveral(kernel),
	cases: count,
	packets: count,
	findings: count,
	lost: v.exactOptional(v.pipe(count, v.minValue(1))),
	leftOut: v.exactOptional(
		v.pipe(listOf(data({ name: text, reason: text })), v.minLength(1)),
	),
	tookMs: v.pipe(number, v.minValue(0)),
	coverage: coverageOf(COVERAGE_KINDS),
	drawn: v.exactOptional(listOf(drawCounts)),
	chances: listOf(chance),
	texts: v.nullable(
		data({
			texts: count,
			findings: count,
			coverage: coverageOf(TEXT_COVERAGE_KINDS),
		}),
	),
	known: listOf(data({ name: text, reason: text, times: count })),
});

type OfOne = "seed" | "kernel";
true satisfies SameShape<
	Omit<FuzzTotals, OfOne>,
	Omit<v.InferOutput<typeof fuzzSchema>, OfOne>
>;
