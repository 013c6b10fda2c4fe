/**
 * What each side of a TCP connection has shown of itself (`struct ip_ct_tcp_state`): how its record
 * is found in an entry, and how it begins. Follows net/netfilter/nf_conntrack_proto_tcp.c (6.1).
 */
import { FIN, SYN, type TcpOptions } from "../../packet/packet.ts";
import { tcpOptionsLength } from "../../packet/packet-length.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import {
	ENTRY_SHIFT,
	REPLY,
	SEEN,
	SEEN_BYTES,
	SEEN_END,
	SEEN_FLAGS_BYTE,
	SEEN_MAX_END,
	SEEN_MAX_WINDOW,
	SEEN_SCALE_BYTE,
	SEEN_WORDS,
} from "../table/layout.ts";
import type { EntryTable } from "../table/table.ts";

// What is known of a side: IP_CT_TCP_FLAG_*, include/uapi/linux/netfilter/nf_conntrack_tcp.h (6.1).
const FLAG_WINDOW_SCALE = 0x01;
export const FLAG_SACK_PERMITTED = 0x02;
/** Sent the first FIN. */
export const FLAG_CLOSE_INIT = 0x04;
export const FLAG_BE_LIBERAL = 0x08;
export const FLAG_DATA_UNACKNOWLEDGED = 0x10;
export const FLAG_MAXACK_SET = 0x20;
/** An ACK may come that challenges a SYN (RFC 5961). */
export const FLAG_EXPECT_CHALLENGE_ACK = 0x40;
export const FLAG_SIMULTANEOUS_OPEN = 0x80;

/** First word of what is known of one side. */
export function sideWords(entry: number, direction: number): number {
	return (entry << ENTRY_SHIFT) + SEEN + direction * SEEN_WORDS;
}

/** The same for its octets. */
export function sideBytes(entry: number, direction: number): number {
	return ((entry << ENTRY_SHIFT) + SEEN) * 4 + direction * SEEN_BYTES;
}

/** Sequence number behind the segment; SYN and FIN count as one octet each. */
export function endOf(skb: Skb): number {
	const flags = skb.tcpFlags;
	return (
		(skb.seq + skb.payload.length + ((flags & SYN) >> 1) + (flags & FIN)) | 0
	);
}

const MAX_SCALE = 14;

/** Window scale that a SYN offers; more than 14 counts as 14 (RFC 7323). */
export function offeredScale(options: TcpOptions): number {
	return Math.min(options.windowScale ?? 0, MAX_SCALE);
}

/** What a SYN offers, as flags. */
export function offeredFlags(options: TcpOptions): number {
	return (
		(options.windowScale === null ? 0 : FLAG_WINDOW_SCALE) |
		(options.sackPermitted ? FLAG_SACK_PERMITTED : 0)
	);
}

/**
 * Notes what a SYN offers (`tcp_options`). A header without any option leaves everything as it was.
 * @param octets index of the side's scale and flags, see `sideBytes`
 */
export function noteOptions(
	bytes: Uint8Array,
	octets: number,
	options: TcpOptions,
): void {
	if (tcpOptionsLength(options) === 0) return;
	bytes[octets + SEEN_SCALE_BYTE] = offeredScale(options);
	bytes[octets + SEEN_FLAGS_BYTE] =
		((bytes[octets + SEEN_FLAGS_BYTE] as number) & FLAG_BE_LIBERAL) |
		offeredFlags(options);
}

/** What a segment says of the side that it comes from, as if nothing had been seen of it. */
export function noteBeginning(
	table: EntryTable,
	entry: number,
	direction: number,
	skb: Skb,
): void {
	const { words, bytes } = table;
	const sender = sideWords(entry, direction);
	const end = endOf(skb);
	words[sender + SEEN_END] = end;
	words[sender + SEEN_MAX_END] = end;
	words[sender + SEEN_MAX_WINDOW] = skb.window === 0 ? 1 : skb.window;
	noteOptions(bytes, sideBytes(entry, direction), skb.tcpOptions);
}

/** A side that opens, or opens again (`tcp_init_sender`). */
export function openSide(
	table: EntryTable,
	entry: number,
	direction: number,
	skb: Skb,
): void {
	noteBeginning(table, entry, direction, skb);
	if (direction !== REPLY) return;
	const { bytes } = table;
	const own = sideBytes(entry, direction);
	const other = sideBytes(entry, 1 - direction);
	const both =
		(bytes[own + SEEN_FLAGS_BYTE] as number) &
		(bytes[other + SEEN_FLAGS_BYTE] as number);
	if ((both & FLAG_WINDOW_SCALE) !== 0) return;
	// Windows are scaled only if both sides said so (RFC 7323).
	bytes[own + SEEN_SCALE_BYTE] = 0;
	bytes[other + SEEN_SCALE_BYTE] = 0;
}
