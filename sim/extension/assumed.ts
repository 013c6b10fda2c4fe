/**
 * What is assumed of matches that the model does not know: each is taken for matching or not, by what its rule
 * names. A target that is not modelled stays unknown.
 */
import type { AssumedMatches } from "../contract/assume.ts";
import { keyOfNeed, type Need } from "../contract/need.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { invariant } from "../invariant.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { MadeAnswer, Test } from "./extension.ts";
import type { Assume, Decide } from "./host.ts";

/** Is it taken for matching? `either`: for a walk that takes every way. */
export type Assumed = "yes" | "no" | "either";

/** What is assumed, and how often a packet's way went by it. */
export class Assumptions implements AssumedMatches {
	readonly values: Readonly<Record<string, Assumed>>;
	private readonly counts = new Map<string, number>();

	/** @param values by key: `set:NAME` and other needs, `match:NAME`, `rule:TABLE:CHAIN:rule:N` */
	constructor(values: Readonly<Record<string, Assumed>>) {
		this.values = values;
	}

	used(key: string): void {
		this.counts.set(key, this.times(key) + 1);
	}

	/** How many matches were answered by this key. */
	times(key: string): number {
		return this.counts.get(key) ?? 0;
	}
}

/**
 * The rule's own key comes first, then what the match needs, then its name.
 * @param decide is asked where the value is `either`
 */
export function assumeBy(
	assumptions: AssumedMatches,
	decide: Decide | undefined,
): Assume {
	const values = new Map(Object.entries(assumptions.values));
	return ({ rule, place, match, needs, inverted }) => {
		// What is assumed of a set is about the set: `!` in front of it turns that over.
		const keys: readonly (readonly [key: string, turned: boolean])[] = [
			[`rule:${rule}`, false],
			...assumedNeeds(needs, values).map((key) => [key, inverted] as const),
			...(match === null ? [] : [[`match:${match}`, false] as const]),
		];
		for (const [key, turned] of keys) {
			const value = values.get(key);
			if (value === undefined) continue;
			// Where the answer makes a difference, what comes of it is unknown.
			const question = { kind: "open", on: key, isUnknown: true } as const;
			const assumed = { key, inverted: turned };
			const asked = { question, rule, place, assumed };
			const matches = (value === "yes") !== turned;
			invariant(
				value !== "either" || decide !== undefined,
				`${key} is open where only one way is taken`,
			);
			return (skb) => {
				assumptions.used(key);
				return value === "either" ? decide?.(asked, skb) === true : matches;
			};
		}
		return null;
	};
}

/**
 * A test that goes by what is assumed where the model does not know.
 * @param made what rules have made of it: an assumption against it is none that could be
 */
export function orAssumed(
	test: Test,
	answer: Test,
	made: ((skb: Skb) => MadeAnswer | null) | undefined,
): Test {
	return (skb) => {
		try {
			return test(skb);
		} catch (error) {
			if (!(error instanceof UnknownSignal)) throw error;
			const known = made?.(skb) ?? null;
			const holds = answer(skb);
			if (known !== null && known.holds !== holds)
				throw new UnknownSignal(`the opposite is assumed of ${known.what}`);
			return holds;
		}
	};
}

/**
 * The key whose value holds for all that a match needs: it is any of several countries, and so matches
 * where one of them does, and else only where all are known not to.
 */
function assumedNeeds(
	needs: readonly Need[],
	values: ReadonlyMap<string, Assumed>,
): readonly string[] {
	const keys = needs.map(keyOfNeed);
	const of = (value: Assumed) => keys.find((key) => values.get(key) === value);
	const yes = of("yes");
	if (yes !== undefined) return [yes];
	return keys.every((key) => values.has(key))
		? keys.filter((key) => key === (of("either") ?? of("no")))
		: [];
}
