/** What has to be true of what a file of results says of a fuzz. */
import * as v from "valibot";
import { COVERAGE_KINDS } from "../../scenarios/fuzz/coverage.ts";
import { TEXT_COVERAGE_KINDS } from "../../scenarios/fuzz/text/coverage.ts";
import { DRIVER_KINDS } from "../../scenarios/result/driver-info.ts";

const text = v.string();
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const kernel = v.strictObject({
	kind: v.picklist(DRIVER_KINDS),
	name: text,
	version: text,
});

function oneOrSeveral<Schema extends v.GenericSchema>(schema: Schema) {
	return v.union([schema, v.pipe(v.array(schema), v.minLength(1))]);
}

/** Of each kind how often what was met, and what was not. */
function coverageOf<Kind extends string>(kinds: readonly Kind[]) {
	const one = v.pipe(
		v.strictObject({
			kind: v.picklist(kinds),
			met: v.array(v.strictTuple([text, v.pipe(count, v.minValue(1))])),
			holes: v.array(text),
		}),
		v.check(({ met, holes }) => {
			const named = [...met.map(([what]) => what), ...holes];
			return new Set(named).size === named.length;
		}, "something stands in it twice"),
	);
	return v.pipe(
		v.array(one),
		v.check(
			(all) =>
				all.length === kinds.length &&
				new Set(all.map(({ kind }) => kind)).size === kinds.length,
			"each kind has to stand in it once",
		),
	);
}

const chance = v.pipe(
	v.strictObject({
		probability: text,
		inverted: v.boolean(),
		packets: count,
		model: count,
		kernel: count,
		low: count,
		high: count,
	}),
	v.check(
		({ packets, ...of }) =>
			[of.model, of.kernel, of.low, of.high].every((many) => many <= packets),
		"there were not so many packets",
	),
);

export const fuzzSchema = v.strictObject({
	seed: oneOrSeveral(count),
	kernel: oneOrSeveral(kernel),
	cases: count,
	packets: count,
	findings: count,
	tookMs: v.pipe(v.number(), v.minValue(0)),
	coverage: coverageOf(COVERAGE_KINDS),
	chances: v.array(chance),
	texts: v.nullable(
		v.strictObject({
			texts: count,
			findings: count,
			coverage: coverageOf(TEXT_COVERAGE_KINDS),
		}),
	),
	known: v.array(v.strictObject({ name: text, reason: text, times: count })),
});
