/**
 * What matches say of fragments, which tables see where nothing puts them together first: without
 * connection tracking.
 */
import type { MatchUse } from "../contract/ruleset.ts";
import type { MatchExtension, Test } from "../extension/extension.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { FRAGMENT_UNIT } from "../packet/packet-length.ts";
import { portAt } from "../packet/skb/payload-ports.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";
import { copyOfSkb } from "../packet/skb/skb-packet.ts";

/** Where in TCP's header they are. */
const TCP_FLAGS_OCTET = 13;

/** The test of a match, for fragments. */
export function onFragments(
	{ onFragments, octetsRead }: MatchExtension,
	{ options }: MatchUse,
	{ test, behaviour }: { readonly test: Test; readonly behaviour: Behaviour },
): Test {
	const read =
		behaviour.shortHeaders === "read" ? (octetsRead?.(options) ?? 0) : 0;
	if (read > 0)
		return ofOctets(test, read, behaviour.octetsOfFragments === "read");
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

/**
 * As `nft_payload_eval` reads them (net/netfilter/nft_payload.c, 6.1): what is not there does not match. Of a further
 * fragment it reads nothing, but is not asked where `nft_payload_fast_eval` reads the octets (nf_tables_core.c, 6.1).
 */
function ofOctets(test: Test, read: number, areOfFragments: boolean): Test {
	return (skb) => {
		if (skb.payload.length < read) return false;
		const offset = skb.fragment?.offset ?? 0;
		if (offset === 0) return test(skb);
		return areOfFragments && test(withHeaderOfOctets(skb));
	};
}

/** The octets taken for ports, and for TCP's flags. */
function withHeaderOfOctets(skb: Skb): Skb {
	const { payload } = skb;
	const read = copyOfSkb(skb);
	read.sourcePort = portAt(skb, 0);
	read.destinationPort = portAt(skb, 2);
	read.tcpFlags = payload.charCodeAt(TCP_FLAGS_OCTET) || 0;
	return read;
}
