/**
 * Is a TCP segment where it may be? Conntrack keeps, for each side, how far it has sent and how far
 * the other let it (`tcp_in_window`, net/netfilter/nf_conntrack_proto_tcp.c, 6.1, after Guido van
 * Rooij, "Real Stateful TCP Packet Filtering in IP Filter"):
 *
 * 1. data does not begin beyond what the receiver allowed:  seq ≤ sender.maxEnd
 * 2. data is not all older than a window:                   seq + len ≥ sender.end − receiver.maxWindow
 * 3. nothing is acknowledged that was not sent:             ack ≤ receiver.end
 * 4. nothing is acknowledged that is long past:             ack ≥ receiver.end − a window
 *
 * Sequence numbers are compared serially: `(a - b) | 0`. Where SYNPROXY has opened the
 * connection, what the client acknowledges is counted as the server does (`nf_ct_seq_offset`).
 */
import { ACK, RST, SYN, type TcpOptions } from "../../packet/packet.ts";
import { after, before } from "../../packet/sequence.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import {
	ENTRY_SHIFT,
	REPLY,
	SEEN_END,
	SEEN_FLAGS_BYTE,
	SEEN_MAX_ACK,
	SEEN_MAX_END,
	SEEN_MAX_WINDOW,
	SEEN_SCALE_BYTE,
	TCP_LAST_ACK,
	TCP_LAST_DIRECTION_BYTE,
	TCP_LAST_END,
	TCP_LAST_SEQ,
	TCP_LAST_WINDOW,
	TCP_RETRANSMISSIONS_BYTE,
	TCP_STATE_BYTE,
} from "../table/layout.ts";
import type { TcpContext } from "./tcp-context.ts";
import {
	endOf,
	FLAG_BE_LIBERAL,
	FLAG_DATA_UNACKNOWLEDGED,
	FLAG_MAXACK_SET,
	FLAG_SACK_PERMITTED,
	noteBeginning,
	openSide,
	sideBytes,
	sideWords,
} from "./tcp-sides.ts";
import { CLASS_ACK, SYN_RECV, SYN_SENT } from "./tcp-states.ts";

export const WINDOW_ACCEPT = 0;
/** Passes, and changes nothing. */
export const WINDOW_IGNORE = 1;
const WINDOW_INVALID = 2;
/** Within all four rules: both sides learn from it. */
const IN_WINDOW = 3;

/** An acknowledgement may always be this far behind the greatest number sent (MAXACKWINDOW). */
const MIN_ACK_WINDOW = 66000;

/** Takes the right edge of the last selective block for the acknowledgement (`tcp_sack`). */
function rightmostSack(options: TcpOptions, ack: number): number {
	let greatest = ack;
	for (const [, right] of options.sack)
		if (after(right, greatest)) greatest = right | 0;
	return greatest;
}

/** First packet of this side, and no SYN: what is unknown is taken from the packet. */
function pickUpSide(context: TcpContext, skb: Skb): void {
	const { entry, direction, end, sack } = context;
	const { words, bytes } = context.table;
	const sender = sideWords(entry, direction);
	const receiver = sideWords(entry, 1 - direction);
	const scale = bytes[sideBytes(entry, direction) + SEEN_SCALE_BYTE] as number;
	const window = skb.window << scale;
	words[sender + SEEN_END] = end;
	words[sender + SEEN_MAX_WINDOW] = window === 0 ? 1 : window;
	words[sender + SEEN_MAX_END] = end + (window === 0 ? 1 : window);
	if (words[receiver + SEEN_MAX_WINDOW] === 0) {
		// Nothing came from there yet: rules 3 and 4 must not fail for that.
		words[receiver + SEEN_END] = sack;
		words[receiver + SEEN_MAX_END] = sack;
	} else if (sack === (((words[receiver + SEEN_END] as number) + 1) | 0)) {
		// Answers a keep-alive, it seems; rule 3 would fail by that one octet.
		words[receiver + SEEN_END] = sack;
	}
}

/**
 * Notes a side's beginnings, from a SYN or from the first packet that was seen of it.
 * @returns true for a SYN of the called side: nothing more is to be judged
 */
function beginSide(context: TcpContext, skb: Skb): boolean {
	const { table, entry, direction } = context;
	const { words, bytes } = table;
	const sender = sideWords(entry, direction);
	const isSyn = (skb.tcpFlags & SYN) !== 0;
	const isAck = (skb.tcpFlags & ACK) !== 0;
	if (words[sender + SEEN_MAX_WINDOW] === 0) {
		if (isSyn) openSide(table, entry, direction, skb);
		else pickUpSide(context, skb);
		return isSyn && !isAck;
	}
	if (!after(context.end, words[sender + SEEN_END] as number)) return false;
	const state = bytes[(entry << ENTRY_SHIFT) * 4 + TCP_STATE_BYTE] as number;
	// Opens again with numbers beyond those of the last attempt (RFC 793); options may differ too.
	if (context.config.behaviour.beginsAgain === "any segment") {
		if (state === (direction === REPLY ? SYN_RECV : SYN_SENT))
			noteBeginning(table, entry, direction, skb);
		return false;
	}
	if (!isSyn || (state !== SYN_SENT && state !== SYN_RECV)) return false;
	openSide(table, entry, direction, skb);
	return direction === REPLY && !isAck;
}

/** Judges a segment, and learns from one that is in its window. @returns WINDOW_* */
export function judgeWindow(context: TcpContext, skb: Skb): number {
	const { entry, direction } = context;
	const { words, bytes } = context.table;
	const sender = sideWords(entry, direction);
	context.seq = skb.seq;
	const offset = direction === REPLY ? 0 : context.table.sequenceOffset(entry);
	context.ack = (skb.ack - offset) | 0;
	context.end = endOf(skb);
	context.sack =
		(sackOf(skb, bytes, sideBytes(entry, 1 - direction)) - offset) | 0;
	const mayBegin =
		(skb.tcpFlags & SYN) !== 0 ||
		words[sender + SEEN_MAX_WINDOW] === 0 ||
		context.config.behaviour.beginsAgain === "any segment";
	if (mayBegin && beginSide(context, skb)) return WINDOW_ACCEPT;
	readMeaning(context, skb);
	const judgement = placeInWindow(context);
	if (judgement !== IN_WINDOW) return judgement;
	learn(context, skb);
	if (context.flagClass === CLASS_ACK)
		countRetransmissions(context, skb.window);
	return WINDOW_ACCEPT;
}

/** Replaces fields of the segment that mean nothing. */
function readMeaning(context: TcpContext, { tcpFlags }: Skb): void {
	const { entry, direction } = context;
	const { words } = context.table;
	const receiver = sideWords(entry, 1 - direction);
	const isReset = (tcpFlags & RST) !== 0;
	// No ACK, or a reset of a stack that leaves the field zero: as if all were acknowledged.
	if ((tcpFlags & ACK) === 0 || (isReset && context.ack === 0)) {
		context.ack = words[receiver + SEEN_END] as number;
		context.sack = context.ack;
	}
	// A reset that answers a SYN, of a stack that leaves the sequence number zero.
	if (
		isReset &&
		context.seq === 0 &&
		context.octet(TCP_STATE_BYTE) === SYN_SENT
	) {
		context.seq = words[sideWords(entry, direction) + SEEN_END] as number;
		context.end = context.seq;
	}
}

/** The four rules. @returns IN_WINDOW, or what becomes of a segment that is not in its window */
function placeInWindow(context: TcpContext): number {
	const { entry, direction, seq, end, sack } = context;
	const { words, bytes } = context.table;
	const sender = sideWords(entry, direction);
	const receiver = sideWords(entry, 1 - direction);
	const own = sideBytes(entry, direction);
	const senderEnd = words[sender + SEEN_END] as number;
	const receiverEnd = words[receiver + SEEN_END] as number;
	const flags = bytes[own + SEEN_FLAGS_BYTE] as number;
	const liberal =
		context.config.tcpBeLiberal || (flags & FLAG_BE_LIBERAL) !== 0;
	const maxEnd = words[sender + SEEN_MAX_END] as number;
	const ownWindow = words[sender + SEEN_MAX_WINDOW] as number;
	const ackWindow =
		ownWindow >>> 0 > MIN_ACK_WINDOW ? ownWindow : MIN_ACK_WINDOW;
	const receiverWindow = words[receiver + SEEN_MAX_WINDOW] as number;
	const notTooOld = after(end, senderEnd - receiverWindow - 1);
	const ackNotTooNew = before(sack, receiverEnd + 1);
	const ackNotTooOld = after(sack, receiverEnd - ackWindow - 1);

	const isJudgedStrictly =
		context.config.behaviour.outOfWindow === "all are invalid";
	if (isJudgedStrictly) {
		const isIn =
			before(seq, maxEnd + 1) &&
			(receiverWindow === 0 || notTooOld) &&
			ackNotTooNew &&
			ackNotTooOld;
		if (isIn) return IN_WINDOW;
		return liberal ? WINDOW_ACCEPT : WINDOW_INVALID;
	}
	if (!before(seq, maxEnd + 1)) {
		const overshot = (end - maxEnd + 1) >>> 0;
		if (
			receiverWindow === 0 ||
			overshot > receiverWindow >>> 0 ||
			!(notTooOld && ackNotTooOld && ackNotTooNew)
		)
			return liberal ? WINDOW_ACCEPT : WINDOW_INVALID;
		// A little more than allowed. If the rules let it pass, its acknowledgement must pass later.
		words[sender + SEEN_END] = end;
		bytes[own + SEEN_FLAGS_BYTE] = flags | FLAG_DATA_UNACKNOWLEDGED;
		return liberal ? WINDOW_ACCEPT : WINDOW_IGNORE;
	}
	if (!ackNotTooNew) return liberal ? WINDOW_ACCEPT : WINDOW_INVALID;
	if ((receiverWindow !== 0 && !notTooOld) || !ackNotTooOld)
		return liberal ? WINDOW_ACCEPT : WINDOW_IGNORE;

	return IN_WINDOW;
}

/** Rightmost edge that is acknowledged. @param other octets of the receiver, see `sideBytes` */
function sackOf(skb: Skb, bytes: Uint8Array, other: number): number {
	const { sack } = skb.tcpOptions;
	return sack.length !== 0 &&
		((bytes[other + SEEN_FLAGS_BYTE] as number) & FLAG_SACK_PERMITTED) !== 0
		? rightmostSack(skb.tcpOptions, skb.ack)
		: skb.ack;
}

/** Takes over what a segment in its window says of both sides. */
function learn(context: TcpContext, skb: Skb): void {
	const { entry, direction, ack, sack, end } = context;
	const { words, bytes } = context.table;
	const sender = sideWords(entry, direction);
	const receiver = sideWords(entry, 1 - direction);
	const own = sideBytes(entry, direction);
	const receiverFlags = sideBytes(entry, 1 - direction) + SEEN_FLAGS_BYTE;
	// A SYN's window is never scaled.
	const window =
		(skb.tcpFlags & SYN) !== 0
			? skb.window
			: skb.window << (bytes[own + SEEN_SCALE_BYTE] as number);
	let flags = bytes[own + SEEN_FLAGS_BYTE] as number;

	const granted = (window + (sack - ack)) | 0;
	if ((words[sender + SEEN_MAX_WINDOW] as number) >>> 0 < granted >>> 0)
		words[sender + SEEN_MAX_WINDOW] = granted;
	if (after(end, words[sender + SEEN_END] as number)) {
		words[sender + SEEN_END] = end;
		flags |= FLAG_DATA_UNACKNOWLEDGED;
	}
	if ((skb.tcpFlags & ACK) !== 0) {
		if ((flags & FLAG_MAXACK_SET) === 0) {
			words[sender + SEEN_MAX_ACK] = ack;
			flags |= FLAG_MAXACK_SET;
		} else if (after(ack, words[sender + SEEN_MAX_ACK] as number))
			words[sender + SEEN_MAX_ACK] = ack;
	}
	bytes[own + SEEN_FLAGS_BYTE] = flags;

	const maxEnd = words[sender + SEEN_MAX_END] as number;
	const receiverWindow = words[receiver + SEEN_MAX_WINDOW] as number;
	if (receiverWindow !== 0 && after(end, maxEnd))
		words[receiver + SEEN_MAX_WINDOW] = receiverWindow + ((end - maxEnd) | 0);
	const allowed = sack + window;
	if (after(allowed, (words[receiver + SEEN_MAX_END] as number) - 1))
		words[receiver + SEEN_MAX_END] = window === 0 ? allowed + 1 : allowed;
	if (ack === words[receiver + SEEN_END])
		bytes[receiverFlags] =
			(bytes[receiverFlags] as number) & ~FLAG_DATA_UNACKNOWLEDGED;
}

/** The very same segment again and again: the other side does not answer any more. */
function countRetransmissions(context: TcpContext, window: number): void {
	const { entry, direction, seq, ack, end } = context;
	const { words, bytes } = context.table;
	const at = entry << ENTRY_SHIFT;
	const octets = at * 4;
	if (
		bytes[octets + TCP_LAST_DIRECTION_BYTE] === direction &&
		words[at + TCP_LAST_SEQ] === seq &&
		words[at + TCP_LAST_ACK] === ack &&
		words[at + TCP_LAST_END] === end &&
		words[at + TCP_LAST_WINDOW] === window
	) {
		// An octet, and it wraps, there as here.
		bytes[octets + TCP_RETRANSMISSIONS_BYTE] =
			(bytes[octets + TCP_RETRANSMISSIONS_BYTE] as number) + 1;
		return;
	}
	bytes[octets + TCP_LAST_DIRECTION_BYTE] = direction;
	words[at + TCP_LAST_SEQ] = seq;
	words[at + TCP_LAST_ACK] = ack;
	words[at + TCP_LAST_END] = end;
	words[at + TCP_LAST_WINDOW] = window;
	bytes[octets + TCP_RETRANSMISSIONS_BYTE] = 0;
}
