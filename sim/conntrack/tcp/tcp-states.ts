/**
 * The TCP state machine of conntrack, as a table. It stands between both ends, sees packets that may
 * still be lost, and guesses from them what the ends believe. Values: `tcp_conntracks`,
 * net/netfilter/nf_conntrack_proto_tcp.c (6.1).
 */
import {
	TCP_STATE_NAMES,
	type TcpStateName,
} from "../../contract/tcp-state-name.ts";

export const SYN_SENT = 1;
export const SYN_RECV = 2;
export const ESTABLISHED = 3;
export const FIN_WAIT = 4;
export const LAST_ACK = 6;
export const TIME_WAIT = 7;
export const CLOSE = 8;
export const SYN_SENT2 = 9;
/** Not a state: the packet belongs to no connection that makes sense. */
export const INVALID = 10;
/** Not a state: the packet may be right, and conntrack out of step; it passes and changes nothing. */
export const IGNORE = 11;

/** What a packet is to the state machine (`get_conntrack_index`): RST before SYN before FIN before ACK. */
export const FLAG_CLASSES = [
	"syn",
	"synack",
	"fin",
	"ack",
	"rst",
	"none",
] as const;
export type FlagClass = (typeof FLAG_CLASSES)[number];
export const CLASS_SYN = 0;
export const CLASS_SYNACK = 1;
export const CLASS_FIN = 2;
export const CLASS_ACK = 3;
export const CLASS_RST = 4;
export const CLASS_NONE = 5;

type Outcome = TcpStateName | "INVALID" | "IGNORE";
/** Where each state leads, and why. */
type Row = Readonly<Record<TcpStateName, readonly [Outcome, string]>>;

const always = (
	outcome: Outcome,
	why: string,
	except: Partial<Row> = {},
): Row => {
	const row: Partial<Record<TcpStateName, readonly [Outcome, string]>> = {};
	for (const state of TCP_STATE_NAMES)
		row[state] = except[state] ?? [outcome, why];
	return row as Row;
};

const RST_ROW = always("CLOSE", "either side may abort at any time", {
	NONE: ["INVALID", "a reset opens nothing"],
});
const NO_FLAGS_ROW = always(
	"INVALID",
	"no segment goes without one of these flags",
);
/** The same whichever side closes. */
const FIN_ROW = always("INVALID", "closes what is not open", {
	SYN_RECV: ["FIN_WAIT", "closed right after the handshake began"],
	ESTABLISHED: ["FIN_WAIT", "the first FIN"],
	FIN_WAIT: ["LAST_ACK", "taken for the other side's FIN"],
	CLOSE_WAIT: ["LAST_ACK", "the second FIN"],
	LAST_ACK: ["LAST_ACK", "retransmitted FIN"],
	TIME_WAIT: ["TIME_WAIT", "retransmitted FIN"],
	CLOSE: ["CLOSE", "too late"],
});

/** By the direction of the packet and its class. */
export const TCP_TRANSITIONS: Readonly<
	Record<"original" | "reply", Readonly<Record<FlagClass, Row>>>
> = {
	original: {
		syn: always(
			"IGNORE",
			"an old connection whose end may know better: it answers",
			{
				NONE: ["SYN_SENT", "a new connection"],
				SYN_SENT: ["SYN_SENT", "retransmitted SYN"],
				TIME_WAIT: ["SYN_SENT", "the ports are used again"],
				CLOSE: ["SYN_SENT", "the ports are used again"],
				SYN_SENT2: ["SYN_SENT2", "retransmitted SYN of a simultaneous open"],
			},
		),
		synack: always("INVALID", "the side that opened does not accept", {
			SYN_RECV: ["SYN_RECV", "retransmitted, in a simultaneous open"],
			SYN_SENT2: ["SYN_RECV", "answers the other SYN of a simultaneous open"],
		}),
		fin: FIN_ROW,
		ack: {
			NONE: ["ESTABLISHED", "mid-stream pick-up"],
			SYN_SENT: ["INVALID", "acknowledges a SYN/ACK that did not come by"],
			SYN_RECV: ["ESTABLISHED", "the handshake is complete"],
			ESTABLISHED: ["ESTABLISHED", "data or its acknowledgement"],
			FIN_WAIT: ["CLOSE_WAIT", "acknowledges the FIN"],
			CLOSE_WAIT: ["CLOSE_WAIT", "data while half closed"],
			LAST_ACK: ["TIME_WAIT", "acknowledges the second FIN"],
			TIME_WAIT: ["TIME_WAIT", "the last acknowledgement again"],
			CLOSE: ["CLOSE", "too late"],
			SYN_SENT2: ["INVALID", "acknowledges a SYN/ACK that did not come by"],
		},
		rst: RST_ROW,
		none: NO_FLAGS_ROW,
	},
	reply: {
		syn: always("INVALID", "the side that was called does not call", {
			SYN_SENT: ["SYN_SENT2", "both call at once: simultaneous open"],
			TIME_WAIT: ["SYN_SENT", "the ports are used again, roles exchanged"],
			SYN_SENT2: ["SYN_SENT2", "retransmitted SYN of a simultaneous open"],
		}),
		synack: always("IGNORE", "late, or the answer to an ignored SYN", {
			NONE: ["INVALID", "no entry is in this state when a reply comes"],
			SYN_SENT: ["SYN_RECV", "the call is answered"],
			SYN_SENT2: ["SYN_RECV", "the call is answered, in a simultaneous open"],
		}),
		fin: FIN_ROW,
		ack: {
			NONE: ["INVALID", "no entry is in this state when a reply comes"],
			SYN_SENT: ["IGNORE", "challenge from a connection that is half open"],
			SYN_RECV: ["SYN_RECV", "may answer a SYN sent again"],
			ESTABLISHED: ["ESTABLISHED", "data or its acknowledgement"],
			FIN_WAIT: ["CLOSE_WAIT", "acknowledges the FIN"],
			CLOSE_WAIT: ["CLOSE_WAIT", "data while half closed"],
			LAST_ACK: ["TIME_WAIT", "acknowledges the second FIN"],
			TIME_WAIT: ["TIME_WAIT", "the last acknowledgement again"],
			CLOSE: ["CLOSE", "too late"],
			SYN_SENT2: ["IGNORE", "challenge from a connection that is half open"],
		},
		rst: RST_ROW,
		none: NO_FLAGS_ROW,
	},
};

const STATES = TCP_STATE_NAMES.length;
const NUMBERS: readonly Outcome[] = [...TCP_STATE_NAMES, "INVALID", "IGNORE"];

/** The same as numbers: index by `transitionIndex`. */
export const TCP_TRANSITION_TABLE: Uint8Array = Uint8Array.from(
	(["original", "reply"] as const).flatMap((direction) =>
		FLAG_CLASSES.flatMap((flags) =>
			TCP_STATE_NAMES.map((state) =>
				NUMBERS.indexOf(TCP_TRANSITIONS[direction][flags][state][0]),
			),
		),
	),
);

/** @param direction 0 original, 1 reply */
export function transitionIndex(
	direction: number,
	flagClass: number,
	state: number,
): number {
	return (direction * FLAG_CLASSES.length + flagClass) * STATES + state;
}
