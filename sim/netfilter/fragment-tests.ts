/**
 * What matches say of fragments, which tables see where nothing puts them together first: without
 * connection tracking.
 */
import type { MatchExtension, Test } from "../extension/extension.ts";
import { FRAGMENT_UNIT } from "../packet/packet-length.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";

/** The test of a match, for fragments. */
export function onFragments({ onFragments }: MatchExtension, test: Test): Test {
	switch (onFragments) {
		case undefined:
			return test;
		case "needs-header":
			return ofHeader(test, null);
		case "needs-intact-header":
			return ofHeader(test, FRAGMENT_UNIT);
		default:
			return onFragments satisfies never;
	}
}

/** @param evilOffset of fragments that overwrite flags of the header; `null`: there are none */
function ofHeader(test: Test, evilOffset: number | null): Test {
	return (skb) => {
		const offset = skb.fragment?.offset ?? 0;
		if (offset === 0 && hasHeader(skb)) return test(skb);
		if (offset === 0 || offset === evilOffset) skb.hotdrop = true;
		return false;
	};
}
