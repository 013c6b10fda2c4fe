/** The indexes of a table's chains. They know rules and no counters, so they outlive a table that is replaced. */
import { RuleIndex, type RuleKeys } from "./rule-index.ts";

/** A class because it is what a table's chains had when they were compiled last. */
export class ChainIndexes {
	/** Shorter chains have none. */
	readonly least: number;
	private readonly byChain = new Map<string, RuleIndex>();

	constructor(least: number) {
		this.least = least;
	}

	/** The index of a chain with these keys: the one that it has, where they are the same. @returns `null` where a walk is as fast */
	of(chain: string, keys: RuleKeys): RuleIndex | null {
		const known = this.byChain.get(chain);
		if (known !== undefined && isSame(known.keys, keys)) return known;
		const made = RuleIndex.of(keys, this.least);
		if (made === null) this.byChain.delete(chain);
		else this.byChain.set(chain, made);
		return made;
	}
}

function isSame(one: RuleKeys, other: RuleKeys): boolean {
	if (one.length !== other.length) return false;
	for (let at = 0; at < one.length; at++)
		if (one[at] !== other[at]) return false;
	return true;
}
