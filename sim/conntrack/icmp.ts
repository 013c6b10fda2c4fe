/**
 * ICMP connection tracking (net/netfilter/nf_conntrack_proto_icmp.c, 6.1): queries are connections
 * of their own, errors belong to the connection of the packet that they are about.
 */
import { isIcmpError } from "../packet/icmp-names.ts";
import type { Skb } from "../packet/skb/skb.ts";
import {
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	NF_ACCEPT,
} from "../packet/skb/skb.ts";
import type { ConntrackConfig } from "./settings/config.ts";
import { findNode } from "./table/find.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	tupleAt,
} from "./table/layout.ts";
import { refresh } from "./table/refresh.ts";
import type { EntryTable } from "./table/table.ts";
import {
	icmpIsQuery,
	invertTuple,
	scratchTuple,
	tupleOfPacket,
} from "./table/tuple.ts";
import { TRACK_INVALID } from "./table/verdicts.ts";

/** NR_ICMP_TYPES, include/uapi/linux/icmp.h: what is beyond, nobody knows. */
const GREATEST_TYPE = 18;

/** A query or an answer (`nf_conntrack_icmp_packet`). @returns NF_ACCEPT or TRACK_INVALID */
export function trackIcmp(
	table: EntryTable,
	config: ConntrackConfig,
	entry: number,
	direction: number,
	skb: Skb,
): number {
	const ports = table.words[(entry << ENTRY_SHIFT) + TUPLE_PORTS] as number;
	// An answer that nobody asked for begins nothing.
	if (!icmpIsQuery((ports >>> 8) & 0xff)) return TRACK_INVALID;
	refresh(table, entry, direction, skb, config.icmpTimeout);
	return NF_ACCEPT;
}

const about = scratchTuple();

/**
 * Before a message is looked up: errors are tracked by what they are about
 * (`nf_conntrack_icmpv4_error`, `nf_conntrack_inet_error`).
 * @returns TRACK_INVALID, or NF_ACCEPT: then it carries an entry if it was an error, and is to be
 * looked up like any packet if it was not
 */
export function trackIcmpError(
	table: EntryTable,
	zones: number,
	skb: Skb,
): number {
	if (skb.icmpType > GREATEST_TYPE) return TRACK_INVALID;
	if (!isIcmpError(skb.icmpType)) return NF_ACCEPT;
	if (skb.about === null) return TRACK_INVALID;
	if (!tupleOfPacket(about, skb.about)) return TRACK_INVALID;
	if (!invertTuple(about, about)) return TRACK_INVALID;
	const node = findNode(table, about, zones);
	if (node === 0) return TRACK_INVALID;
	// It has to go where the packet came from; else anybody could speak of anybody's connections.
	if (skb.destination !== table.words[tupleAt(node) + TUPLE_DESTINATION])
		return TRACK_INVALID;
	const entry = node >> 1;
	table.get(entry);
	skb.entry = entry;
	skb.ctinfo = (node & 1) === ORIGINAL ? CTINFO_RELATED : CTINFO_RELATED_REPLY;
	return NF_ACCEPT;
}
