/** An entry enters the table (`__nf_conntrack_confirm`, net/netfilter/nf_conntrack_core.c, 6.1). */
import type { Choice } from "../chance/choice.ts";
import { ICMP, TCP } from "../packet/packet.ts";
import { NF_ACCEPT, NF_DROP, type Skb } from "../packet/skb.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	TIMEOUT,
	TUPLE_NEXT,
	USE,
	ZONES,
} from "./layout.ts";
import { IPS_CONFIRMED, IPS_DST_NAT_DONE, IPS_SRC_NAT_DONE } from "./status.ts";
import { type EntryTable, tupleAt } from "./table.ts";
import { readTuple, sameTuple, scratchTuple } from "./tuple.ts";

// MIN_CHAINLEN, MAX_CHAINLEN: a longer chain refuses new entries, so that nobody can make one at will.
const LEAST_CHAIN_LIMIT = 50;
const CHAIN_LIMIT_SPREAD = 30;

const CHAIN_IS_FREE = 0;
const CHAIN_TOO_LONG = -1;

const key = scratchTuple();
const other = scratchTuple();

/** @returns NF_ACCEPT, or NF_DROP when there is no place for the packet's entry */
export function confirmEntry(
	table: EntryTable,
	choice: Choice,
	skb: Skb,
): number {
	const { words } = table;
	const { entry } = skb;
	const at = entry << ENTRY_SHIFT;
	const bucket = table.bucket(table.hashOf(entry * 2 + ORIGINAL));
	const replyBucket = table.bucket(table.hashOf(entry * 2 + REPLY));
	let obstacle = walk(table, choice, entry * 2 + ORIGINAL, bucket);
	if (obstacle === CHAIN_IS_FREE)
		obstacle = walk(table, choice, entry * 2 + REPLY, replyBucket);
	if (obstacle === CHAIN_TOO_LONG) return NF_DROP;
	if (obstacle !== CHAIN_IS_FREE)
		return resolveClash(table, skb, obstacle >> 1);
	// It lives from now on, not from when its packet came in.
	words[at + TIMEOUT] = (words[at + TIMEOUT] as number) + table.now;
	words[at + STATUS] = (words[at + STATUS] as number) | IPS_CONFIRMED;
	words[at + USE] = (words[at + USE] as number) + 1;
	table.link(entry * 2 + ORIGINAL, bucket);
	table.link(entry * 2 + REPLY, replyBucket);
	return NF_ACCEPT;
}

/** @returns the node that has the same tuple already, CHAIN_IS_FREE or CHAIN_TOO_LONG */
function walk(
	table: EntryTable,
	choice: Choice,
	node: number,
	bucket: number,
): number {
	const { words } = table;
	let here = table.buckets[bucket] as number;
	if (here === 0) return CHAIN_IS_FREE;
	const base = (node >> 1) << ENTRY_SHIFT;
	const protocol = (words[base + PROTOCOL] as number) & 0xff;
	readTuple(key, words, tupleAt(node), protocol);
	const zones = words[base + ZONES] as number;
	let length = 0;
	let limit = -1;
	while (here !== 0) {
		const next = words[tupleAt(here) + TUPLE_NEXT] as number;
		if (table.hasKey(here, key, zones) && table.living(here) !== 0) return here;
		if (++length > LEAST_CHAIN_LIMIT + 1) {
			// The kernel draws for every confirmation; it matters for chains of this length only.
			if (limit < 0)
				limit =
					LEAST_CHAIN_LIMIT +
					choice.pick(CHAIN_LIMIT_SPREAD, "conntrack chain limit");
			if (length > limit + 1) return CHAIN_TOO_LONG;
		}
		here = next;
	}
	return CHAIN_IS_FREE;
}

/**
 * Another entry has a tuple of this one (`nf_ct_resolve_clash`). With one packet at a time that
 * happens in reply direction only: NAT found no free port, or two zones share their replies. (In
 * original direction the packet would have been given that other entry. So what
 * `nf_ct_resolve_clash_harder` adds cannot be reached: it gives up on a clash in reply direction.)
 */
function resolveClash(table: EntryTable, skb: Skb, winner: number): number {
	const { words } = table;
	const at = winner << ENTRY_SHIFT;
	const own = skb.entry << ENTRY_SHIFT;
	const protocol = (words[at + PROTOCOL] as number) & 0xff;
	// UDP and protocols without a tracker: a packet more or less makes no difference there.
	if (protocol === TCP || protocol === ICMP) return NF_DROP;
	const status = words[at + STATUS] as number;
	const isTranslated = (status & (IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE)) !== 0;
	if (isTranslated && !isSameConnection(words, at, own)) return NF_DROP;
	table.get(winner);
	table.put(skb.entry);
	skb.entry = winner;
	return NF_ACCEPT;
}

/** Both tuples and zones the same (`nf_ct_match`). */
function isSameConnection(words: Int32Array, a: number, b: number): boolean {
	if (words[a + ZONES] !== words[b + ZONES]) return false;
	for (const tuple of [0, REPLY_TUPLE]) {
		readTuple(key, words, a + tuple, (words[a + PROTOCOL] as number) & 0xff);
		readTuple(other, words, b + tuple, (words[b + PROTOCOL] as number) & 0xff);
		if (!sameTuple(key, other)) return false;
	}
	return true;
}
