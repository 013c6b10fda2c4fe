/** How many: a number, or bounds. */
import * as v from "valibot";
import { object, count as someNumber } from "./schema.ts";

/** A number, or bounds of which one may be left out. @public */
export type Count =
	| number
	| { readonly atLeast: number; readonly atMost?: number }
	| { readonly atLeast?: number; readonly atMost: number };

/** For bounds that let every number through. */
export const NO_BOUND =
	"nothing could violate it: any number is from 0 on\nGive a number, `atLeast` above 0, or `atMost`.";

const bounds = v.pipe(
	object({
		atLeast: v.exactOptional(someNumber),
		atMost: v.exactOptional(someNumber),
	}),
	v.check(
		({ atLeast = 0, atMost }) => atLeast > 0 || atMost !== undefined,
		NO_BOUND,
	),
);

const neither = v.custom<Count>(
	() => false,
	(issue) =>
		`expected a number, not ${issue.received}\nWrite a number, or bounds: \`{ atLeast: 1, atMost: 3 }\`.`,
);

export const count = v.lazy((given) =>
	typeof given === "number"
		? someNumber
		: typeof given === "object" && given !== null && !Array.isArray(given)
			? bounds
			: neither,
);

/** Both bounds, as an expectation has them. */
export function limits(count: Count): { atLeast: number; atMost: number } {
	if (typeof count === "number") return { atLeast: count, atMost: count };
	return {
		atLeast: count.atLeast ?? 0,
		atMost: count.atMost ?? Number.MAX_SAFE_INTEGER,
	};
}
