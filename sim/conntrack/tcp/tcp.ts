/**
 * TCP connection tracking (`nf_conntrack_tcp_packet`, net/netfilter/nf_conntrack_proto_tcp.c, 6.1):
 * the state table decides where a packet leads, some packets get a second look, the window is
 * judged, and what is left changes the entry. Truncated headers are not modelled.
 */
import { HZ } from "../../kernel.ts";
import { ACK, FIN, RST, SYN, TCP, URG } from "../../packet/packet.ts";
import { CTINFO_IS_REPLY, NF_ACCEPT, type Skb } from "../../packet/skb/skb.ts";
import type { ConntrackConfig } from "../settings/config.ts";
import {
	BY_SOURCE_PREVIOUS,
	ENTRY_SHIFT,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	SEEN,
	SEEN_END,
	SEEN_FLAGS_BYTE,
	SEEN_MAX_END,
	SEEN_MAX_WINDOW,
	SEEN_WORDS,
	STATUS,
	TCP_LAST_CLASS_BYTE,
	TCP_LAST_DIRECTION_BYTE,
	TCP_LAST_WINDOW,
	TCP_RETRANSMISSIONS_BYTE,
	TCP_STATE_BYTE,
	TIMEOUT,
} from "../table/layout.ts";
import { IPS_ASSURED, IPS_CONFIRMED, IPS_SEEN_REPLY } from "../table/status.ts";
import type { EntryTable } from "../table/table.ts";
import { TRACK_INVALID } from "../table/verdicts.ts";
import { handleSpecialState, JUDGE_WINDOW } from "./special-cases.ts";
import { TcpContext } from "./tcp-context.ts";
import {
	endOf,
	FLAG_BE_LIBERAL,
	FLAG_CLOSE_INIT,
	FLAG_DATA_UNACKNOWLEDGED,
	FLAG_SACK_PERMITTED,
	noteOptions,
	sideBytes,
	sideWords,
} from "./tcp-sides.ts";
import {
	CLASS_ACK,
	CLASS_FIN,
	CLASS_NONE,
	CLASS_RST,
	CLASS_SYN,
	CLASS_SYNACK,
	CLOSE,
	ESTABLISHED,
	FIN_WAIT,
	INVALID,
	SYN_RECV,
	SYN_SENT,
	TCP_TRANSITION_TABLE,
	transitionIndex,
} from "./tcp-states.ts";
import { judgeWindow, WINDOW_ACCEPT, WINDOW_IGNORE } from "./tcp-window.ts";

/** Combinations that occur; PSH, ECE and CWR may stand beside any (`tcp_valid_flags`). */
const VALID_FLAGS = new Uint8Array(64);
for (const flags of [
	SYN,
	SYN | URG,
	SYN | ACK,
	RST,
	RST | ACK,
	FIN | ACK,
	FIN | ACK | URG,
	ACK,
	ACK | URG,
])
	VALID_FLAGS[flags] = 1;
const CHECKED_FLAGS = FIN | SYN | RST | ACK | URG;

/** RST before SYN before FIN before ACK (`get_conntrack_index`). */
function classOf(flags: number): number {
	if ((flags & RST) !== 0) return CLASS_RST;
	if ((flags & SYN) !== 0)
		return (flags & ACK) !== 0 ? CLASS_SYNACK : CLASS_SYN;
	if ((flags & FIN) !== 0) return CLASS_FIN;
	return (flags & ACK) !== 0 ? CLASS_ACK : CLASS_NONE;
}

/** TCP's part of conntrack. */
export class TcpTracker {
	readonly #table: EntryTable;
	readonly #context: TcpContext;

	constructor(table: EntryTable, config: ConntrackConfig) {
		this.#table = table;
		this.#context = new TcpContext(table, config);
	}

	/** Settings have changed. */
	tune(config: ConntrackConfig): void {
		this.#context.config = config;
	}

	/**
	 * What a packet does to its entry.
	 * @returns NF_ACCEPT, TRACK_INVALID, or TRACK_REPEAT when the entry is gone and the packet begins
	 * a new one. (NF_DROP is for an entry that another processor is removing: there is none here.)
	 */
	packet(skb: Skb): number {
		const { entry } = skb;
		const flags = skb.tcpFlags;
		if (VALID_FLAGS[flags & CHECKED_FLAGS] === 0) return TRACK_INVALID;
		const context = this.#context;
		const status = this.#table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		const flagClass = classOf(flags);
		if ((status & IPS_CONFIRMED) === 0 && !this.#begin(entry, flagClass, skb))
			return TRACK_INVALID;
		const direction = skb.ctinfo >= CTINFO_IS_REPLY ? REPLY : ORIGINAL;
		context.take(entry, direction, flagClass);

		const answer = handleSpecialState(context, skb);
		if (answer <= NF_ACCEPT) return answer;
		if (answer === JUDGE_WINDOW) {
			const judgement = judgeWindow(context, skb);
			if (judgement === WINDOW_IGNORE) return NF_ACCEPT;
			if (judgement !== WINDOW_ACCEPT) {
				outOfWindow(context);
				return TRACK_INVALID;
			}
		}
		advance(context, skb);
		return NF_ACCEPT;
	}

	/** State, as a number of `tcp-states.ts`. */
	state(entry: number): number {
		return this.#table.bytes[
			(entry << ENTRY_SHIFT) * 4 + TCP_STATE_BYTE
		] as number;
	}

	/** The greatest window that the calling side has announced. */
	originalWindow(entry: number): number {
		return this.#table.words[
			sideWords(entry, ORIGINAL) + SEEN_MAX_WINDOW
		] as number;
	}

	/** REJECT has reset the connection (`nf_conntrack_tcp_set_closing`). */
	setClosing(entry: number): void {
		const { words, bytes, now } = this.#table;
		const at = entry << ENTRY_SHIFT;
		if (((words[at + STATUS] as number) & IPS_CONFIRMED) === 0) return;
		const wasClosed = bytes[at * 4 + TCP_STATE_BYTE] === CLOSE;
		bytes[at * 4 + TCP_STATE_BYTE] = CLOSE;
		if (wasClosed) return;
		words[at + TIMEOUT] =
			now + (this.#context.config.tcpTimeouts[CLOSE] as number);
	}

	/**
	 * Packets passed by while nobody asked for tracking: established connections are to be picked up
	 * where they are now (`nf_ct_tcp_fixup`, nf_conntrack_proto.c).
	 */
	forgetWindows(): void {
		const { words } = this.#table;
		this.#table.forEach((entry) => {
			const at = entry << ENTRY_SHIFT;
			if (((words[at + PROTOCOL] as number) & 0xff) !== TCP) return;
			if (this.state(entry) !== ESTABLISHED) return;
			words[sideWords(entry, ORIGINAL) + SEEN_MAX_WINDOW] = 0;
			words[sideWords(entry, REPLY) + SEEN_MAX_WINDOW] = 0;
		});
	}

	/** The first packet of an entry (`tcp_new`). @returns false when none begins with it */
	#begin(entry: number, flagClass: number, skb: Skb): boolean {
		const { words, bytes } = this.#table;
		const at = entry << ENTRY_SHIFT;
		const first = TCP_TRANSITION_TABLE[
			transitionIndex(ORIGINAL, flagClass, 0)
		] as number;
		if (first === INVALID) return false;
		const pickUp = first !== SYN_SENT;
		if (pickUp && !this.#context.config.tcpLoose) return false;
		for (let word = SEEN; word < BY_SOURCE_PREVIOUS; word++)
			words[at + word] = 0;
		const sender = at + SEEN;
		const octets = sender * 4;
		const window = skb.window === 0 ? 1 : skb.window;
		const end = endOf(skb);
		words[sender + SEEN_END] = end;
		words[sender + SEEN_MAX_WINDOW] = window;
		words[sender + SEEN_MAX_END] = pickUp ? end + window : end;
		if (pickUp) {
			// The handshake was not seen: SACK may have been agreed on, and windows may be scaled.
			const assumed = FLAG_SACK_PERMITTED | FLAG_BE_LIBERAL;
			bytes[octets + SEEN_FLAGS_BYTE] = assumed;
			bytes[octets + SEEN_WORDS * 4 + SEEN_FLAGS_BYTE] = assumed;
		} else noteOptions(bytes, octets, skb.tcpOptions);
		bytes[at * 4 + TCP_LAST_CLASS_BYTE] = CLASS_NONE;
		return true;
	}
}

/** A FIN or RST outside the window: if the other side sent one too, let the entry go sooner. */
function outOfWindow(context: TcpContext): void {
	const { words, bytes, now } = context.table;
	const at = context.entry << ENTRY_SHIFT;
	if (context.config.behaviour.lateEnd === "leaves the time") return;
	if (((words[at + STATUS] as number) & IPS_ASSURED) === 0) return;
	if (context.flagClass !== CLASS_RST && context.flagClass !== CLASS_FIN)
		return;
	const lastClass = context.octet(TCP_LAST_CLASS_BYTE);
	if (
		context.octet(TCP_LAST_DIRECTION_BYTE) !== context.direction &&
		(lastClass === CLASS_FIN || lastClass === CLASS_RST)
	) {
		const left = ((words[at + TIMEOUT] as number) - now) | 0;
		const shorter = context.config.tcpUnacknowledgedTimeout;
		if (left >= 120 * HZ && left > shorter) words[at + TIMEOUT] = now + shorter;
		return;
	}
	bytes[at * 4 + TCP_LAST_CLASS_BYTE] = context.flagClass;
	bytes[at * 4 + TCP_LAST_DIRECTION_BYTE] = context.direction;
}

/** The packet is in order: the entry takes its new state and lives on, or ends. */
function advance(context: TcpContext, skb: Skb): void {
	const { words, bytes } = context.table;
	const entry = context.entry;
	const at = entry << ENTRY_SHIFT;
	const direction = context.direction;
	const oldState = context.oldState;
	const newState = context.newState;
	bytes[at * 4 + TCP_LAST_CLASS_BYTE] = context.flagClass;
	bytes[at * 4 + TCP_LAST_DIRECTION_BYTE] = direction;
	bytes[at * 4 + TCP_STATE_BYTE] = newState;
	if (oldState !== newState && newState === FIN_WAIT) {
		const flagsAt = sideBytes(entry, direction) + SEEN_FLAGS_BYTE;
		bytes[flagsAt] = (bytes[flagsAt] as number) | FLAG_CLOSE_INIT;
	}
	let timeout = timeoutOf(context);
	const status = words[at + STATUS] as number;
	if ((status & IPS_SEEN_REPLY) === 0) {
		// Nothing but a reset came back, or the caller gave up: there never was a connection.
		if (context.flagClass === CLASS_RST) {
			context.table.account(skb);
			context.table.kill(entry);
			return;
		}
		// A SYN again does not prolong: else a client that tries for ever holds a dead mapping.
		if (context.flagClass === CLASS_SYN && oldState === SYN_SENT) return;
		// Picked up mid-stream, and nobody has answered yet.
		if (newState === ESTABLISHED)
			timeout = Math.min(timeout, context.config.tcpUnacknowledgedTimeout);
	} else if (
		(status & IPS_ASSURED) === 0 &&
		(oldState === SYN_RECV || oldState === ESTABLISHED) &&
		newState === ESTABLISHED
	)
		words[at + STATUS] = status | IPS_ASSURED;
	context.table.refresh(skb, timeout);
}

/** How long the entry may live from now on. */
function timeoutOf(context: TcpContext): number {
	const { words, bytes } = context.table;
	const config = context.config;
	const at = context.entry << ENTRY_SHIFT;
	const usual = config.tcpTimeouts[context.newState] as number;
	if (
		context.octet(TCP_RETRANSMISSIONS_BYTE) >= config.tcpMaxRetransmissions &&
		usual > config.tcpRetransmittedTimeout
	)
		return config.tcpRetransmittedTimeout;
	if (context.flagClass === CLASS_RST) {
		if (config.behaviour.timeoutOfReset === "CLOSE")
			return config.tcpTimeouts[CLOSE] as number;
		if (
			context.newState === ESTABLISHED &&
			usual > config.tcpUnacknowledgedTimeout
		)
			return config.tcpUnacknowledgedTimeout;
	}
	const sides =
		(bytes[sideBytes(context.entry, ORIGINAL) + SEEN_FLAGS_BYTE] as number) |
		(bytes[sideBytes(context.entry, REPLY) + SEEN_FLAGS_BYTE] as number);
	if (
		(sides & FLAG_DATA_UNACKNOWLEDGED) !== 0 &&
		usual > config.tcpUnacknowledgedTimeout
	)
		return config.tcpUnacknowledgedTimeout;
	if (
		words[at + TCP_LAST_WINDOW] === 0 &&
		usual > config.tcpRetransmittedTimeout
	)
		return config.tcpRetransmittedTimeout;
	return usual;
}
