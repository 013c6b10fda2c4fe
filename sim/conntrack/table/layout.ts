/**
 * Where things stand in an entry. All entries lie in one `Int32Array`, each in 32 words, so that an
 * entry is exactly two cache lines: the first holds what every lookup and every NAT needs, the
 * second the protocol's own state. Fields follow `struct nf_conn` and `struct ip_ct_tcp`
 * (include/net/netfilter/nf_conntrack.h, include/linux/netfilter/nf_conntrack_tcp.h, 6.1).
 *
 * A *node* is one of an entry's two tuples as it hangs in a hash chain (`nf_conntrack_tuple_hash`):
 * entry * 2 + direction. Entry 0 is never used, so that 0 ends every chain and an empty bucket is a
 * zero.
 */

import { SCTP } from "../../kernel.ts";
import { TCP, UDP } from "../../packet/packet.ts";

/** Entry number << ENTRY_SHIFT is the index of its first word. */
export const ENTRY_SHIFT = 5;
export const ENTRY_WORDS = 1 << ENTRY_SHIFT;

export const ORIGINAL = 0;
export const REPLY = 1;

// A tuple is four words: two addresses, both ports in one word, and the next node of its chain.
// The original one stands at word 0, the one in reply direction at word 4.
export const TUPLE_SOURCE = 0;
export const TUPLE_DESTINATION = 1;
/** Source port << 16 | destination port; ICMP: identifier << 16 | type << 8 | code. */
export const TUPLE_PORTS = 2;
export const TUPLE_NEXT = 3;
export const REPLY_TUPLE = 4;

/** IPS_* (`status.ts`), and above them HAS_COUNTERS. */
export const STATUS = 8;
/**
 * In jiffies. The moment at which the entry expires once it is confirmed, before that how long it
 * is to live from its confirmation on.
 */
export const TIMEOUT = 9;
export const MARK = 10;
/** Number of the protocol; from bit 8 on the interface that a masquerade belongs to. */
export const PROTOCOL = 11;
/** Zone of the original direction << 16 | zone of the reply direction. */
export const ZONES = 12;
/** References: one from the table, one from each packet that carries the entry. */
export const USE = 13;
/** Chain by original source, doubly linked: one source may have very many entries. Entry numbers. */
export const BY_SOURCE_NEXT = 15;
export const BY_SOURCE_PREVIOUS = 31;

/** Index of the first word of a node's tuple. */
export function tupleAt(node: number): number {
	return ((node >> 1) << ENTRY_SHIFT) + (node & 1) * REPLY_TUPLE;
}

/** Zone of one direction, out of a ZONES word. */
export function zoneOf(zones: number, direction: number): number {
	return direction === ORIGINAL ? zones >>> 16 : zones & 0xffff;
}

/** UDP: from this moment (jiffies) on, traffic is a stream. */
export const UDP_STREAM_AT = 16;

/** SCTP: the verification tag of packets in original direction, then of those in reply direction. */
export const SCTP_TAGS = 16;
/** State, and flags behind it. */
export const SCTP_STATE = 18;
export const SCTP_FLAGS = 19;

// What each side of a TCP connection has shown: five words, the original direction's first.
export const SEEN = 16;
export const SEEN_WORDS = 5;
/** Greatest seq + length sent. */
export const SEEN_END = 0;
/** Greatest ack + window that the other side granted. */
export const SEEN_MAX_END = 1;
/** Greatest window announced. */
export const SEEN_MAX_WINDOW = 2;
/** Greatest ack sent; only with TCP_FLAG_MAXACK_SET. */
export const SEEN_MAX_ACK = 3;
// The fifth word holds octets, indexed in a Uint8Array over the same memory.
export const SEEN_SCALE_BYTE = 16;
export const SEEN_FLAGS_BYTE = 17;
/** Octets from one side's scale and flags to the other's. */
export const SEEN_BYTES = SEEN_WORDS * 4;

// The last packet, to detect retransmissions and to remember packets that were let through unseen.
/** Word of four octets. */
const TCP_STATE_WORD = 26;
export const TCP_STATE_BYTE = TCP_STATE_WORD * 4;
export const TCP_LAST_DIRECTION_BYTE = TCP_STATE_BYTE + 1;
export const TCP_RETRANSMISSIONS_BYTE = TCP_STATE_BYTE + 2;
export const TCP_LAST_CLASS_BYTE = TCP_STATE_BYTE + 3;
export const TCP_LAST_SEQ = 27;
export const TCP_LAST_ACK = 28;
export const TCP_LAST_END = 29;
export const TCP_LAST_WINDOW = 30;
/** Two octets that the original direction's scale and flags leave free. */
export const TCP_LAST_SCALE_BYTE = SEEN * 4 + SEEN_SCALE_BYTE + 2;
export const TCP_LAST_FLAGS_BYTE = SEEN * 4 + SEEN_SCALE_BYTE + 3;

/** In STATUS: the entry was made while traffic was counted (`nf_ct_acct_ext_add`). Not the kernel's. */
export const HAS_COUNTERS = 1 << 16;
/** In STATUS: the entry was made while a rule asked for labels (`nf_ct_labels_ext_add`). Not the kernel's. */
export const HAS_LABELS = 1 << 17;
/** In STATUS: SYNPROXY has opened the connection (`nf_ct_add_synproxy`). Not the kernel's. */
export const IS_PROXIED = 1 << 18;
export const KERNEL_STATUS_MASK = 0xffff;

/** Words of every entry that hold state: all but the links of its chains. */
const SEEN_OF_ALL = [
	...from(TUPLE_SOURCE, TUPLE_NEXT),
	...from(REPLY_TUPLE + TUPLE_SOURCE, REPLY_TUPLE + TUPLE_NEXT),
	...from(STATUS, USE + 1),
];
/** Those of a protocol's own state. */
const SEEN_OF: Readonly<Record<number, readonly number[]>> = {
	[TCP]: from(SEEN, BY_SOURCE_PREVIOUS),
	[UDP]: [UDP_STREAM_AT],
	[SCTP]: from(SCTP_TAGS, SCTP_FLAGS + 1),
};

function from(first: number, end: number): readonly number[] {
	return Array.from({ length: end - first }, (_, index) => first + index);
}

/** Words of an entry that hold state. */
export function seenWords(protocol: number): readonly number[] {
	return [...SEEN_OF_ALL, ...(SEEN_OF[protocol] ?? [])];
}

/** What later packets depend on, of a word: moments from now on, and retransmissions up to those that count. */
export interface FlowView {
	/** In jiffies. */
	readonly now: number;
	/** More of them make no difference. */
	readonly mostRetransmissions: number;
}

export function flowWord(
	word: number,
	protocol: number,
	value: number,
	{ now, mostRetransmissions }: FlowView,
): number {
	if (word === TIMEOUT || (word === UDP_STREAM_AT && protocol === UDP))
		return (value - now) | 0;
	if (word !== TCP_STATE_WORD || protocol !== TCP) return value;
	const shift = (TCP_RETRANSMISSIONS_BYTE - TCP_STATE_BYTE) * 8;
	const counted = Math.min((value >>> shift) & 0xff, mostRetransmissions);
	return (value & ~(0xff << shift)) | (counted << shift);
}
