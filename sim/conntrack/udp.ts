/**
 * UDP connection tracking (`nf_conntrack_udp_packet`, net/netfilter/nf_conntrack_proto_udp.c, 6.1).
 * Lengths that are wrong are not modelled.
 */
import { CTINFO_IS_REPLY, type Skb } from "../packet/skb/skb.ts";
import type { ConntrackConfig } from "./settings/config.ts";
import { HZ } from "./settings/sysctl-values.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	REPLY,
	STATUS,
	UDP_STREAM_AT,
} from "./table/layout.ts";
import { refresh } from "./table/refresh.ts";
import { IPS_ASSURED, IPS_CONFIRMED, IPS_SEEN_REPLY } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";

/** Traffic both ways for longer than this is a stream, not a question and its answer. */
const STREAM_AFTER = 2 * HZ;

/** Any packet fits; it only prolongs. */
export function trackUdp(
	table: EntryTable,
	config: ConntrackConfig,
	entry: number,
	skb: Skb,
): void {
	const { words, now } = table;
	const at = entry << ENTRY_SHIFT;
	const status = words[at + STATUS] as number;
	const direction = skb.ctinfo >= CTINFO_IS_REPLY ? REPLY : ORIGINAL;
	if ((status & IPS_CONFIRMED) === 0)
		words[at + UDP_STREAM_AT] = now + STREAM_AFTER;
	const isStream =
		(status & IPS_SEEN_REPLY) !== 0 &&
		((now - (words[at + UDP_STREAM_AT] as number)) | 0) > 0;
	if (!isStream) {
		refresh(table, entry, direction, skb, config.udpTimeout);
		return;
	}
	refresh(table, entry, direction, skb, config.udpStreamTimeout);
	words[at + STATUS] = status | IPS_ASSURED;
}
