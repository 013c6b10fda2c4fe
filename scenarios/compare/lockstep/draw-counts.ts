/**
 * How often a kernel drew what. The model takes over whatever a kernel could have drawn, so that other
 * odds show in nothing but these numbers; over many plays, small deviations show as well.
 */
import { multinomialBands } from "../../../sim/statistics.ts";

/** Draws of one kind, by what came of them. */
export interface DrawCounts {
	/** What was drawn. */
	readonly of: string;
	readonly outcomes: readonly DrawOutcome[];
}

/** One of the outcomes of a draw. */
interface DrawOutcome {
	readonly outcome: string;
	/** Its probability, as the model has it. */
	readonly chance: number;
	/** How often a kernel drew it. */
	readonly times: number;
}

/** Draws of one kind, and how often each outcome may have come. */
export interface JudgedDraws extends DrawCounts {
	readonly outcomes: readonly JudgedOutcome[];
	/** All outcomes came about as often as their chances say. */
	readonly isAsLikely: boolean;
}

export interface JudgedOutcome extends DrawOutcome {
	readonly low: number;
	readonly high: number;
}

/** Of a right kernel being called wrong, over all draws that are judged together. */
const FALSE_ALARM = 1e-6;

/** Adds up draws of the same kind. */
export function addDraws(
	all: Iterable<readonly DrawCounts[]>,
): readonly DrawCounts[] {
	const kinds = new Map<string, DrawCounts>();
	for (const counts of all)
		for (const one of counts) {
			const known = kinds.get(one.of);
			kinds.set(one.of, known === undefined ? one : sumOf(known, one));
		}
	return [...kinds.values()];
}

function sumOf(one: DrawCounts, other: DrawCounts): DrawCounts {
	return {
		of: one.of,
		outcomes: one.outcomes.map((outcome, index) => ({
			...outcome,
			times: outcome.times + (other.outcomes[index]?.times ?? 0),
		})),
	};
}

/** Holds each number against the exact binomial distribution. @param kinds all that are judged together, each kind once */
export function judgeDraws(
	kinds: readonly DrawCounts[],
): readonly JudgedDraws[] {
	const confidence = 1 - FALSE_ALARM / Math.max(1, kinds.length);
	return kinds.map((one) => {
		const bands = multinomialBands(
			drawsIn(one),
			one.outcomes.map(({ chance }) => chance),
			confidence,
		);
		const outcomes = one.outcomes.map((outcome, index) => ({
			...outcome,
			low: bands[index]?.low ?? 0,
			high: bands[index]?.high ?? 0,
		}));
		return { of: one.of, outcomes, isAsLikely: !outcomes.some(isOutside) };
	});
}

/** Did it come too often, or too seldom? */
export function isOutside({ times, low, high }: JudgedOutcome): boolean {
	return times < low || times > high;
}

export function drawsIn({ outcomes }: DrawCounts): number {
	return outcomes.reduce((sum, { times }) => sum + times, 0);
}
