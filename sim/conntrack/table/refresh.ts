/** What every tracked packet does to its entry: counters and the time it may live. */
import type { Skb } from "../../packet/skb/skb.ts";
import { ENTRY_SHIFT, HAS_COUNTERS, STATUS, TIMEOUT } from "./layout.ts";
import { IPS_CONFIRMED } from "./status.ts";
import type { EntryTable } from "./table.ts";

/** Counts a packet (`nf_ct_acct_update`), if the entry has counters. */
export function account(
	table: EntryTable,
	entry: number,
	direction: number,
	skb: Skb,
): void {
	const { counters } = table;
	if (counters === null) return;
	const status = table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
	if ((status & HAS_COUNTERS) === 0) return;
	const at = entry * 4 + direction * 2;
	counters[at] = (counters[at] as number) + 1;
	counters[at + 1] = (counters[at + 1] as number) + skb.length;
}

/**
 * Lets an entry live for `timeout` jiffies from now, or from its confirmation on, and counts the
 * packet (`__nf_ct_refresh_acct`, nf_conntrack_core.c, 6.1). Fixed timeouts (IPS_FIXED_TIMEOUT) come
 * from clashes and from ctnetlink only, and neither makes one here.
 */
export function refresh(
	table: EntryTable,
	entry: number,
	direction: number,
	skb: Skb,
	timeout: number,
): void {
	const { words } = table;
	const at = entry << ENTRY_SHIFT;
	const confirmed = ((words[at + STATUS] as number) & IPS_CONFIRMED) !== 0;
	words[at + TIMEOUT] = confirmed ? table.now + timeout : timeout;
	account(table, entry, direction, skb);
}
