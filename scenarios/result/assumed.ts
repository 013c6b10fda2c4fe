/** What a result rests on besides its rules: matches that the model does not know, taken for matching or not. */

/** What was assumed of a match that the model does not know. @public */
export interface AssumedMatch {
	/** `set:NAME`, `match:NAME`, `rule:TABLE:CHAIN:rule:N`. */
	readonly key: string;
	readonly value: "yes" | "no" | "either";
	/** How often a match was answered by it, in all plays; 0: nothing rests on it. */
	readonly times: number;
}

/** `set:blocked=no`, and the like: those that something rests on. */
export function restsOn(
	assumed: readonly AssumedMatch[] | undefined,
): readonly string[] {
	return (assumed ?? [])
		.filter(({ times }) => times > 0)
		.map(({ key, value }) => `${key}=${value}`);
}

/** Each in a line: `set:blocked=no answered 24 times`. */
export function assumedWords(
	assumed: readonly AssumedMatch[] | undefined,
): readonly string[] {
	return (assumed ?? []).map(({ key, value, times }) =>
		times === 0
			? `${key}=${value}, which was never used: no packet came to such a match that the model does not know`
			: `${key}=${value}, which answered ${times === 1 ? "once" : `${times} times`}`,
	);
}
