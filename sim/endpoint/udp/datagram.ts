/**
 * The datagrams that hosts send. The payload of a request says which flow it is of, and which request of the
 * flow: a gateway may change addresses and ports, and leaves the payload alone. An answer says the same.
 */
import type { UdpPacket } from "../../packet/packet.ts";

/** One end of a flow and the other. */
export interface DatagramPath {
	readonly localAddress: number;
	readonly localPort: number;
	readonly remoteAddress: number;
	readonly remotePort: number;
}

/**
 * Builds a datagram. Sockets look for the MTU of their path unless they are asked not to, so `dontFragment` is set
 * (`ip_dont_fragment`, include/net/ip.h, 6.1); then the identification may be 0 (RFC 6864).
 */
export function datagram(path: DatagramPath, payload: string): UdpPacket {
	return {
		kind: "udp",
		source: path.localAddress,
		destination: path.remoteAddress,
		ttl: 64,
		tos: 0,
		id: 0,
		dontFragment: true,
		sourcePort: path.localPort,
		destinationPort: path.remotePort,
		payload,
	};
}

/** Which request a datagram belongs to. */
export interface RequestName {
	readonly flow: number;
	/** Number among the requests of its flow, from 0. */
	readonly request: number;
}

// Four digits of base 36 each: more flows and requests than a play may have.
const BASE = 36;
const DIGITS = 4;
const SHAPE = /^#([0-9a-z]{4})\.([0-9a-z]{4})/;

/** Octets of `#0001.0003`: no request is shorter. */
export const LEAST_OCTETS = 2 + 2 * DIGITS;

/** The payload of a request: `#0001.0003`, filled up to its length. */
export function requestPayload(
	{ flow, request }: RequestName,
	octets: number,
): string {
	return `#${digits(flow)}.${digits(request)}`.padEnd(octets, ".");
}

/** Which request the payload of a datagram names; `null` for any other payload. */
export function requestOf(payload: string): RequestName | null {
	const [, flow, request] = SHAPE.exec(payload) ?? [];
	if (flow === undefined || request === undefined) return null;
	return {
		flow: Number.parseInt(flow, BASE),
		request: Number.parseInt(request, BASE),
	};
}

function digits(number: number): string {
	return number.toString(BASE).padStart(DIGITS, "0");
}
