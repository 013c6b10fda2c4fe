/**
 * What is assumed of matches that the model does not know: each is taken for matching or not, by what its rule
 * names. A target that is not modelled stays unknown.
 */
import { keyOfNeed } from "../contract/need.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { invariant } from "../invariant.ts";
import type { Test } from "./extension.ts";
import type { Assume, Decide } from "./host.ts";

/** Is it taken for matching? `either`: for a walk that takes every way. */
export type Assumed = "yes" | "no" | "either";

/** What is assumed, and how often a packet's way went by it. */
export class Assumptions {
	private readonly values: ReadonlyMap<string, Assumed>;
	private readonly times = new Map<string, number>();
	private readonly decide: Decide | undefined;

	/**
	 * @param values by key: `set:NAME` and other needs, `match:NAME`, `rule:TABLE:CHAIN:rule:N`
	 * @param decide is asked where the value is `either`
	 */
	constructor(values: Readonly<Record<string, Assumed>>, decide?: Decide) {
		this.values = new Map(Object.entries(values));
		this.decide = decide;
	}

	/** How many matches were answered by this key. */
	used(key: string): number {
		return this.times.get(key) ?? 0;
	}

	/** The rule's own key comes first, then what the match needs, then its name. */
	readonly assume: Assume = ({ rule, place, match, needs, inverted }) => {
		// What is assumed of a set is about the set: `!` in front of it turns that over.
		const keys: readonly (readonly [key: string, turned: boolean])[] = [
			[`rule:${rule}`, false],
			...needs.map((need) => [keyOfNeed(need), inverted] as const),
			...(match === null ? [] : [[`match:${match}`, false] as const]),
		];
		for (const [key, turned] of keys) {
			const value = this.values.get(key);
			if (value === undefined) continue;
			const { decide } = this;
			const asked = {
				question: { kind: "open", on: key },
				rule,
				place,
			} as const;
			const matches = (value === "yes") !== turned;
			invariant(
				value !== "either" || decide !== undefined,
				`${key} is open where only one way is taken`,
			);
			return (skb) => {
				this.times.set(key, this.used(key) + 1);
				return value === "either" ? decide?.(asked, skb) === true : matches;
			};
		}
		return null;
	};
}

/** A test that goes by what is assumed where the model does not know. */
export function orAssumed(test: Test, answer: Test): Test {
	return (skb) => {
		try {
			return test(skb);
		} catch (error) {
			if (error instanceof UnknownSignal) return answer(skb);
			throw error;
		}
	};
}
