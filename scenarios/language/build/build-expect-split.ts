/** Builders of expectations about shares. */
import * as v from "valibot";
import type { Expectation } from "../scenario.ts";
import { confidence, list, share, text, yesNo } from "../schema/schema.ts";
import { USUAL_CONFIDENCE, weights } from "../schema/schema-scenario.ts";
import { type SelectionOptions, taken, WHICH, which } from "./build-expect.ts";
import {
	type AtMostOne,
	atMostOne,
	checkArguments,
	options,
} from "./check-arguments.ts";

/** By name, a backend given twice would have the share of one. */
const differentBackends = v.pipe(
	list(text),
	v.check(
		(names) => new Set(names).size === names.length,
		({ input }) =>
			`"${input.find((name, index) => input.indexOf(name) < index)}" is named twice\nName each backend once; for another share, \`split({ b1: 2, b2: 1 })\`.`,
	),
);
const evenSplitArguments = v.object({
	backends: differentBackends,
	options: which,
});

/** As even among these backends as whole numbers allow, chance or not. @public */
export function evenSplit(
	backends: readonly string[],
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"evenSplit",
		evenSplitArguments,
		{
			backends,
			options: which,
		},
		surplus,
	);
	return split(Object.fromEntries(backends.map((name) => [name, 1])), {
		...which,
		exact: true,
	});
}

/** How near a split has to come to its weights. @public */
export type SplitOptions = SelectionOptions &
	AtMostOne<{
		/** As near as whole numbers get, chance or not. */
		readonly exact: boolean;
		/** Of the share, absolute: 0.1 lets 40 % to 60 % pass for a half. */
		readonly tolerance: number;
		/** Where chance decides, a right ruleset is found wrong in at most `1 - confidence` of all runs. */
		readonly confidence: number;
	}>;

const splitArguments = v.object({
	weights,
	options: options<SplitOptions>(
		{ ...WHICH, exact: yesNo, tolerance: share, confidence },
		atMostOne("exact", "tolerance", "confidence"),
	),
});

/**
 * Shares by weight. Where the rules decide, the split is exact, as near as whole numbers get; where
 * they draw (`statistic --mode random`), it is what chance allows for that many draws: a right
 * ruleset is found wrong in one of a thousand runs. `exact`, `tolerance` and `confidence` say otherwise.
 * @public
 */
export function split(
	weights: Readonly<Record<string, number>>,
	which: SplitOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("split", splitArguments, { weights, options: which }, surplus);
	const { exact, tolerance, confidence, ...rest } = which;
	return { kind: "split", ...taken(rest), weights, within: within(which) };
}

type Within = Extract<Expectation, { readonly kind: "split" }>["within"];

function within({ exact, tolerance, confidence }: SplitOptions): Within {
	if (exact) return { kind: "exact" };
	if (tolerance !== undefined) return { kind: "tolerance", tolerance };
	return { kind: "confidence", confidence: confidence ?? USUAL_CONFIDENCE };
}
