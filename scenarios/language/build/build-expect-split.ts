/** Builders of expectations about shares. */
import * as v from "valibot";
import type { Expectation, SplitBounds } from "../scenario.ts";
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
export type SplitOptions = ShareOptions & {
	/** The shares are those of each client alone. */
	readonly per?: "client";
};

/** How near shares have to come to their weights. @public */
export type ShareOptions = SelectionOptions &
	AtMostOne<{
		/** As near as whole numbers get, chance or not. */
		readonly exact: boolean;
		/** Of the share, absolute: 0.1 lets 40 % to 60 % pass for a half. */
		readonly tolerance: number;
		/** Where chance decides, a right ruleset is found wrong in at most `1 - confidence` of all runs. */
		readonly confidence: number;
	}>;

const perClient = v.literal(
	"client",
	'not "client"\nLeave `per` out for the shares of all connections together.',
);

const splitArguments = v.object({
	weights,
	options: options<SplitOptions>(
		{ ...WHICH, exact: yesNo, tolerance: share, confidence, per: perClient },
		atMostOne("exact", "tolerance", "confidence"),
	),
});

/**
 * Shares by weight. Where the rules decide, the split is exact, as near as whole numbers get; where
 * they draw (`statistic --mode random`), it is what chance allows for that many draws: a right
 * ruleset is found wrong in one of a thousand runs. `exact`, `tolerance` and `confidence` say otherwise;
 * `per: "client"` holds it of each client alone.
 * @public
 */
export function split(
	weights: Readonly<Record<string, number>>,
	which: SplitOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("split", splitArguments, { weights, options: which }, surplus);
	const { exact, tolerance, confidence, per, ...rest } = which;
	return {
		kind: "split",
		...taken(rest),
		weights,
		within: within(which),
		...(per === undefined ? {} : { per }),
	};
}

const splitBySourceArguments = v.object({
	weights,
	options: options<ShareOptions>(
		{ ...WHICH, exact: yesNo, tolerance: share, confidence },
		atMostOne("exact", "tolerance", "confidence"),
	),
});

/**
 * Shares of the source addresses that the gateway gives to connections, by weight:
 * `splitBySource({ "203.0.113.5": 1, "203.0.113.6": 1 })`. As exact as a `split`.
 * @public
 */
export function splitBySource(
	weights: Readonly<Record<string, number>>,
	which: ShareOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"splitBySource",
		splitBySourceArguments,
		{ weights, options: which },
		surplus,
	);
	const { exact, tolerance, confidence, ...rest } = which;
	return {
		kind: "split-by-source",
		...taken(rest),
		weights,
		within: within(which),
	};
}

function within({ exact, tolerance, confidence }: ShareOptions): SplitBounds {
	if (exact) return { kind: "exact" };
	if (tolerance !== undefined) return { kind: "tolerance", tolerance };
	return { kind: "confidence", confidence: confidence ?? USUAL_CONFIDENCE };
}
