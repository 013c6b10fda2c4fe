/**
 * TCP packets for which the state table alone is not clever enough: ports used again, packets that
 * conntrack lets pass because it may be out of step, challenges (RFC 5961), simultaneous open, and
 * resets (`nf_conntrack_tcp_packet`, the switch over the new state, 6.1).
 */
import { before } from "../../packet/sequence.ts";
import { NF_ACCEPT, type Skb } from "../../packet/skb/skb.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	REPLY,
	SEEN_END,
	SEEN_FLAGS_BYTE,
	SEEN_MAX_ACK,
	SEEN_MAX_END,
	SEEN_MAX_WINDOW,
	SEEN_SCALE_BYTE,
	STATUS,
	TCP_LAST_ACK,
	TCP_LAST_CLASS_BYTE,
	TCP_LAST_DIRECTION_BYTE,
	TCP_LAST_END,
	TCP_LAST_SCALE_BYTE,
	TCP_LAST_SEQ,
	TCP_LAST_WINDOW,
} from "../table/layout.ts";
import { IPS_ASSURED, IPS_SEEN_REPLY } from "../table/status.ts";
import { TRACK_INVALID, TRACK_REPEAT } from "../table/verdicts.ts";
import type { TcpContext } from "./tcp-context.ts";
import {
	endOf,
	FLAG_BE_LIBERAL,
	FLAG_CLOSE_INIT,
	FLAG_EXPECT_CHALLENGE_ACK,
	FLAG_MAXACK_SET,
	FLAG_SIMULTANEOUS_OPEN,
	offeredFlags,
	offeredScale,
	sideBytes,
	sideWords,
} from "./tcp-sides.ts";
import {
	CLASS_ACK,
	CLASS_RST,
	CLASS_SYN,
	CLASS_SYNACK,
	CLOSE,
	ESTABLISHED,
	FIN_WAIT,
	IGNORE,
	INVALID,
	LAST_ACK,
	SYN_RECV,
	SYN_SENT,
	SYN_SENT2,
	TIME_WAIT,
} from "./tcp-states.ts";

/** Answer of a second look: the window decides. Verdicts are 1 and less. */
export const JUDGE_WINDOW = 2;
/** Answer of a second look: the window does not matter. */
const IN_WINDOW = 3;

/** Closing or closed: such an entry's ports may belong to a new connection already (`tcp_can_early_drop`). */
export function isClosing(state: number): boolean {
	return state >= FIN_WAIT && state <= CLOSE;
}

/** Packets for which the table alone is not clever enough. */
export function handleSpecialState(context: TcpContext, skb: Skb): number {
	switch (context.newState) {
		case SYN_SENT:
			if (context.oldState < TIME_WAIT) return JUDGE_WINDOW;
			return mayReopen(context) ? reopen(context) : ignore(context, skb);
		case IGNORE:
			return ignore(context, skb);
		case INVALID:
			return isProxiedKeepAlive(context, skb) ? NF_ACCEPT : TRACK_INVALID;
		case TIME_WAIT:
			return isChallenge(context) ? NF_ACCEPT : JUDGE_WINDOW;
		case SYN_SENT2:
			context.setLastFlags(context.lastFlags() | FLAG_SIMULTANEOUS_OPEN);
			return JUDGE_WINDOW;
		case SYN_RECV:
			if (
				context.direction === REPLY &&
				context.flagClass === CLASS_ACK &&
				(context.lastFlags() & FLAG_SIMULTANEOUS_OPEN) !== 0
			)
				context.newState = ESTABLISHED;
			return JUDGE_WINDOW;
		case CLOSE:
			return context.flagClass === CLASS_RST
				? reset(context, skb)
				: JUDGE_WINDOW;
		default:
			return JUDGE_WINDOW;
	}
}

/** The client of SYNPROXY reminds of itself while the server has not answered: the SYN to it is sent again. */
function isProxiedKeepAlive(context: TcpContext, skb: Skb): boolean {
	const { table, entry, direction } = context;
	return (
		table.proxied.get(entry) !== undefined &&
		context.oldState === SYN_SENT &&
		context.flagClass === CLASS_ACK &&
		direction === ORIGINAL &&
		context.octet(TCP_LAST_DIRECTION_BYTE) === ORIGINAL &&
		(((table.words[sideWords(entry, direction) + SEEN_END] as number) - 1) |
			0) ===
			skb.seq
	);
}

/** A SYN for a connection that is over: was it closed in order, or aborted by this side? */
function mayReopen(context: TcpContext): boolean {
	const { bytes } = context.table;
	const sides =
		(bytes[sideBytes(context.entry, ORIGINAL) + SEEN_FLAGS_BYTE] as number) |
		(bytes[sideBytes(context.entry, REPLY) + SEEN_FLAGS_BYTE] as number);
	return (
		(sides & FLAG_CLOSE_INIT) !== 0 ||
		(context.octet(TCP_LAST_DIRECTION_BYTE) === context.direction &&
			context.octet(TCP_LAST_CLASS_BYTE) === CLASS_RST)
	);
}

/** The old entry goes, and the packet is looked up again (RFC 1122, 4.2.2.13). */
function reopen(context: TcpContext): number {
	context.table.kill(context.entry);
	return TRACK_REPEAT;
}

/** The ACK that RFC 5961 has a side send to a SYN does not acknowledge the other's FIN. */
function isChallenge(context: TcpContext): boolean {
	const lastFlags = context.lastFlags();
	if (
		context.oldState !== LAST_ACK ||
		context.flagClass !== CLASS_ACK ||
		context.octet(TCP_LAST_DIRECTION_BYTE) === context.direction ||
		context.octet(TCP_LAST_CLASS_BYTE) !== CLASS_SYN ||
		(lastFlags & FLAG_EXPECT_CHALLENGE_ACK) === 0
	)
		return false;
	context.setLastFlags(lastFlags & ~FLAG_EXPECT_CHALLENGE_ACK);
	return true;
}

/**
 * Conntrack may be out of step: the packet passes and is remembered, so that the answer to it
 * tells who is right.
 */
function ignore(context: TcpContext, skb: Skb): number {
	const { words, bytes } = context.table;
	const at = context.entry << ENTRY_SHIFT;
	if (
		context.flagClass === CLASS_SYNACK &&
		context.octet(TCP_LAST_CLASS_BYTE) === CLASS_SYN &&
		context.octet(TCP_LAST_DIRECTION_BYTE) !== context.direction &&
		skb.ack === words[at + TCP_LAST_END]
	) {
		getInStep(context);
		return JUDGE_WINDOW;
	}
	bytes[at * 4 + TCP_LAST_CLASS_BYTE] = context.flagClass;
	bytes[at * 4 + TCP_LAST_DIRECTION_BYTE] = context.direction;
	words[at + TCP_LAST_SEQ] = skb.seq;
	words[at + TCP_LAST_END] = endOf(skb);
	words[at + TCP_LAST_WINDOW] = skb.window;
	if (context.flagClass === CLASS_SYN && context.direction === ORIGINAL) {
		const options = skb.tcpOptions;
		bytes[at * 4 + TCP_LAST_SCALE_BYTE] = offeredScale(options);
		// A SYN on a connection that waits for its last ACK: that ACK may be a challenge instead.
		context.setLastFlags(
			offeredFlags(options) |
				(context.oldState === LAST_ACK ? FLAG_EXPECT_CHALLENGE_ACK : 0),
		);
	}
	if (
		context.oldState === SYN_SENT &&
		context.flagClass === CLASS_ACK &&
		context.direction === REPLY &&
		context.config.behaviour.resetsOutOfStep === "are expected"
	)
		words[at + TCP_LAST_ACK] = skb.ack;
	return NF_ACCEPT;
}

/** A SYN/ACK that answers an ignored SYN: both ends agree, so what the SYN said is taken over. */
function getInStep(context: TcpContext): void {
	const { words, bytes } = context.table;
	const at = context.entry << ENTRY_SHIFT;
	const caller = context.octet(TCP_LAST_DIRECTION_BYTE);
	const end = words[at + TCP_LAST_END] as number;
	const window = words[at + TCP_LAST_WINDOW] as number;
	const calling = sideWords(context.entry, caller);
	const callingOctets = sideBytes(context.entry, caller);
	context.oldState = SYN_SENT;
	context.newState = SYN_RECV;
	words[calling + SEEN_END] = end;
	words[calling + SEEN_MAX_END] = end;
	words[calling + SEEN_MAX_WINDOW] = window === 0 ? 1 : window;
	bytes[callingOctets + SEEN_SCALE_BYTE] = context.octet(TCP_LAST_SCALE_BYTE);
	context.setLastFlags(context.lastFlags() & ~FLAG_EXPECT_CHALLENGE_ACK);
	bytes[callingOctets + SEEN_FLAGS_BYTE] = context.lastFlags();
	forget(context, context.direction);
}

/** `nf_ct_tcp_state_reset` */
function forget(context: TcpContext, direction: number): void {
	const { words, bytes } = context.table;
	const side = sideWords(context.entry, direction);
	const octets = sideBytes(context.entry, direction);
	words[side + SEEN_END] = 0;
	words[side + SEEN_MAX_END] = 0;
	words[side + SEEN_MAX_WINDOW] = 0;
	words[side + SEEN_MAX_ACK] = 0;
	bytes[octets + SEEN_SCALE_BYTE] = 0;
	bytes[octets + SEEN_FLAGS_BYTE] =
		(bytes[octets + SEEN_FLAGS_BYTE] as number) & FLAG_BE_LIBERAL;
}

/** A reset: is it one that the other side would believe? */
function reset(context: TcpContext, skb: Skb): number {
	const { words, bytes } = context.table;
	const at = context.entry << ENTRY_SHIFT;
	const direction = context.direction;
	const { resetsOutOfStep } = context.config.behaviour;
	const expects = resetsOutOfStep === "are expected";
	// The ports may be in use anew, so nothing that is known tells anything about this packet.
	if (expects && isClosing(context.oldState)) return IN_WINDOW;
	const status = words[at + STATUS] as number;
	const lastClass = context.octet(TCP_LAST_CLASS_BYTE);
	const lastDirection = context.octet(TCP_LAST_DIRECTION_BYTE);
	const other = 1 - direction;
	const otherFlags = bytes[
		sideBytes(context.entry, other) + SEEN_FLAGS_BYTE
	] as number;
	// After a SYN that was let through, the greatest acknowledgement may be of another connection.
	const mayBeOfAnother = expects && lastClass === CLASS_SYN;
	if ((otherFlags & FLAG_MAXACK_SET) !== 0 && !mayBeOfAnother) {
		const established =
			context.oldState === ESTABLISHED && (status & IPS_ASSURED) !== 0;
		const maxAck = words[
			sideWords(context.entry, other) + SEEN_MAX_ACK
		] as number;
		// Most likely it answers a SYN that was let through.
		if (expects && skb.seq === 0 && !established) return JUDGE_WINDOW;
		if (before(skb.seq, maxAck) && !context.config.tcpIgnoreInvalidRst)
			return TRACK_INVALID;
		if (!established || skb.seq === maxAck) return JUDGE_WINDOW;
		// Sent right behind data that is not acknowledged yet.
		if (
			lastClass === CLASS_ACK &&
			lastDirection === direction &&
			skb.seq === words[at + TCP_LAST_END]
		)
			return JUDGE_WINDOW;
		// In the window but not exact: the receiver will challenge it, so nothing is closed yet.
		context.newState = context.oldState;
	}
	const answersIgnoredSyn =
		(status & IPS_SEEN_REPLY) !== 0 &&
		lastClass === CLASS_SYN &&
		(lastDirection !== direction || !expects);
	const answersIgnoredAck =
		(status & IPS_ASSURED) === 0 && lastClass === CLASS_ACK;
	if (
		(answersIgnoredSyn || answersIgnoredAck) &&
		skb.ack === words[at + TCP_LAST_END]
	)
		return IN_WINDOW;
	// The caller resets what the challenge of the called side spoke of.
	if (
		expects &&
		context.oldState === SYN_SENT &&
		lastClass === CLASS_ACK &&
		lastDirection === REPLY &&
		skb.seq === words[at + TCP_LAST_ACK]
	)
		return IN_WINDOW;
	return JUDGE_WINDOW;
}
