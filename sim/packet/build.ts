/**
 * Terse constructors: say what matters, the rest is what a quiet Linux host would send.
 *
 *     tcp({ source: "10.0.0.10", sourcePort: 40000, destination: "10.0.0.1", destinationPort: 25 })
 *
 * is a SYN. The defaults are those of the one-line notation, which leaves them out.
 */
import { parseAddress } from "./address.ts";
import {
	type Address,
	type Checksum,
	type FragmentPlace,
	type IcmpPacket,
	type OtherPacket,
	type Packet,
	SYN,
	type TcpOptions,
	type TcpPacket,
	type UdpPacket,
} from "./packet.ts";
import { PacketError } from "./packet-error.ts";
import {
	ICMP_HEADER_LENGTH,
	IP_HEADER_LENGTH,
	NO_TCP_OPTIONS,
	packetLength,
} from "./packet-length.ts";

export const DEFAULT_TTL = 64;
export const DEFAULT_WINDOW = 64240;

/** Dotted (`"10.0.0.1"`) or as the signed number that it is everywhere in the model. */
type AddressLike = string | Address;

interface IpFields {
	readonly source: AddressLike;
	readonly destination: AddressLike;
	readonly ttl?: number;
	readonly tos?: number;
	readonly id?: number;
	readonly dontFragment?: boolean;
	readonly payload?: string;
}

interface PortFields extends IpFields {
	readonly sourcePort: number;
	readonly destinationPort: number;
}

export interface TcpFields extends PortFields {
	/** A SYN when left out. */
	readonly flags?: number;
	readonly seq?: number;
	readonly ack?: number;
	readonly window?: number;
	readonly options?: Partial<TcpOptions>;
	/** Right when left out. */
	readonly checksum?: "wrong";
}

export interface UdpFields extends PortFields {
	/** Right when left out. */
	readonly checksum?: Checksum;
}

export interface IcmpFields extends IpFields {
	readonly type: number;
	readonly code?: number;
	/** Second header word: see `IcmpPacket`. */
	readonly rest?: number;
	readonly about?: Packet | null;
	/** Right when left out. */
	readonly checksum?: "wrong";
}

export interface IcmpEchoFields extends IpFields {
	/** `"request"` when left out. */
	readonly direction?: "request" | "reply";
	readonly identifier?: number;
	readonly sequence?: number;
}

export interface IcmpErrorFields {
	readonly type: number;
	readonly code: number;
	/** Whoever sends the error. */
	readonly from: AddressLike;
	/** Whoever learns of it: the sender of the packet in question when left out. */
	readonly to?: AddressLike;
	/** MTU of fragmentation-needed, gateway of a redirect. */
	readonly rest?: number;
	readonly ttl?: number;
}

export interface OtherFields extends IpFields {
	readonly protocol: number;
	/** Whole when left out. */
	readonly fragment?: FragmentPlace;
}

function addressOf(given: AddressLike): Address {
	if (typeof given === "number") return given | 0;
	const address = parseAddress(given);
	if (address === null)
		throw new PacketError({
			code: "notation",
			message: `"${given}" is not an IPv4 address`,
			place: 1,
			remedy: "Write four numbers from 0 to 255, for example 10.0.0.1",
		});
	return address;
}

function ipHeader(fields: IpFields) {
	return {
		source: addressOf(fields.source),
		destination: addressOf(fields.destination),
		ttl: fields.ttl ?? DEFAULT_TTL,
		tos: fields.tos ?? 0,
		id: fields.id ?? 0,
		dontFragment: fields.dontFragment ?? false,
		payload: fields.payload ?? "",
	};
}

/** A TCP segment; a SYN without options unless something else is said. */
export function tcp(fields: TcpFields): TcpPacket {
	return {
		kind: "tcp",
		...ipHeader(fields),
		sourcePort: fields.sourcePort,
		destinationPort: fields.destinationPort,
		flags: fields.flags ?? SYN,
		seq: (fields.seq ?? 0) | 0,
		ack: (fields.ack ?? 0) | 0,
		window: fields.window ?? DEFAULT_WINDOW,
		options: fields.options
			? { ...NO_TCP_OPTIONS, ...fields.options }
			: NO_TCP_OPTIONS,
		...(fields.checksum === undefined ? {} : { checksum: fields.checksum }),
	};
}

/** A UDP datagram. */
export function udp(fields: UdpFields): UdpPacket {
	return {
		kind: "udp",
		...ipHeader(fields),
		sourcePort: fields.sourcePort,
		destinationPort: fields.destinationPort,
		...(fields.checksum === undefined ? {} : { checksum: fields.checksum }),
	};
}

/** Any ICMP message. */
export function icmp(fields: IcmpFields): IcmpPacket {
	return {
		kind: "icmp",
		...ipHeader(fields),
		type: fields.type,
		code: fields.code ?? 0,
		rest: (fields.rest ?? 0) | 0,
		about: fields.about ?? null,
		...(fields.checksum === undefined ? {} : { checksum: fields.checksum }),
	};
}

/** A ping or the answer to one. */
export function icmpEcho(fields: IcmpEchoFields): IcmpPacket {
	return icmp({
		...fields,
		type: fields.direction === "reply" ? 0 : 8,
		rest: ((fields.identifier ?? 0) << 16) | (fields.sequence ?? 0),
	});
}

/**
 * The error that a Linux router sends about a packet (net/ipv4/icmp.c, `__icmp_send`, 6.1): it
 * quotes so much of the packet that the error is no longer than 576 octets, takes over its type of
 * service and sets the precedence to internetwork control.
 */
export function icmpError(about: Packet, fields: IcmpErrorFields): IcmpPacket {
	return icmp({
		source: fields.from,
		destination: fields.to ?? about.source,
		ttl: fields.ttl ?? DEFAULT_TTL,
		tos: (about.tos & 0x1e) | 0xc0,
		type: fields.type,
		code: fields.code,
		rest: fields.rest ?? 0,
		about: quote(about),
	});
}

/** Any other protocol. */
export function other(fields: OtherFields): OtherPacket {
	const { protocol, fragment } = fields;
	return {
		kind: "other",
		...ipHeader(fields),
		protocol,
		...(fragment === undefined ? {} : { fragment }),
	};
}

const QUOTE_LENGTH = 576 - IP_HEADER_LENGTH - ICMP_HEADER_LENGTH;

/** The part of a packet that an ICMP error has room for. */
function quote(packet: Packet): Packet {
	const excess = packetLength(packet) - QUOTE_LENGTH;
	if (excess <= 0) return packet;
	const left = Math.max(0, packet.payload.length - excess);
	return cutOff(packet, left);
}

/** A packet of whose payload only the beginning is there: whether its checksum was wrong is lost. */
export function cutOff(packet: Packet, payloadLength: number): Packet {
	const payload = packet.payload.slice(0, payloadLength);
	if (packet.kind === "other" || packet.checksum !== "wrong")
		return { ...packet, payload };
	const { checksum: _, ...rest } = packet;
	return { ...rest, payload };
}
