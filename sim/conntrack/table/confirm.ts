/** An entry enters the table (`__nf_conntrack_confirm`, net/netfilter/nf_conntrack_core.c, 6.1). */
import type { Choice } from "../../chance/choice.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { DCCP, GRE, HZ, SCTP } from "../../kernel.ts";
import { type Behaviour, notFollowed } from "../../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../../linux/difference.ts";
import { ICMP, TCP, UDP } from "../../packet/packet.ts";
import { NF_ACCEPT, type Skb } from "../../packet/skb/skb.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	TIMEOUT,
	TUPLE_NEXT,
	tupleAt,
	USE,
	ZONES,
} from "./layout.ts";
import {
	IPS_CONFIRMED,
	IPS_DST_NAT,
	IPS_DST_NAT_DONE,
	IPS_FIXED_TIMEOUT,
	IPS_NAT_CLASH,
	IPS_SRC_NAT,
	IPS_SRC_NAT_DONE,
} from "./status.ts";
import type { EntryTable } from "./table.ts";
import { readTuple, sameTuple, scratchTuple } from "./tuple.ts";
import { type ConntrackDropReason, dropFor } from "./verdicts.ts";

// MIN_CHAINLEN, MAX_CHAINLEN: a longer chain refuses new entries, so that nobody can make one at will.
const LEAST_CHAIN_LIMIT = 50;
const CHAIN_LIMIT_SPREAD = 30;

const key = scratchTuple();
const other = scratchTuple();

export interface Confirming {
	readonly choice: Choice;
	readonly behaviour: Behaviour;
}

/** @returns NF_ACCEPT, or NF_DROP when there is no place for the packet's entry */
export function confirmEntry(
	table: EntryTable,
	confirming: Confirming,
	skb: Skb,
): number {
	const { behaviour } = confirming;
	const { words } = table;
	const { entry } = skb;
	const at = entry << ENTRY_SHIFT;
	const { index } = table;
	const original = entry * 2 + ORIGINAL;
	const reply = entry * 2 + REPLY;
	const chain = index.chainOfNode(words, original);
	const replyChain = index.chainOfNode(words, reply);
	const taken =
		nodeWithSameTuple(table, original, chain) ||
		nodeWithSameTuple(table, reply, replyChain);
	// Whoever looks for a connection removes what has expired; here nobody looks whether it has.
	if (taken !== 0 && table.isExpired(taken >> 1))
		throw new UnknownSignal(
			"a new connection has the addresses and ports of one that has expired: whether the kernel has removed that by then depends on when it last tidied up (gc_worker, nf_conntrack_core.c)",
		);
	if (taken !== 0)
		return mayClash((words[at + PROTOCOL] as number) & 0xff, behaviour)
			? resolveClash({ table, behaviour, replyChain }, skb, taken >> 1)
			: dropFor(clashOf(words, at));
	if (
		isTooLong(confirming, index.lengthAround(chain)) ||
		isTooLong(confirming, index.lengthAround(replyChain))
	)
		return dropFor("hash chain too long");
	// It lives from now on, not from when its packet came in.
	words[at + TIMEOUT] = (words[at + TIMEOUT] as number) + table.now;
	words[at + STATUS] = (words[at + STATUS] as number) | IPS_CONFIRMED;
	words[at + USE] = (words[at + USE] as number) + 1;
	index.link(words, original, chain);
	index.link(words, reply, replyChain);
	return NF_ACCEPT;
}

/** Would the entry find one of its tuples taken, were it confirmed now? */
export function hasClash(table: EntryTable, entry: number): boolean {
	return [ORIGINAL, REPLY].some((direction) => {
		const node = entry * 2 + direction;
		const chain = table.index.chainOfNode(table.words, node);
		const taken = nodeWithSameTuple(table, node, chain);
		return taken !== 0 && table.living(taken) !== 0;
	});
}

/** @returns the node of an entry that has the same tuple already, or 0 */
function nodeWithSameTuple(
	table: EntryTable,
	node: number,
	chain: number,
): number {
	const { words } = table;
	let here = table.index.heads[chain] as number;
	if (here === 0) return 0;
	const base = (node >> 1) << ENTRY_SHIFT;
	const protocol = (words[base + PROTOCOL] as number) & 0xff;
	readTuple(key, words, tupleAt(node), protocol);
	const zones = words[base + ZONES] as number;
	while (here !== 0) {
		if (table.hasKey(here, key, zones)) return here;
		here = words[tupleAt(here) + TUPLE_NEXT] as number;
	}
	return 0;
}

/** The kernel draws the limit for every confirmation; it matters for chains of this length only. */
function isTooLong({ choice, behaviour }: Confirming, length: number): boolean {
	if (length <= LEAST_CHAIN_LIMIT + 1) return false;
	if (behaviour.crowdedTable === NOT_FOLLOWED)
		throw new UnknownSignal(notFollowed("crowdedTable"));
	choice.unseen?.("hash");
	const spread = choice.pick(CHAIN_LIMIT_SPREAD, "conntrack chain limit");
	return length > LEAST_CHAIN_LIMIT + spread + 1;
}

/** Has the protocol's tracker `allow_clash`? With the others a packet more or less makes a difference. */
export function mayClash(protocol: number, behaviour: Behaviour): boolean {
	switch (protocol) {
		case UDP:
			return true;
		case ICMP:
			return behaviour.clashOfEchoes === "resolved";
		case TCP:
		case SCTP:
		case DCCP:
		case GRE:
			return false;
		default:
			return behaviour.clashOfOthers === "resolved";
	}
}

interface Clash {
	readonly table: EntryTable;
	readonly behaviour: Behaviour;
	readonly replyChain: number;
}

/**
 * Another entry has a tuple of this one (`nf_ct_resolve_clash`). In original direction, the other one's
 * packet was in the gateway at the same time; else this one would have been given that entry. In reply
 * direction NAT may also have found no free port, or two zones share their replies.
 */
function resolveClash(clash: Clash, skb: Skb, winner: number): number {
	const { table, replyChain } = clash;
	const { words } = table;
	const own = skb.entry << ENTRY_SHIFT;
	if (joins(clash, skb, winner)) return NF_ACCEPT;
	const reply = skb.entry * 2 + REPLY;
	const taken = nodeWithSameTuple(table, reply, replyChain);
	if (taken === 0) {
		confirmReplies(table, skb.entry, replyChain);
		return NF_ACCEPT;
	}
	return joins(clash, skb, taken >> 1)
		? NF_ACCEPT
		: dropFor(clashOf(words, own));
}

/**
 * The packet takes the other entry for its own where that changes nothing for it: no translation, or
 * the same one (`__nf_ct_resolve_clash`, `nf_ct_can_merge` of 6.12).
 */
function joins({ table, behaviour }: Clash, skb: Skb, winner: number): boolean {
	const { words } = table;
	const at = winner << ENTRY_SHIFT;
	const own = skb.entry << ENTRY_SHIFT;
	if (!isSameConnection(words, at, own)) {
		const status = words[at + STATUS] as number;
		const joinsAlso =
			behaviour.clashOfOpposites === "resolved"
				? isOppositeConnection(words, at, own)
				: (status & (IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE)) === 0;
		if (!joinsAlso) return false;
	}
	table.mergeCounters(winner, skb.entry);
	table.get(winner);
	table.put(skb.entry);
	skb.entry = winner;
	return true;
}

/**
 * Packets in original direction are the other entry's from now on. This one translates the replies to
 * its first packet, for a second (`nf_ct_resolve_clash_harder`).
 */
function confirmReplies(
	table: EntryTable,
	entry: number,
	replyChain: number,
): void {
	const { words } = table;
	const at = entry << ENTRY_SHIFT;
	words[at + TIMEOUT] = table.now + HZ;
	words[at + STATUS] =
		(words[at + STATUS] as number) |
		IPS_FIXED_TIMEOUT |
		IPS_NAT_CLASH |
		IPS_CONFIRMED;
	words[at + USE] = (words[at + USE] as number) + 1;
	table.index.link(words, entry * 2 + REPLY, replyChain);
}

/** An entry that NAT has changed found no port of its own; others clash by their zones. */
function clashOf(words: Int32Array, at: number): ConntrackDropReason {
	const isChanged =
		((words[at + STATUS] as number) & (IPS_SRC_NAT | IPS_DST_NAT)) !== 0;
	return isChanged ? "port taken" : "unconfirmed clash";
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

/** Each one's original tuple is the other's reply (`nf_ct_match_reverse`). */
function isOppositeConnection(
	words: Int32Array,
	a: number,
	b: number,
): boolean {
	const zones = words[b + ZONES] as number;
	if (words[a + ZONES] !== ((zones << 16) | (zones >>> 16))) return false;
	const protocol = (words[a + PROTOCOL] as number) & 0xff;
	readTuple(key, words, a, protocol);
	readTuple(other, words, b + REPLY_TUPLE, protocol);
	if (!sameTuple(key, other)) return false;
	readTuple(key, words, a + REPLY_TUPLE, protocol);
	readTuple(other, words, b, protocol);
	return sameTuple(key, other);
}
