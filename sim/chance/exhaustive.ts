/**
 * Chance for a proof: the same play once for every outcome of every draw, each with its exact
 * probability. (After matklad's "Generate All the Things" and TigerBeetle's exhaustigen.)
 *
 * A play depends on nothing but its draws. So a list of outcomes leads to the same place again: the
 * list is counted up like the digits of a number, the last draw first, and the play is played anew
 * along each list. Nothing is stored but the one list.
 */
import { invariant } from "../invariant.ts";
import {
	ONE,
	plus,
	type Rational,
	rational,
	times,
	ZERO,
} from "../rational.ts";
import type { Choice, UnseenChance } from "./choice.ts";

/** One draw on a path. @public */
export interface Draw {
	readonly label: string;
	/** From 0 to `outcomes - 1`. What happens or not has two: 0, it does not, and 1, it does. */
	readonly outcome: number;
	/** How many outcomes the draw has, at least 1. */
	readonly outcomes: number;
	/** Of this outcome. */
	readonly probability: Rational;
}

/** A play along one list of outcomes. @public */
export interface Path<Result> {
	/** What the play returned. */
	readonly result: Result;
	/** In order. */
	readonly draws: readonly Draw[];
	/** The product of those of its draws. Over all paths they sum to exactly 1. */
	readonly probability: Rational;
	/** What a kernel decides by a chance that no path visits: where there is any, the result is one of several. */
	readonly unvisited: readonly (UnseenChance | "eviction")[];
}

/** Which outcomes `everyPath` visits. @public */
export interface ExhaustiveOptions {
	/** The most outcomes that a draw may have (default 4096). */
	readonly mostOutcomes?: number;
	/** Draws that are not varied: the outcome of each, from 0, by label. All probabilities are those under this condition. */
	readonly given?: ReadonlyMap<string, number>;
}

/** A draw has more outcomes than may be visited. @public */
export class TooManyOutcomesError extends Error {
	override readonly name = "TooManyOutcomesError";
	/** What is drawn. */
	readonly label: string;
	/** How many it has. */
	readonly outcomes: number;

	constructor(label: string, outcomes: number, most: number) {
		super(
			`the draw "${label}" has ${outcomes} outcomes, of which at most ${most} can be visited: give its outcome (everyPath(play, { given: new Map([[${JSON.stringify(label)}, 0]]) })), or allow more (mostOutcomes: ${outcomes})`,
		);
		this.label = label;
		this.outcomes = outcomes;
	}
}

/** The outcome that was given for a draw is none of its outcomes. @public */
export class GivenOutcomeError extends Error {
	override readonly name = "GivenOutcomeError";
	/** What is drawn. */
	readonly label: string;
	/** How many outcomes it has. */
	readonly outcomes: number;

	constructor(label: string, given: number, outcomes: number) {
		super(
			`the draw "${label}" has ${outcomes} outcomes, and ${given} was given: give a whole number from 0 to ${outcomes - 1}`,
		);
		this.label = label;
		this.outcomes = outcomes;
	}
}

const MOST_OUTCOMES = 4096;

/**
 * Plays along every path, one at a time: the caller may stop after any of them. A play with a `ModelGateway` needs
 * the option of the example: the draw decides when an ARP entry grows stale, not where a first packet goes, and has
 * 30,000 outcomes. docs/model.md, "Exact shares, from a program", has a whole program.
 * @param play has to depend on nothing but its draws
 * @example everyPath(play, { given: new Map([["neighbour reachable time", 0]]) })
 * @throws TooManyOutcomesError when a draw that is not given has more than `mostOutcomes`
 * @public
 */
export function* everyPath<Result>(
	play: (choice: Choice) => Result,
	options: ExhaustiveOptions = {},
): Generator<Path<Result>, void, undefined> {
	let prefix: readonly Turn[] | null = [];
	while (prefix !== null) {
		const choice = new PathChoice(prefix, options);
		const result = play(choice);
		const { draws, probability, unvisited } = choice;
		invariant(draws.length >= prefix.length, "a play has forgotten a draw");
		yield { result, draws, probability, unvisited };
		prefix = prefixAfter(draws);
	}
}

/** The probability of each result of a play, by the name that `nameOf` gives it. @public */
export function sharesOf<Result>(
	paths: Iterable<Path<Result>>,
	nameOf: (result: Result) => string,
): ReadonlyMap<string, Rational> {
	const shares = new Map<string, Rational>();
	for (const { result, probability } of paths) {
		const name = nameOf(result);
		shares.set(name, plus(shares.get(name) ?? ZERO, probability));
	}
	return shares;
}

type Turn = Omit<Draw, "probability">;

/** The list counted up by one: the last draw that has an outcome left takes it. */
function prefixAfter(draws: readonly Draw[]): readonly Turn[] | null {
	const at = draws.findLastIndex(
		({ outcome, outcomes }) => outcome + 1 < outcomes,
	);
	const last = draws[at];
	if (last === undefined) return null;
	return [...draws.slice(0, at), { ...last, outcome: last.outcome + 1 }];
}

/** Takes the outcomes of its prefix, and behind that the first outcome of each draw. */
class PathChoice implements Choice {
	readonly draws: Draw[] = [];
	readonly unvisited: (UnseenChance | "eviction")[] = [];
	probability = ONE;
	private readonly prefix: readonly Turn[];
	private readonly options: ExhaustiveOptions;

	constructor(prefix: readonly Turn[], options: ExhaustiveOptions) {
		this.prefix = prefix;
		this.options = options;
	}

	pick(count: number, label: string): number {
		invariant(
			Number.isSafeInteger(count) && count >= 1,
			`cannot pick one of ${count}`,
		);
		return this.draw(label, count, () => rational(1, count));
	}

	happens(numerator: number, denominator: number, label: string): boolean {
		if (numerator <= 0) return false;
		if (numerator >= denominator) return true;
		const weights = [denominator - numerator, numerator];
		const outcome = this.draw(label, 2, (one) =>
			rational(weights[one] as number, denominator),
		);
		return outcome === 1;
	}

	evict(): null {
		this.unvisited.push("eviction");
		return null;
	}

	unseen(chance: UnseenChance): void {
		this.unvisited.push(chance);
	}

	private draw(
		label: string,
		outcomes: number,
		probabilityOf: (outcome: number) => Rational,
	): number {
		if (outcomes === 1) return 0;
		const { given, mostOutcomes = MOST_OUTCOMES } = this.options;
		const fixed = given?.get(label);
		if (fixed !== undefined) {
			const isOutcome = Number.isInteger(fixed) && fixed >= 0;
			if (!isOutcome || fixed >= outcomes)
				throw new GivenOutcomeError(label, fixed, outcomes);
			return fixed;
		}
		if (outcomes > mostOutcomes)
			throw new TooManyOutcomesError(label, outcomes, mostOutcomes);
		const known = this.prefix[this.draws.length];
		invariant(
			known === undefined ||
				(known.label === label && known.outcomes === outcomes),
			`a play does not depend on its draws alone: "${known?.label}" has become "${label}"`,
		);
		const outcome = known?.outcome ?? 0;
		const probability = probabilityOf(outcome);
		this.probability = times(this.probability, probability);
		this.draws.push({ label, outcome, outcomes, probability });
		return outcome;
	}
}
