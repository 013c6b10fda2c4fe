import { NO_ENTRY, type Skb } from "../packet/skb/skb.ts";
import type { ExtensionHost } from "./host.ts";

/**
 * The packet's entry, or NO_ENTRY. Between `-j CT` and the beginning of tracking a packet has the
 * rule's template for a connection (`nf_ct_get` returns it), and rules that ask or mark it ask and mark
 * that: this is not modelled.
 */
export function connectionOf(
	skb: Skb,
	{ unknown }: Pick<ExtensionHost, "unknown">,
): number {
	if (skb.entry === NO_ENTRY && skb.template !== null)
		return unknown(
			"a connection is asked for behind -j CT, before there is one",
		);
	return skb.entry;
}
