/**
 * What is assumed of matches that the model does not know. A match that it knows answers itself, and a target
 * that is not modelled stays unknown.
 * @public
 */
export interface AssumedMatches {
	/**
	 * By `set:NAME` and the other things that rules need, `match:NAME`, `rule:TABLE:CHAIN:rule:N`: is it taken for
	 * matching? `either` is for walks that take every way.
	 */
	readonly values: Readonly<Record<string, "yes" | "no" | "either">>;
	/** Hears of each match that was answered by a key. */
	used(key: string): void;
}
