/**
 * Packets as data. An IPv4 packet is what its headers say; the model has no need of link layers.
 *
 * All 32-bit quantities (addresses, sequence numbers, marks) are **signed** integers throughout `sim`:
 * JavaScript engines keep those unboxed. Compare with `===`; for order use `>>> 0` (addresses) or
 * serial arithmetic `(a - b) | 0` (sequence numbers).
 */

/** IPv4 address as a signed 32-bit integer; see `address.ts` for the dotted form. @public */
export type Address = number;

/** The fields of the IP header that all packets have. @public */
export interface IpHeader {
	readonly source: Address;
	readonly destination: Address;
	readonly ttl: number;
	/** The whole type-of-service octet: DSCP in its upper six bits. */
	readonly tos: number;
	/** Identification field. */
	readonly id: number;
	readonly dontFragment: boolean;
}

/** TCP options that a router may look at. Absent is `null`, `false` or an empty list. @public */
export interface TcpOptions {
	readonly mss: number | null;
	readonly windowScale: number | null;
	readonly sackPermitted: boolean;
	readonly timestamp: { readonly value: number; readonly echo: number } | null;
	/** Selective acknowledgements: [left edge, right edge) each. */
	readonly sack: readonly (readonly [number, number])[];
}

/**
 * How a checksum is that is not right, and that nobody mends on the way: it stays as wrong as it was.
 * Absent from a packet whose checksum is right.
 * @public
 */
export type Checksum = "wrong" | "none";

/** A TCP packet. @public */
export interface TcpPacket extends IpHeader {
	readonly kind: "tcp";
	readonly sourcePort: number;
	readonly destinationPort: number;
	/** FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128. */
	readonly flags: number;
	readonly seq: number;
	readonly ack: number;
	/** As it stands in the header, unscaled. */
	readonly window: number;
	readonly options: TcpOptions;
	/** One character per octet (latin1). */
	readonly payload: string;
	readonly checksum?: "wrong";
}

/** A UDP packet. @public */
export interface UdpPacket extends IpHeader {
	readonly kind: "udp";
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly payload: string;
	/** `none` is zero: the sender has not summed up, and nobody checks (RFC 768). */
	readonly checksum?: Checksum;
}

/** An ICMP packet; an error quotes the packet that it is about. @public */
export interface IcmpPacket extends IpHeader {
	readonly kind: "icmp";
	readonly type: number;
	readonly code: number;
	/** The second header word: identifier << 16 | sequence for queries, MTU or gateway for errors. */
	readonly rest: number;
	readonly payload: string;
	/** The packet that an error is about; `null` for everything else. */
	readonly about: Packet | null;
	readonly checksum?: "wrong";
}

/** Any other protocol, and fragments of any: its number and its octets. @public */
export interface OtherPacket extends IpHeader {
	readonly kind: "other";
	readonly protocol: number;
	readonly payload: string;
	/** Absent from a packet that is whole. */
	readonly fragment?: FragmentPlace;
}

/** Where in its packet a fragment belongs. @public */
export interface FragmentPlace {
	/** Octets before it, a multiple of 8. */
	readonly offset: number;
	/** There are more behind it. */
	readonly more: boolean;
}

/** A packet as data; header fields are plain numbers, as they stand in the header. @public */
export type Packet = TcpPacket | UdpPacket | IcmpPacket | OtherPacket;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;
export const ECE = 64;
export const CWR = 128;

export { ICMP, TCP, UDP } from "../kernel.ts";
