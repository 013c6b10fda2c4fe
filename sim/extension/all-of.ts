import type { Test } from "./extension.ts";

/** A test that holds when all of them do; none at all always holds. */
export function allOf(tests: readonly Test[]): Test {
	const [first, second, third, ...rest] = tests;
	if (!first) return () => true;
	if (!second) return first;
	if (!third) return (skb) => first(skb) && second(skb);
	if (rest.length === 0)
		return (skb) => first(skb) && second(skb) && third(skb);
	return (skb) => {
		for (const test of tests) if (!test(skb)) return false;
		return true;
	};
}
