/** Ethernet headers, with a VLAN tag or without, and the hardware addresses of everybody on the trunk. */
import { HOST_MAC_PREFIX } from "../../../sim/packet/address.ts";
import type { Address } from "../../../sim/packet/packet.ts";

export const IPV4 = 0x0800;
export const ARP = 0x0806;
const VLAN = 0x8100;
const SHORTEST = 60;
const ADDRESS_OCTETS = 6;

export interface Frame {
	/** 0 is the trunk itself, without a tag. */
	readonly vlan: number;
	readonly to: Uint8Array;
	readonly from: Uint8Array;
	readonly type: number;
	readonly payload: Uint8Array;
}

/** The gateway's own address, the same on all of its VLANs. */
export const GATEWAY_MAC = Uint8Array.of(0x52, 0x54, 0, 0, 0, 1);
export const BROADCAST_MAC = new Uint8Array(ADDRESS_OCTETS).fill(0xff);

/** Everybody else's is made of their IPv4 address, so nobody has to remember any. */
export function macOf(address: Address): Uint8Array {
	const mac = Uint8Array.of(...HOST_MAC_PREFIX, 0, 0, 0, 0);
	new DataView(mac.buffer).setInt32(2, address);
	return mac;
}

/** Whose hardware address it is; `null`: of no host around the gateway. */
export function addressOfMac(mac: Uint8Array): Address | null {
	if (HOST_MAC_PREFIX.some((octet, at) => mac[at] !== octet)) return null;
	const { buffer, byteOffset, byteLength } = mac;
	return new DataView(buffer, byteOffset, byteLength).getInt32(2);
}

/** Where a packet to a multicast address goes (RFC 1112, 6.4). */
export function multicastMac(address: Address): Uint8Array {
	return Uint8Array.of(
		0x01,
		0x00,
		0x5e,
		(address >>> 16) & 0x7f,
		(address >>> 8) & 0xff,
		address & 0xff,
	);
}

/** The octets of a frame, filled up to the shortest length that there is. */
export function encodeFrame(frame: Frame): Buffer {
	const { vlan, payload } = frame;
	const header = 2 * ADDRESS_OCTETS + (vlan === 0 ? 2 : 6);
	const bytes = Buffer.alloc(Math.max(header + payload.length, SHORTEST));
	bytes.set(frame.to, 0);
	bytes.set(frame.from, ADDRESS_OCTETS);
	let at = 2 * ADDRESS_OCTETS;
	if (vlan !== 0) {
		at = bytes.writeUInt16BE(VLAN, at);
		at = bytes.writeUInt16BE(vlan, at);
	}
	at = bytes.writeUInt16BE(frame.type, at);
	bytes.set(payload, at);
	return bytes;
}

/** @returns `null` for what is too short to be a frame */
export function decodeFrame(bytes: Buffer): Frame | null {
	let at = 2 * ADDRESS_OCTETS;
	if (bytes.length < at + 2) return null;
	let type = bytes.readUInt16BE(at);
	let vlan = 0;
	if (type === VLAN) {
		if (bytes.length < at + 6) return null;
		vlan = bytes.readUInt16BE(at + 2) & 0xfff;
		at += 4;
		type = bytes.readUInt16BE(at);
	}
	return {
		vlan,
		to: bytes.subarray(0, ADDRESS_OCTETS),
		from: bytes.subarray(ADDRESS_OCTETS, 2 * ADDRESS_OCTETS),
		type,
		payload: bytes.subarray(at + 2),
	};
}
