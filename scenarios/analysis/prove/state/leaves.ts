/** Ends of a decision that can be reached, each with what was answered on a way to it. */
import type { Asked, Decision, End } from "../../walk/decision.ts";
import type { Values } from "./subject.ts";

/** A question, and the way that was taken. */
export interface Answered {
	readonly asked: Asked;
	readonly way: number;
}

export interface Leaf {
	readonly end: End;
	/** On the first way that was found. */
	readonly answers: readonly Answered[];
}

/** Whose packets they are: of the client that is followed, whose address a hash sends one way, or of any client. */
export type Whose = "own" | "any";

/** @param values of conditions; `null`: any */
export function leavesOf(
	decision: Decision,
	values: Values | null,
	whose: Whose = "own",
): readonly Leaf[] {
	const seen = new Set<Decision>();
	const leaves: Leaf[] = [];
	const todo: { at: Decision; answers: readonly Answered[] }[] = [
		{ at: decision, answers: [] },
	];
	for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
		const { at, answers } = one;
		if (seen.has(at)) continue;
		seen.add(at);
		if (at.kind === "leaf") leaves.push({ end: at.end, answers });
		else
			for (const way of waysOf(at, values, whose))
				todo.push({
					at: at.ways[way] as Decision,
					answers: [...answers, { asked: at.asked, way }],
				});
	}
	return leaves;
}

function waysOf(
	{ asked, ways }: Extract<Decision, { readonly kind: "fork" }>,
	values: Values | null,
	whose: Whose,
): readonly number[] {
	if (whose === "own" && asked.kind === "spread" && asked.own !== undefined)
		return [asked.own];
	if (asked.kind === "condition" && values !== null)
		return [values[asked.name] ?? 0];
	return ways.map((_, way) => way);
}

/** Values of conditions that a way asks for. */
export function valuesIn(answers: readonly Answered[]): Values {
	return Object.fromEntries(
		answers.flatMap(({ asked, way }) =>
			asked.kind === "condition" ? [[asked.name, way as 0 | 1]] : [],
		),
	);
}
