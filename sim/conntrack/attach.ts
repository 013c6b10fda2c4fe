import {
	CTINFO_IS_REPLY,
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	CTINFO_UNTRACKED,
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import type { EntryTable } from "./table/table.ts";

/**
 * An answer that the gateway makes up belongs to the packet's connection (`nf_conntrack_attach`,
 * net/netfilter/nf_conntrack_core.c, 6.1). One to an untracked packet has none either, but it is looked
 * up, whatever CT at OUTPUT says.
 */
export function attachEntry(table: EntryTable, answer: Skb, to: Skb): void {
	if (to.entry === NO_ENTRY) {
		if (to.ctinfo === CTINFO_UNTRACKED) answer.ctinfo = CTINFO_RELATED;
		return;
	}
	table.get(to.entry);
	answer.entry = to.entry;
	answer.ctinfo =
		to.ctinfo >= CTINFO_IS_REPLY ? CTINFO_RELATED : CTINFO_RELATED_REPLY;
}
