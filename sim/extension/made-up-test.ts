/** Tests of matches in walks that take every way. */
import type { Skb } from "../packet/skb/skb.ts";
import type { Test } from "./extension.ts";
import type { ExtensionHost } from "./host.ts";
import type { MadeUp, ValueAsked } from "./made-up.ts";

/**
 * A test for walks as well: what the packet does not tell is asked about.
 * @param own what the packet at hand says
 * @param asked which value, and what it has to be; `null`: the packet tells it
 */
export function madeUpTest(
	own: Test,
	{ decide }: Pick<ExtensionHost, "decide">,
	rule: string,
	asked: (skb: Skb, made: MadeUp) => ValueAsked | null,
): Test {
	if (decide === undefined) return own;
	return (skb) =>
		decide(
			{
				question: { kind: "open", on: "", isUnknown: true },
				rule,
				place: 0,
				value: { own, asked },
			},
			skb,
		);
}
