/** Elements of sets: what they are made of, how they are found and printed. */

import { protocolName } from "../extension/values/names.ts";
import { ICMP } from "../kernel.ts";
import { formatAddress, prefixMask } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { icmpNameOf } from "./icmp-words.ts";
import type { SetType } from "./set-types.ts";

/** What an element is made of. Of a type that has no such part, the field is what `NO_PARTS` says. */
export interface Parts {
	readonly ip: Address;
	/** Length of its prefix. */
	readonly length: number;
	readonly ip2: Address;
	readonly length2: number;
	readonly protocol: number;
	/** Of ICMP: type << 8 | code. */
	readonly port: number;
	/** Signed. */
	readonly mark: number;
	/** Lower case, with colons. */
	readonly mac: string;
	readonly device: string;
	/** `physdev:`: the port of a bridge. */
	readonly isPhysical: boolean;
	/** `device` is how the names begin. */
	readonly wildcard: boolean;
}

export const HOST_LENGTH = 32;

export const NO_PARTS: Parts = {
	ip: 0,
	length: HOST_LENGTH,
	ip2: 0,
	length2: HOST_LENGTH,
	protocol: 0,
	port: 0,
	mark: 0,
	mac: "",
	device: "",
	isPhysical: false,
	wildcard: false,
};

/**
 * What elements are found by. Elements of one key differ in their interface at most (`HKEY` of
 * ip_set_hash_netiface.c, 6.1: it is not hashed).
 */
export type Key = string | number;

export function keyOf({ name }: SetType, parts: Parts): Key {
	switch (name) {
		case "hash:ip":
		case "bitmap:ip":
			return parts.ip;
		case "bitmap:port":
			return parts.port;
		case "hash:net":
			return (parts.ip >>> 0) * 64 + parts.length;
		case "hash:mac":
			return parts.mac;
		case "hash:ip,mark":
			return `${parts.ip} ${parts.mark}`;
		case "hash:net,iface":
			return `${parts.ip} ${parts.length} ${parts.isPhysical}`;
		case "hash:net,net":
			return `${parts.ip} ${parts.length} ${parts.ip2} ${parts.length2}`;
		default: {
			const { ip, length, protocol, port, ip2, length2 } = parts;
			return `${ip} ${length} ${protocol} ${port} ${ip2} ${length2}`;
		}
	}
}

/** `data_equal`, of two with one key. @param stored may begin names */
export function isSame(stored: Parts, other: Parts): boolean {
	return stored.wildcard
		? other.device.startsWith(stored.device)
		: stored.device === other.device;
}

export function masked(address: Address, length: number): Address {
	return address & prefixMask(length);
}

/** As `ipset save` prints the element. */
export function printElement({ name, parts }: SetType, element: Parts): string {
	if (name === "bitmap:port") return `${element.port}`;
	return parts
		.map((part) => {
			switch (part) {
				case "ip":
					return formatAddress(element.ip);
				case "net":
					return network(element.ip, element.length);
				case "ip2":
					return formatAddress(element.ip2);
				case "net2":
					return network(element.ip2, element.length2);
				case "port":
					return printPort(element);
				case "mark":
					return hex(element.mark);
				case "mac":
					return element.mac.toUpperCase();
				case "device":
					return `${element.isPhysical ? "physdev:" : ""}${element.device}`;
				default:
					return part satisfies never;
			}
		})
		.join(",");
}

/** `0x0000000a`, as ipset prints marks. */
export function hex(value: number): string {
	return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}

function network(address: Address, length: number): string {
	const dotted = formatAddress(address);
	return length === HOST_LENGTH ? dotted : `${dotted}/${length}`;
}

function printPort({ protocol, port }: Parts): string {
	const name = protocolName(protocol) ?? `${protocol}`;
	return `${name}:${protocol === ICMP ? icmpNameOf(port) : port}`;
}
