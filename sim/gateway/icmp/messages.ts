/**
 * What the gateway's own stack says: resets, ICMP errors and echo replies, built as the 6.1 kernel
 * builds them.
 */

import {
	AH,
	DCCP,
	ESP,
	GRE,
	ICMP_ECHOREPLY,
	NR_ICMP_TYPES,
	SCTP,
	UDPLITE,
} from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { cutOff, icmp } from "../../packet/build.ts";
import { transportChecksum } from "../../packet/bytes/bytes-encode.ts";
import { octetsOf } from "../../packet/bytes/bytes-read.ts";
import { internetChecksum } from "../../packet/bytes/checksum.ts";
import {
	type Address,
	ICMP,
	type Packet,
	TCP,
	type TcpPacket,
	UDP,
} from "../../packet/packet.ts";
import { packetLength } from "../../packet/packet-length.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { packetOf } from "../../packet/skb/skb-packet.ts";
import { resetFor as resetOf } from "../../packet/tcp-reset.ts";

/** An ICMP error is at most this long (`__icmp_send`: 576), headers of its own taken off. */
const MOST_QUOTED = 576 - 20 - 8;
const IPTOS_TOS_MASK = 0x1e;
const IPTOS_PREC_INTERNETCONTROL = 0xc0;

/**
 * The reset for a segment that belongs to no connection (`tcp_v4_send_reset`), or that a rule rejects
 * (`nf_send_reset`, whose only difference is the type of service).
 * @returns `null` for a reset, which is never answered, and for a broken segment
 */
export function resetFor(skb: Skb, tos: number, ttl: number): TcpPacket | null {
	const packet = packetOf(skb);
	if (skb.checksum === "wrong") return null;
	return packet.kind === "tcp" ? resetOf(packet, { tos, ttl }) : null;
}

export interface IcmpErrorFields {
	readonly type: number;
	readonly code: number;
	/** MTU or gateway. */
	readonly rest: number;
	readonly source: Address;
	readonly ttl: number;
}

/** `__icmp_send`: an error about a packet, quoting as much of it as fits. */
export function icmpErrorFor(skb: Skb, fields: IcmpErrorFields): Packet {
	return icmp({
		source: fields.source,
		destination: skb.source,
		type: fields.type,
		code: fields.code,
		rest: fields.rest,
		about: quoted(asItStands(skb), paddingOf(skb)),
		// Redirects and errors keep the sender's type of service and add a precedence.
		tos: (skb.tos & IPTOS_TOS_MASK) | IPTOS_PREC_INTERNETCONTROL,
		ttl: fields.ttl,
	});
}

/** A checksum that is made on the way out is not there before. */
function asItStands(skb: Skb): Packet {
	const packet = packetOf(skb);
	return skb.checksum === "partial" && packet.kind === "tcp"
		? { ...packet, checksum: "wrong" }
		: packet;
}

/** Errors are never sent about errors (`icmp_pointers[].error`). */
export function isIcmpError(skb: Skb): boolean {
	if (skb.protocol !== ICMP) return false;
	return skb.icmpType > NR_ICMP_TYPES || ICMP_ERRORS.has(skb.icmpType);
}
const ICMP_ERRORS = new Set([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]);

/** Protocols with other checksums, or with partial ones (`nf_reject_verify_csum`). */
const NOT_SUMMED = new Set([DCCP, GRE, ESP, AH, SCTP, UDPLITE]);

/**
 * Whether REJECT takes a packet for undamaged (`nf_send_unreach`). Of protocols that the model does
 * not know, and of fragments, all octets behind the IP header have to make a right checksum
 * (`nf_ip_checksum`), which for most of them is nonsense, and so they vanish without an answer.
 */
export function isSummed(
	skb: Skb,
	{ unsummedDatagrams }: Pick<Behaviour, "unsummedDatagrams">,
): boolean {
	const { protocol, payload } = skb;
	if (NOT_SUMMED.has(protocol)) return true;
	const hasPorts = protocol === TCP || protocol === UDP;
	if (skb.fragment === null && (hasPorts || protocol === ICMP))
		return (
			skb.checksum !== "wrong" &&
			(skb.checksum !== "none" || unsummedDatagrams === "answered")
		);
	const octets = octetsOf(payload);
	if (protocol === UDP && octets[6] === 0 && octets[7] === 0)
		return unsummedDatagrams === "answered";
	const sum = hasPorts
		? transportChecksum(
				{ ...skb, kind: protocol === TCP ? "tcp" : "udp" },
				octets,
			)
		: internetChecksum(octets);
	// Of nothing but zeros as well: sums begin with the other zero (csum_partial_copy_nocheck).
	return sum === 0 || sum === 0xffff;
}

/** `icmp_echo`. */
export function echoReplyFor(skb: Skb, ttl: number): Packet {
	return icmp({
		source: skb.destination,
		destination: skb.source,
		type: ICMP_ECHOREPLY,
		code: skb.icmpCode,
		rest: skb.icmpRest,
		payload: skb.payload,
		tos: skb.tos,
		ttl,
	});
}

/** Octets of TCP options that were overwritten: the header is as long as it was. */
export function paddingOf(skb: Skb): number {
	const isWhole = skb.protocol === TCP && skb.fragment === null;
	return isWhole ? skb.length - packetLength(packetOf(skb)) : 0;
}

function quoted(packet: Packet, padding: number): Packet {
	const excess = packetLength(packet) + padding - MOST_QUOTED;
	if (excess <= 0) return packet;
	return cutOff(packet, Math.max(0, packet.payload.length - excess));
}
