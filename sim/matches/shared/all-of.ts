import type { Test } from "../../extension/extension.ts";

/** A test that holds when all of them do; none at all always holds. */
export function allOf(tests: readonly Test[]): Test {
	const [first, second, ...rest] = tests;
	if (!first) return () => true;
	if (!second) return first;
	const both: Test = (skb) => first(skb) && second(skb);
	return rest.length === 0 ? both : allOf([both, ...rest]);
}
