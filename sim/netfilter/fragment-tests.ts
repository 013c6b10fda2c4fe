/**
 * What matches say of fragments, which tables see where nothing puts them together first: without
 * connection tracking.
 */
import type { MatchUse } from "../contract/ruleset.ts";
import type { MatchExtension, Test } from "../extension/extension.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { FRAGMENT_UNIT } from "../packet/packet-length.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";

/** The test of a match, for fragments. */
export function onFragments(
	{ onFragments, octetsRead }: MatchExtension,
	{ options }: MatchUse,
	{ test, behaviour }: { readonly test: Test; readonly behaviour: Behaviour },
): Test {
	const read =
		behaviour.shortHeaders === "read" ? (octetsRead?.(options) ?? 0) : 0;
	if (read > 0) return ofOctets(test, read);
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

/** As `nft_payload_eval` reads them (net/netfilter/nft_payload.c, 6.1): what is not there does not match. */
function ofOctets(test: Test, read: number): Test {
	return (skb) =>
		(skb.fragment?.offset ?? 0) === 0 &&
		skb.payload.length >= read &&
		test(skb);
}
