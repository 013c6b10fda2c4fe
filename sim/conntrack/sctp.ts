/**
 * SCTP as conntrack sees it (net/netfilter/nf_conntrack_proto_sctp.c, 6.1): a state machine that chunks
 * drive, and the verification tags by which packets are known to belong to the association.
 */
import { SCTP_STATE_NAMES } from "../contract/sctp-state-name.ts";
import {
	hasRightSctpChecksum,
	longAt,
	SCTP_HEADER_LENGTH,
	type SctpChunk,
	sctpChunks,
	sctpTag,
} from "../packet/bytes/sctp.ts";
import {
	CTINFO_IS_REPLY,
	HOOK_PREROUTING,
	NF_ACCEPT,
	type Skb,
} from "../packet/skb/skb.ts";
import type { ConntrackConfig } from "./settings/config.ts";
import {
	ENTRY_SHIFT,
	SCTP_FLAGS,
	SCTP_STATE,
	SCTP_TAGS,
	STATUS,
} from "./table/layout.ts";
import { IPS_ASSURED, IPS_CONFIRMED } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";
import { TRACK_INVALID } from "./table/verdicts.ts";

// By their numbers in SCTP_STATE_NAMES.
const NONE = 0;
const CLOSED = 1;
const ESTABLISHED = 4;
const FIRST_SHUTDOWN = 5;
const LAST_SHUTDOWN = 7;
const INVALID = 9;

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const HEARTBEAT = 4;
const HEARTBEAT_ACK = 5;
const ABORT = 6;
const SHUTDOWN = 7;
const SHUTDOWN_ACK = 8;
const ERROR = 9;
const COOKIE_ECHO = 10;
const COOKIE_ACK = 11;
const SHUTDOWN_COMPLETE = 14;
/** The tag is the other side's: who sends it knows no association. */
const T_FLAG = 1;
const INIT_HEADER_LENGTH = 16;

/**
 * Where each state leads, by the chunk's type (`sctp_conntracks`). The letters stand for the states in their
 * order: None, Closed, cookie Wait, cookie Echoed, eStablished, shutdown seNt (T), Recd (R), Ack sent (A),
 * Heartbeat sent; `!` is none.
 */
const LETTERS = "NCWESTRAH!";
const TRANSITIONS: readonly Readonly<Record<number, string>>[] = [
	{
		[INIT]: "CCWESCCAW",
		[INIT_ACK]: "CCWESTRAC",
		[ABORT]: "CCCCCCCCC",
		[SHUTDOWN]: "CCWETTRAC",
		[SHUTDOWN_ACK]: "ACWESAAAA",
		[ERROR]: "CCWESTRAC",
		[COOKIE_ECHO]: "CCEESTRAC",
		[COOKIE_ACK]: "CCWSSTRAC",
		[SHUTDOWN_COMPLETE]: "CCWESTRCC",
		[HEARTBEAT]: "HCWESTRAH",
		[HEARTBEAT_ACK]: "CCWESTRAH",
	},
	{
		[INIT]: "!CWESTRA!",
		[INIT_ACK]: "!WWESTRA!",
		[ABORT]: "!CCCCCCC!",
		[SHUTDOWN]: "!CWERTRA!",
		[SHUTDOWN_ACK]: "!CWESAAA!",
		[ERROR]: "!CWCSTRA!",
		[COOKIE_ECHO]: "!CEESTRA!",
		[COOKIE_ACK]: "!CWSSTRA!",
		[SHUTDOWN_COMPLETE]: "!CWESTRC!",
		[HEARTBEAT]: "!CWESTRAH",
		[HEARTBEAT_ACK]: "!CWESTRAS",
	},
];

/** Chunks with which a packet needs no tag that is known (RFC 9260, 8.5). */
const FREE_OF_TAG = [
	INIT,
	SHUTDOWN_COMPLETE,
	COOKIE_ECHO,
	ABORT,
	SHUTDOWN_ACK,
	HEARTBEAT,
	HEARTBEAT_ACK,
];
/** They begin no association (8.4). */
const OUT_OF_THE_BLUE = [ABORT, SHUTDOWN_COMPLETE, COOKIE_ACK];

// Bits of SCTP_FLAGS.
/** An INIT was seen in the original direction; the next bit is the reply's. */
const INIT_SEEN = 1;
const HEARTBEAT_FAILED = 4;
/** The last one that failed came in reply direction. */
const FAILED_IN_REPLY = 8;

export function sctpStateName(table: EntryTable, entry: number): string {
	return SCTP_STATE_NAMES[stateOf(table, entry)] as string;
}

/** `sctp_can_early_drop` */
export function isSctpClosing(table: EntryTable, entry: number): boolean {
	const state = stateOf(table, entry);
	return state >= FIRST_SHUTDOWN && state <= LAST_SHUTDOWN;
}

function stateOf({ words }: EntryTable, entry: number): number {
	return words[(entry << ENTRY_SHIFT) + SCTP_STATE] as number;
}

/** What a packet does to its entry (`nf_conntrack_sctp_packet`). @returns NF_ACCEPT or TRACK_INVALID */
export function trackSctp(
	table: EntryTable,
	config: ConntrackConfig,
	skb: Skb,
): number {
	const { payload } = skb;
	if (payload.length < SCTP_HEADER_LENGTH) return TRACK_INVALID;
	if (
		skb.hook === HOOK_PREROUTING &&
		config.checksums &&
		!hasRightSctpChecksum(payload)
	)
		return TRACK_INVALID;
	const chunks = [...sctpChunks(payload)];
	if (!areSound(chunks)) return TRACK_INVALID;
	const has = (type: number) => chunks.some((chunk) => chunk.type === type);
	const { words } = table;
	const at = skb.entry << ENTRY_SHIFT;
	const isNew = ((words[at + STATUS] as number) & IPS_CONFIRMED) === 0;
	const way = skb.ctinfo >= CTINFO_IS_REPLY ? 1 : 0;
	const counts = config.behaviour.repeatedInit === "counts";
	const packet: SctpPacket = { words, at, payload, chunks, way, isNew, counts };
	if (isNew && (OUT_OF_THE_BLUE.some(has) || !begin(packet)))
		return TRACK_INVALID;
	const tag = sctpTag(payload);
	if (!FREE_OF_TAG.some(has) && tag !== words[at + SCTP_TAGS + way])
		return TRACK_INVALID;
	let prolongs = true;
	for (const chunk of chunks) {
		const next = advance(packet, chunk, !prolongs);
		if (next === "invalid") return TRACK_INVALID;
		if (next === "unprolonged") prolongs = false;
	}
	if (prolongs)
		table.refresh(
			skb,
			config.sctpTimeouts[words[at + SCTP_STATE] as number] as number,
		);
	return NF_ACCEPT;
}

interface SctpPacket {
	readonly words: Int32Array;
	/** First word of its entry. */
	readonly at: number;
	readonly payload: string;
	readonly chunks: readonly SctpChunk[];
	/** 0 in original direction, 1 in reply direction. */
	readonly way: number;
	/** The entry is not confirmed. */
	readonly isNew: boolean;
	/** An INIT that is sent again counts as one more. */
	readonly counts: boolean;
}

/** `do_basic_checks`: some chunks come alone or first, and none has no length. */
function areSound(chunks: readonly SctpChunk[]): boolean {
	let isAlone = false;
	for (const [place, { type, length }] of chunks.entries()) {
		if ([INIT, INIT_ACK, SHUTDOWN_COMPLETE].includes(type)) isAlone = true;
		const isFirst = isAlone || type === COOKIE_ACK || type === COOKIE_ECHO;
		if ((isFirst && place > 0) || length === 0) return false;
	}
	return chunks.length > 0;
}

/** `sctp_new`. @returns whether the chunks may begin an association */
function begin({ words, at, payload, chunks }: SctpPacket): boolean {
	words.fill(0, at + SCTP_TAGS, at + SCTP_FLAGS + 1);
	const tag = sctpTag(payload);
	for (const chunk of chunks) {
		const state = newState(0, NONE, chunk.type);
		if (state === NONE || state === INVALID) return false;
		if (chunk.type === INIT) {
			const own = initTag(payload, chunk);
			if (tag !== 0 || own === null) return false;
			words[at + SCTP_TAGS + 1] = own;
		} else if (chunk.type === HEARTBEAT) words[at + SCTP_TAGS] = tag;
		else if (chunk.type === SHUTDOWN_ACK) words[at + SCTP_TAGS + 1] = tag;
	}
	return true;
}

function newState(way: number, state: number, type: number): number {
	const row = TRANSITIONS[way]?.[type];
	return row === undefined ? state : LETTERS.indexOf(row[state] as string);
}

/** The tag that the other side is to use from now on; `null` where the chunk is cut off. */
function initTag(payload: string, { at }: SctpChunk): number | null {
	const from = at + 4;
	return from + INIT_HEADER_LENGTH > payload.length
		? null
		: longAt(payload, from);
}

type Outcome = "next" | "unprolonged" | "invalid";

/** One chunk: tags that it has to have, the state that it leads to, tags that it announces. */
function advance(
	packet: SctpPacket,
	chunk: SctpChunk,
	isIgnored: boolean,
): Outcome {
	const { words, at, payload, way } = packet;
	const tag = sctpTag(payload);
	const own = at + SCTP_TAGS + way;
	const other = at + SCTP_TAGS + 1 - way;
	switch (chunk.type) {
		case INIT:
			if (tag !== 0) return "invalid";
			break;
		case ABORT:
		case SHUTDOWN_COMPLETE: {
			const expected = words[(chunk.flags & T_FLAG) === 0 ? own : other];
			if (tag !== expected) return "invalid";
			break;
		}
		case COOKIE_ECHO:
			if (tag !== words[own]) return "invalid";
			break;
		case COOKIE_ACK:
			setFlags(packet, INIT_SEEN | (INIT_SEEN << 1), 0);
			break;
		case HEARTBEAT:
		case HEARTBEAT_ACK: {
			const outcome = beat(packet, chunk.type, isIgnored);
			if (outcome !== "next") return outcome;
		}
	}
	const old = words[at + SCTP_STATE] as number;
	const next = newState(way, old, chunk.type);
	if (next === INVALID) return "invalid";
	let outcome: Outcome = "next";
	if (chunk.type === INIT || chunk.type === INIT_ACK) {
		const announced = announce(packet, chunk, old);
		if (!announced) return "invalid";
		// The ports may be used again: what is only sent again does not keep the entry.
		if (chunk.type === INIT && next === CLOSED && old === CLOSED)
			outcome = packet.isNew ? "next" : "unprolonged";
	}
	words[at + SCTP_STATE] = next;
	if (old !== next && next === ESTABLISHED)
		words[at + STATUS] = (words[at + STATUS] as number) | IPS_ASSURED;
	return outcome;
}

function setFlags({ words, at }: SctpPacket, mask: number, value: number) {
	words[at + SCTP_FLAGS] =
		((words[at + SCTP_FLAGS] as number) & ~mask) | (value & mask);
}

/** A heartbeat with a tag that is not known is let through, and its answer makes the tag known. */
function beat(packet: SctpPacket, type: number, isIgnored: boolean): Outcome {
	const { words, at, payload, chunks, way } = packet;
	const own = at + SCTP_TAGS + way;
	const tag = sctpTag(payload);
	if (words[own] === 0) {
		words[own] = tag;
		return "next";
	}
	if (tag === words[own]) {
		setFlags(packet, HEARTBEAT_FAILED, 0);
		return "next";
	}
	if (isIgnored || chunks.some((chunk) => chunk.type === DATA))
		return "invalid";
	const inReply = way === 1 ? FAILED_IN_REPLY : 0;
	const flags = words[at + SCTP_FLAGS] as number;
	if (type === HEARTBEAT) {
		setFlags(
			packet,
			HEARTBEAT_FAILED | FAILED_IN_REPLY,
			HEARTBEAT_FAILED | inReply,
		);
		return "unprolonged";
	}
	const isAnswer =
		(flags & HEARTBEAT_FAILED) !== 0 && (flags & FAILED_IN_REPLY) !== inReply;
	if (!isAnswer) return "invalid";
	setFlags(packet, HEARTBEAT_FAILED, 0);
	words[own] = tag;
	words[at + SCTP_TAGS + 1 - way] = 0;
	return "next";
}

/** INIT and INIT_ACK say which tag is to come back. @returns whether that fits what was said before */
function announce(packet: SctpPacket, chunk: SctpChunk, old: number): boolean {
	const { words, at, payload, way } = packet;
	const other = at + SCTP_TAGS + 1 - way;
	const tag = initTag(payload, chunk);
	if (tag === null) return false;
	const seen = (direction: number) =>
		((words[at + SCTP_FLAGS] as number) & (INIT_SEEN << direction)) !== 0;
	if (chunk.type === INIT) {
		// One whose tag is known already is sent again, or late.
		if (packet.counts || old === NONE || words[other] !== tag) {
			if (seen(0) && seen(1)) setFlags(packet, INIT_SEEN << (1 - way), 0);
			setFlags(packet, INIT_SEEN << way, INIT_SEEN << way);
		}
	} else {
		const known = words[other];
		if (!seen(1 - way) && known !== 0 && known !== tag) return false;
		if (seen(0) && seen(1) && known !== tag) return false;
	}
	words[other] = tag;
	return true;
}
