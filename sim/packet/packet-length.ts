/**
 * How long headers and packets are on the wire, in octets. Counters, `-m length` and the size of
 * ICMP errors depend on it; `bytes.ts` encodes to exactly these lengths.
 */
import { unreachable } from "../invariant.ts";
import type { Packet, TcpOptions } from "./packet.ts";

/** IPv4 options are not modelled: the header is always this long. */
export const IP_HEADER_LENGTH = 20;
export const TCP_HEADER_LENGTH = 20;
export const UDP_HEADER_LENGTH = 8;
export const ICMP_HEADER_LENGTH = 8;

/** A packet with its header: its length stands in 16 bits. */
export const MOST_OCTETS = 65_535;

/** Fragments begin at multiples of so many octets. */
export const FRAGMENT_UNIT = 8;

/** Room that the TCP header's data offset leaves for options. */
export const MAX_TCP_OPTIONS_LENGTH = 40;

/** No TCP options at all: what every packet but a handshake's is likely to have in the model. */
export const NO_TCP_OPTIONS: TcpOptions = {
	mss: null,
	windowScale: null,
	sackPermitted: false,
	timestamp: null,
	sack: [],
};

/**
 * Octets that TCP options take, each padded as Linux pads it (`tcp_options_write`,
 * net/ipv4/tcp_output.c, 6.1): permission to SACK shares its word with a timestamp if there is one.
 */
export function tcpOptionsLength(options: TcpOptions): number {
	if (options === NO_TCP_OPTIONS) return 0;
	let length = options.mss === null ? 0 : 4;
	if (options.timestamp !== null) length += 12;
	else if (options.sackPermitted) length += 4;
	if (options.windowScale !== null) length += 4;
	if (options.sack.length > 0) length += 4 + 8 * options.sack.length;
	return length;
}

/** Octets of the header behind the IPv4 header; 0 for a protocol that the model knows nothing of. */
export function transportHeaderLength(packet: Packet): number {
	switch (packet.kind) {
		case "tcp":
			return TCP_HEADER_LENGTH + tcpOptionsLength(packet.options);
		case "udp":
			return UDP_HEADER_LENGTH;
		case "icmp":
			return ICMP_HEADER_LENGTH;
		case "other":
			return 0;
		default:
			return unreachable(packet);
	}
}

/** Octets of the whole IPv4 packet, its header included. */
export function packetLength(packet: Packet): number {
	const quoted =
		packet.kind === "icmp" && packet.about !== null
			? packetLength(packet.about)
			: 0;
	return (
		IP_HEADER_LENGTH +
		transportHeaderLength(packet) +
		quoted +
		packet.payload.length
	);
}
