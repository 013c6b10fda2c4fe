/** ARP for IPv4 over Ethernet (RFC 826), and the fence that is made of it. */
import type { Address } from "../../../sim/packet/packet.ts";
import { ARP, BROADCAST_MAC, encodeFrame, type Frame } from "./ethernet.ts";

const REQUEST = 1;
const REPLY = 2;
const LENGTH = 28;
/** Ethernet, IPv4, and the lengths of their addresses. */
const HEADER = [0, 1, 0x08, 0x00, 6, 4] as const;

export interface Arp {
	readonly kind: "request" | "reply";
	readonly senderMac: Uint8Array;
	readonly sender: Address;
	readonly targetMac: Uint8Array;
	readonly target: Address;
}

/** @returns `null` for what is no ARP of IPv4 over Ethernet */
export function decodeArp(payload: Uint8Array): Arp | null {
	if (payload.length < LENGTH) return null;
	if (HEADER.some((octet, index) => payload[index] !== octet)) return null;
	const view = new DataView(payload.buffer, payload.byteOffset, LENGTH);
	const operation = view.getUint16(6);
	if (operation !== REQUEST && operation !== REPLY) return null;
	return {
		kind: operation === REQUEST ? "request" : "reply",
		senderMac: payload.subarray(8, 14),
		sender: view.getInt32(14),
		targetMac: payload.subarray(18, 24),
		target: view.getInt32(24),
	};
}

export function encodeArp(arp: Arp): Uint8Array {
	const payload = new Uint8Array(LENGTH);
	const view = new DataView(payload.buffer);
	payload.set(HEADER);
	view.setUint16(6, arp.kind === "request" ? REQUEST : REPLY);
	payload.set(arp.senderMac, 8);
	view.setInt32(14, arp.sender);
	payload.set(arp.targetMac, 18);
	view.setInt32(24, arp.target);
	return payload;
}

/** The answer of the host that has the address that a request asks for. */
export function arpReply(request: Arp, vlan: number, mac: Uint8Array): Buffer {
	const payload = encodeArp({
		kind: "reply",
		senderMac: mac,
		sender: request.target,
		targetMac: request.senderMac,
		target: request.sender,
	});
	return encodeFrame({
		vlan,
		to: request.senderMac,
		from: mac,
		type: ARP,
		payload,
	});
}

/** On the loopback beside the trunk, for fences alone: the dummy address of RFC 7600. No gateway has it. */
export const FENCE_ADDRESS: Address = (192 << 24) | 8;
const FENCE_MAC = [0x02, 0xfe] as const;

/**
 * Everything that the gateway did at once with the frames before this one has come out when the
 * answer is here. It is an address probe (RFC 5227, from 0.0.0.0), so the gateway learns no
 * neighbour from it. Without a tag it passes whatever links are down; with one, and an address of
 * that link, its answer says that the link is up.
 */
export function fence(
	number: number,
	{ vlan = 0, target = FENCE_ADDRESS } = {},
): Buffer {
	const mac = Uint8Array.of(...FENCE_MAC, 0, 0, 0, 0);
	new DataView(mac.buffer).setUint32(2, number);
	const payload = encodeArp({
		kind: "request",
		senderMac: mac,
		sender: 0,
		targetMac: new Uint8Array(6),
		target,
	});
	return encodeFrame({
		vlan,
		to: BROADCAST_MAC,
		from: mac,
		type: ARP,
		payload,
	});
}

/** The number of the fence that a frame answers, or `null`. */
export function answeredFence({ type, to }: Frame): number | null {
	if (type !== ARP || FENCE_MAC.some((octet, index) => to[index] !== octet))
		return null;
	return new DataView(to.buffer, to.byteOffset).getUint32(2);
}
