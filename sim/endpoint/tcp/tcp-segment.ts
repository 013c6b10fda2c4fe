/**
 * The segments that hosts send, and the numbers in them. Hosts are Linux with `tcp_timestamps=0`,
 * consistently: no segment of theirs carries a timestamp, so that sequence numbers alone decide
 * what is old. Everything else is the default of the 6.1 kernel.
 */
import { mix32 } from "../../chance/seeded.ts";
import {
	RST,
	SYN,
	type TcpOptions,
	type TcpPacket,
} from "../../packet/packet.ts";
import { NO_TCP_OPTIONS } from "../../packet/packet-length.ts";

/** One end of a connection and the other. */
export interface SocketAddress {
	readonly localAddress: number;
	readonly localPort: number;
	readonly remoteAddress: number;
	readonly remotePort: number;
}

/** What a host offers in its SYN or SYN/ACK: an Ethernet MSS, SACK, windows up to 8 MB. */
const SYN_OPTIONS: TcpOptions = {
	mss: 1460,
	windowScale: 7,
	sackPermitted: true,
	timestamp: null,
	sack: [],
};

/** Octets of payload that a host's link has room for in one segment. */
const SEGMENT_SIZE = 1460;
/** Of a peer that names none (`TCP_MSS_DEFAULT`, include/net/tcp.h, 6.1). */
const DEFAULT_SEGMENT_SIZE = 536;
/** However small the one that a peer names is (`tcp_min_snd_mss`: `TCP_MIN_SND_MSS`). */
const LEAST_SEGMENT_SIZE = 48;

/** Octets of payload in one segment to a peer whose SYN or SYN/ACK has these options (`tcp_sync_mss`, tcp_output.c, 6.1). */
export function segmentSizeTo({ mss }: TcpOptions): number {
	const named = mss === null || mss === 0 ? DEFAULT_SEGMENT_SIZE : mss;
	return Math.max(LEAST_SEGMENT_SIZE, Math.min(SEGMENT_SIZE, named));
}
/** Window of a SYN, which is never scaled. */
export const SYN_WINDOW = 64240;
/** 64,256 octets, scaled by 7: what Linux offers once the connection stands. */
const SCALED_WINDOW = 502;
export const RECEIVE_WINDOW = 64256;

/** What differs from segment to segment of a socket. */
export type SegmentFields = Pick<
	TcpPacket,
	"flags" | "seq" | "ack" | "payload"
>;

/** Builds a segment. The identification is 0, as it may be where `dontFragment` is set (RFC 6864). */
export function segment(
	socket: SocketAddress,
	{ flags, seq, ack, payload }: SegmentFields,
): TcpPacket {
	const isSyn = (flags & SYN) !== 0;
	return {
		kind: "tcp",
		source: socket.localAddress,
		destination: socket.remoteAddress,
		ttl: 64,
		tos: 0,
		id: 0,
		dontFragment: true,
		sourcePort: socket.localPort,
		destinationPort: socket.remotePort,
		flags,
		seq,
		ack,
		window: (flags & RST) !== 0 ? 0 : isSyn ? SYN_WINDOW : SCALED_WINDOW,
		options: isSyn ? SYN_OPTIONS : NO_TCP_OPTIONS,
		payload,
	};
}

/** 64 ns: what the clock of initial sequence numbers counts in (`seq_scale`, net/core/secure_seq.c, 6.1). */
const TICKS_PER_MS = 15_625;

/**
 * An initial sequence number: a hash of addresses and ports plus a clock, so that the numbers of one
 * pair of sockets grow while time passes (`secure_tcp_seq`, net/core/secure_seq.c, 6.1). The kernel's
 * hash has a secret besides; here it would only be one more draw.
 */
export function initialSequence(socket: SocketAddress, nowMs: number): number {
	const ports = (socket.localPort << 16) | socket.remotePort;
	const hash = mix32(
		mix32(mix32(socket.localAddress) ^ socket.remoteAddress) ^ ports,
	);
	return (hash + Math.floor(nowMs * TICKS_PER_MS)) | 0;
}
