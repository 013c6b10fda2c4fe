/**
 * Between the readonly `Packet` that everybody sees and the flat record that walks through the
 * hooks. Both directions run for every packet of every run: plain stores, no spreading, no
 * pattern matching, and one hidden class for all records.
 */
import { SCTP } from "../../kernel.ts";
import { wordAt } from "../bytes/bytes-read.ts";
import {
	type Checksum,
	ICMP,
	type IcmpPacket,
	type OtherPacket,
	type Packet,
	TCP,
	UDP,
} from "../packet.ts";
import {
	ICMP_HEADER_LENGTH,
	IP_HEADER_LENGTH,
	NO_TCP_OPTIONS,
	packetLength,
	TCP_HEADER_LENGTH,
	tcpOptionsLength,
	UDP_HEADER_LENGTH,
} from "../packet-length.ts";
import { ROOT } from "../socket-owner.ts";
import { CTINFO_INVALID, HOOK_PREROUTING, NO_ENTRY, type Skb } from "./skb.ts";
import { fillFragment } from "./skb-fragment.ts";

/** An empty record. Only here are records made, so that all of them have one hidden class. */
function freshSkb(): Skb {
	return {
		protocol: 0,
		source: 0,
		destination: 0,
		tos: 0,
		ttl: 0,
		id: 0,
		dontFragment: false,
		length: 0,
		sourcePort: 0,
		destinationPort: 0,
		tcpFlags: 0,
		seq: 0,
		ack: 0,
		window: 0,
		tcpOptions: NO_TCP_OPTIONS,
		icmpType: 0,
		icmpCode: 0,
		icmpRest: 0,
		about: null,
		payload: "",
		fragment: null,
		receivedParts: null,
		checksum: "right",
		frame: null,
		inInterface: 0,
		outInterface: 0,
		mark: 0,
		priority: 0,
		entry: NO_ENTRY,
		ctinfo: CTINFO_INVALID,
		template: null,
		hook: HOOK_PREROUTING,
		traced: false,
		hotdrop: false,
		route: null,
		pktType: "unicast",
		local: false,
		socket: "none",
		owner: ROOT,
		holdsIcmpLock: false,
		original: null,
	};
}

/** A copy, of the same hidden class: what is spread has another one, and makes the way of all packets slower. */
export function copyOfSkb(skb: Skb): Skb {
	return Object.assign(freshSkb(), skb);
}

/** What a record of another protocol does not have. */
function clearTransport(skb: Skb): void {
	skb.sourcePort = 0;
	skb.destinationPort = 0;
	skb.tcpFlags = 0;
	skb.seq = 0;
	skb.ack = 0;
	skb.window = 0;
	skb.tcpOptions = NO_TCP_OPTIONS;
	skb.icmpType = 0;
	skb.icmpCode = 0;
	skb.icmpRest = 0;
	skb.about = null;
	skb.fragment = null;
}

/** Everything that does not stand in the packet, as it is for one that has just come in. */
function clearMetadata(skb: Skb): void {
	skb.frame = null;
	skb.inInterface = 0;
	skb.outInterface = 0;
	skb.mark = 0;
	skb.priority = 0;
	skb.entry = NO_ENTRY;
	skb.ctinfo = CTINFO_INVALID;
	skb.template = null;
	skb.hook = HOOK_PREROUTING;
	skb.traced = false;
	skb.hotdrop = false;
	skb.pktType = "unicast";
	skb.local = false;
	skb.socket = "none";
	skb.holdsIcmpLock = false;
	skb.receivedParts = null;
	skb.route = null;
}

/**
 * The record for a packet, with nothing known about it but its headers.
 * @param into a record that is no longer needed, to be filled anew instead of making one
 */
export function skbOf(packet: Packet, into?: Skb): Skb {
	const skb = into ?? freshSkb();
	skb.source = packet.source;
	skb.destination = packet.destination;
	skb.tos = packet.tos;
	skb.ttl = packet.ttl;
	skb.id = packet.id;
	skb.dontFragment = packet.dontFragment;
	skb.payload = packet.payload;
	if (into !== undefined) {
		clearTransport(skb);
		clearMetadata(skb);
	}
	const length = IP_HEADER_LENGTH + packet.payload.length;
	switch (packet.kind) {
		case "tcp":
			skb.protocol = TCP;
			skb.sourcePort = packet.sourcePort;
			skb.destinationPort = packet.destinationPort;
			skb.tcpFlags = packet.flags;
			skb.seq = packet.seq;
			skb.ack = packet.ack;
			skb.window = packet.window;
			skb.tcpOptions = packet.options;
			skb.checksum = packet.checksum ?? "right";
			skb.length =
				length + TCP_HEADER_LENGTH + tcpOptionsLength(packet.options);
			break;
		case "udp":
			skb.protocol = UDP;
			skb.sourcePort = packet.sourcePort;
			skb.destinationPort = packet.destinationPort;
			skb.checksum = packet.checksum ?? "right";
			skb.length = length + UDP_HEADER_LENGTH;
			break;
		case "icmp":
			skb.protocol = ICMP;
			skb.icmpType = packet.type;
			skb.icmpCode = packet.code;
			skb.icmpRest = packet.rest;
			skb.about = packet.about;
			skb.checksum = packet.checksum ?? "right";
			skb.length =
				length +
				ICMP_HEADER_LENGTH +
				(packet.about === null ? 0 : packetLength(packet.about));
			break;
		default:
			skb.protocol = packet.protocol;
			skb.checksum = "right";
			skb.length = length;
			if (packet.fragment !== undefined)
				fillFragment(skb, packet, packet.fragment);
			else if (packet.protocol === SCTP && packet.payload.length >= 4) {
				skb.sourcePort = wordAt(packet.payload, 0);
				skb.destinationPort = wordAt(packet.payload, 2);
			}
	}
	skb.original = packet;
	return skb;
}

/** The packet that a record stands for: the very one it was made from while no header was written. */
export function packetOf(skb: Skb): Packet {
	if (skb.original !== null) return skb.original;
	const packet = summedPacketOf(skb);
	const { checksum } = skb;
	return checksum === "right" || checksum === "partial"
		? packet
		: withChecksum(packet, checksum);
}

/**
 * The packet with the octets that the kernel gives it. An echo reply of nothing but zeros, as the gateway makes it,
 * has a checksum of zero, the other zero of one's complement: the sum of what is copied begins with it
 * (`icmp_push_reply`, net/ipv4/icmp.c; `csum_partial_copy_nocheck`, arch/x86/lib/csum-copy_64.S; 6.1).
 */
export function withOctets(skb: Skb): Packet {
	const packet = packetOf(skb);
	if (!skb.holdsIcmpLock || packet.kind !== "icmp" || !isAllZeros(packet))
		return packet;
	const { type: _, code: __, rest: ___, about: ____, ...header } = packet;
	const payload = "\0".repeat(ICMP_HEADER_LENGTH + packet.payload.length);
	return { ...header, kind: "other", protocol: ICMP, payload };
}

const isAllZeros = ({ type, code, rest, payload }: IcmpPacket): boolean =>
	type === 0 && code === 0 && rest === 0 && ZEROS.test(payload);

const ZEROS = /^\0*$/;

function withChecksum(packet: Packet, checksum: Checksum): Packet {
	if (packet.kind === "udp") return { ...packet, checksum };
	return packet.kind === "other" || checksum === "none"
		? packet
		: { ...packet, checksum };
}

function otherPacketOf(skb: Skb): OtherPacket {
	const { source, destination, ttl, tos, id, dontFragment, protocol } = skb;
	const header = { source, destination, ttl, tos, id, dontFragment };
	const { payload, fragment } = skb;
	return fragment === null
		? { kind: "other", ...header, protocol, payload }
		: { kind: "other", ...header, protocol, payload, fragment };
}

/** With right checksums. */
function summedPacketOf(skb: Skb): Packet {
	const { source, destination, ttl, tos, id, dontFragment, payload } = skb;
	if (skb.fragment !== null) return otherPacketOf(skb);
	switch (skb.protocol) {
		case TCP:
			return {
				kind: "tcp",
				source,
				destination,
				ttl,
				tos,
				id,
				dontFragment,
				sourcePort: skb.sourcePort,
				destinationPort: skb.destinationPort,
				flags: skb.tcpFlags,
				seq: skb.seq,
				ack: skb.ack,
				window: skb.window,
				options: skb.tcpOptions,
				payload,
			};
		case UDP:
			return {
				kind: "udp",
				source,
				destination,
				ttl,
				tos,
				id,
				dontFragment,
				sourcePort: skb.sourcePort,
				destinationPort: skb.destinationPort,
				payload,
			};
		case ICMP:
			return {
				kind: "icmp",
				source,
				destination,
				ttl,
				tos,
				id,
				dontFragment,
				type: skb.icmpType,
				code: skb.icmpCode,
				rest: skb.icmpRest,
				payload,
				about: skb.about,
			};
		default:
			return otherPacketOf(skb);
	}
}
