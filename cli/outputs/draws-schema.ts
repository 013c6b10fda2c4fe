/** Schemas of what kernels drew at random. */
import * as v from "valibot";
import type { JudgedDraws } from "../../scenarios/compare/lockstep/draw-counts.ts";
import {
	data,
	listOf,
	number,
	text,
} from "../../scenarios/language/schema/plain.ts";
import type { SameShape } from "../../scenarios/language/schema/same-shape.ts";
import { about } from "../../scenarios/language/schema/schema.ts";

const outcome = text;
const chance = about(number, "Its probability, as the model has it.");
const times = about(number, "How often a kernel drew it.");
export const drawCounts = data({
	of: about(text, "What was drawn."),
	outcomes: listOf(data({ outcome, chance, times })),
});
export const judgedDraws = data({
	of: text,
	outcomes: listOf(
		data({
			outcome,
			chance,
			times,
			low: about(number, "The least number that chance explains."),
			high: about(number, "The greatest one."),
		}),
	),
	isAsLikely: about(
		v.boolean(),
		"Each outcome came about as often as its chance says.",
	),
});

true satisfies SameShape<JudgedDraws, v.InferOutput<typeof judgedDraws>>;
