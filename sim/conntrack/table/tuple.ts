/**
 * Tuples: what identifies a packet's connection in one direction (`struct nf_conntrack_tuple`).
 * Records of this kind are scratch, written over and over: the inner loop makes no objects.
 */
import {
	ICMP_ADDRESS,
	ICMP_ADDRESSREPLY,
	ICMP_ECHO,
	ICMP_ECHOREPLY,
	ICMP_INFO_REPLY,
	ICMP_INFO_REQUEST,
	ICMP_TIMESTAMP,
	ICMP_TIMESTAMPREPLY,
	SCTP,
} from "../../kernel.ts";
import { wordAt } from "../../packet/bytes/bytes-read.ts";
import {
	ICMP,
	type OtherPacket,
	type Packet,
	TCP,
	UDP,
} from "../../packet/packet.ts";
import { ICMP_HEADER_LENGTH } from "../../packet/packet-length.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { TUPLE_DESTINATION, TUPLE_PORTS, TUPLE_SOURCE } from "./layout.ts";

export interface Tuple {
	source: number;
	destination: number;
	/** Source port << 16 | destination port; ICMP: identifier << 16 | type << 8 | code. */
	ports: number;
	protocol: number;
}

/** A record to write into. */
export function scratchTuple(): Tuple {
	return { source: 0, destination: 0, ports: 0, protocol: 0 };
}

const PORTS_LENGTH = 4;

/** Which type answers which; these alone are tracked (`invmap`, nf_conntrack_proto_icmp.c, 6.1). */
const ICMP_ANSWERS = new Int8Array(256).fill(-1);
for (const [query, answer] of [
	[ICMP_ECHO, ICMP_ECHOREPLY],
	[ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY],
	[ICMP_INFO_REQUEST, ICMP_INFO_REPLY],
	[ICMP_ADDRESS, ICMP_ADDRESSREPLY],
] as const) {
	ICMP_ANSWERS[query] = answer;
	ICMP_ANSWERS[answer] = query;
}

/** Is it a query or an answer with an identifier, by its type? */
export function icmpHasIdentifier(type: number): boolean {
	return (ICMP_ANSWERS[type] as number) >= 0;
}

/** May this type begin a connection (`valid_new` in `nf_conntrack_icmp_packet`)? */
export function icmpIsQuery(type: number): boolean {
	return (
		type === ICMP_ECHO ||
		type === ICMP_TIMESTAMP ||
		type === ICMP_INFO_REQUEST ||
		type === ICMP_ADDRESS
	);
}

/**
 * The tuple that answers have (`nf_ct_invert_tuple`). Both arguments may be the same record.
 * @returns false for an ICMP type that nothing answers
 */
export function invertTuple(into: Tuple, tuple: Tuple): boolean {
	const { source, destination, ports, protocol } = tuple;
	into.source = destination;
	into.destination = source;
	into.protocol = protocol;
	if (protocol !== ICMP) {
		into.ports = (ports << 16) | (ports >>> 16);
		return true;
	}
	const answer = ICMP_ANSWERS[(ports >>> 8) & 0xff] as number;
	into.ports = (ports & 0xffff00ff) | ((answer & 0xff) << 8);
	return answer >= 0;
}

/** Copies one into another. */
export function copyTuple(into: Tuple, tuple: Tuple): void {
	into.source = tuple.source;
	into.destination = tuple.destination;
	into.ports = tuple.ports;
	into.protocol = tuple.protocol;
}

/** Reads a tuple of an entry. @param at its first word */
export function readTuple(
	into: Tuple,
	words: Int32Array,
	at: number,
	protocol: number,
): void {
	into.source = words[at + TUPLE_SOURCE] as number;
	into.destination = words[at + TUPLE_DESTINATION] as number;
	into.ports = words[at + TUPLE_PORTS] as number;
	into.protocol = protocol;
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
	return (
		a.source === b.source &&
		a.destination === b.destination &&
		a.ports === b.ports &&
		a.protocol === b.protocol
	);
}

/** The tuple of a packet on its way (`nf_ct_get_tuple`). */
export function tupleOfSkb(into: Tuple, skb: Skb): void {
	into.source = skb.source;
	into.destination = skb.destination;
	into.protocol = skb.protocol;
	into.ports =
		skb.protocol === ICMP
			? icmpPorts(skb.icmpRest, skb.icmpType, skb.icmpCode)
			: (skb.sourcePort << 16) | skb.destinationPort;
}

/**
 * The tuple of a packet that an ICMP error is about.
 * @returns false when nothing of it tells which connection is its own (`ipv4_get_l4proto`)
 */
export function tupleOfPacket(into: Tuple, packet: Packet): boolean {
	into.source = packet.source;
	into.destination = packet.destination;
	if (packet.kind === "other" && packet.fragment !== undefined)
		return packet.fragment.offset === 0 && tupleOfOctets(into, packet);
	switch (packet.kind) {
		case "tcp":
		case "udp":
			into.protocol = packet.kind === "tcp" ? TCP : UDP;
			into.ports = (packet.sourcePort << 16) | packet.destinationPort;
			return true;
		case "icmp":
			into.protocol = ICMP;
			into.ports = icmpPorts(packet.rest, packet.type, packet.code);
			return true;
		default:
			into.protocol = packet.protocol;
			into.ports = 0;
			return packet.protocol !== SCTP || tupleOfOctets(into, packet);
	}
}

/** Of a first fragment: as much of its header as the tuple takes. */
function tupleOfOctets(
	into: Tuple,
	{ protocol, payload }: OtherPacket,
): boolean {
	into.protocol = protocol;
	into.ports = 0;
	if (protocol === ICMP) {
		if (payload.length < ICMP_HEADER_LENGTH) return false;
		const [type, code] = [payload.charCodeAt(0), payload.charCodeAt(1)];
		into.ports = icmpPorts(wordAt(payload, 4) << 16, type, code);
	} else if (protocol === TCP || protocol === UDP || protocol === SCTP) {
		if (payload.length < PORTS_LENGTH) return false;
		into.ports = (wordAt(payload, 0) << 16) | wordAt(payload, 2);
	}
	return true;
}

function icmpPorts(rest: number, type: number, code: number): number {
	return (rest & 0xffff0000) | (type << 8) | code;
}
