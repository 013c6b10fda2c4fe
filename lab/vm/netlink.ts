/** Messages of rtnetlink(7), as the guest's agent hands them on to its kernel: interfaces, addresses, routes. */
import type { Address } from "../../sim/packet/packet.ts";

const NEWLINK = 16;
const NEWADDR = 20;
const NEWROUTE = 24;
const DELNEIGH = 29;
const REQUEST = 0x1;
const ACK = 0x4;
const EXCLUSIVE = 0x200;
const CREATE = 0x400;
const INET = 2;
const IFF_UP = 1;

const HEADER = 16;
const ALIGNMENT = 4;

/** A name and a value: `rtattr`. */
function attribute(type: number, value: Uint8Array): Buffer {
	const bytes = Buffer.alloc(aligned(4 + value.length));
	bytes.writeUInt16LE(4 + value.length, 0);
	bytes.writeUInt16LE(type, 2);
	bytes.set(value, 4);
	return bytes;
}

const text = (value: string) => Buffer.from(`${value}\0`);

function number32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32LE(value | 0, 0);
	return bytes;
}

function number16(value: number): Buffer {
	const bytes = Buffer.alloc(2);
	bytes.writeUInt16LE(value, 0);
	return bytes;
}

/** An address goes as it goes on the wire. */
function address32(address: Address): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32BE(address, 0);
	return bytes;
}

function aligned(length: number): number {
	return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function message(
	type: number,
	flags: number,
	fixed: Buffer,
	attributes: readonly Buffer[],
): Buffer {
	const body = Buffer.concat([fixed, ...attributes]);
	const header = Buffer.alloc(HEADER);
	header.writeUInt32LE(HEADER + body.length, 0);
	header.writeUInt16LE(type, 4);
	header.writeUInt16LE(REQUEST | ACK | flags, 6);
	return Buffer.concat([header, body]);
}

/** `struct ifinfomsg`. */
function linkInfo(index: number, flags: number, change: number): Buffer {
	const bytes = Buffer.alloc(16);
	bytes.writeInt32LE(index, 4);
	bytes.writeUInt32LE(flags, 8);
	bytes.writeUInt32LE(change, 12);
	return bytes;
}

/** `ip link set INDEX up|down`. */
export function setLink(index: number, up: boolean): Buffer {
	return message(NEWLINK, 0, linkInfo(index, up ? IFF_UP : 0, IFF_UP), []);
}

/** `ip link set INDEX up mtu MTU txqueuelen N`. */
export function raiseTrunk(
	index: number,
	{ mtu, queueLength }: { readonly mtu: number; readonly queueLength: number },
): Buffer {
	return message(NEWLINK, 0, linkInfo(index, IFF_UP, IFF_UP), [
		attribute(4, number32(mtu)),
		attribute(13, number32(queueLength)),
	]);
}

/** `ip link add link TRUNK name NAME mtu MTU netns OWNER type vlan id VLAN`. */
export function addVlan(link: {
	readonly index: number;
	readonly trunk: number;
	readonly name: string;
	readonly mtu: number;
	readonly vlan: number;
	/** A process, in whose network namespace it will be. */
	readonly owner: number;
}): Buffer {
	const data = attribute(1, number16(link.vlan));
	const kind = [attribute(1, text("vlan")), attribute(2, data)];
	return message(NEWLINK, CREATE | EXCLUSIVE, linkInfo(link.index, 0, 0), [
		attribute(3, text(link.name)),
		attribute(4, number32(link.mtu)),
		attribute(5, number32(link.trunk)),
		attribute(18, Buffer.concat(kind)),
		attribute(19, number32(link.owner)),
	]);
}

/** Seen from elsewhere, from this link alone, or not at all: `rtnetlink.h`. */
const SCOPES = { universe: 0, link: 253, host: 254 } as const;
export type Scope = keyof typeof SCOPES;

/** `ip addr add ADDRESS/LENGTH dev INDEX scope SCOPE`. */
export function addAddress(
	index: number,
	own: {
		readonly address: Address;
		readonly prefixLength: number;
		readonly scope: Scope;
	},
): Buffer {
	const fixed = Buffer.alloc(8);
	fixed.writeUInt8(INET, 0);
	fixed.writeUInt8(own.prefixLength, 1);
	fixed.writeUInt8(SCOPES[own.scope], 3);
	fixed.writeInt32LE(index, 4);
	const octets = address32(own.address);
	return message(NEWADDR, CREATE | EXCLUSIVE, fixed, [
		attribute(1, octets),
		attribute(2, octets),
	]);
}

/** `ip route add DESTINATION/LENGTH [via GATEWAY] dev INDEX`. */
export function addRoute(
	index: number,
	route: {
		readonly destination: Address;
		readonly prefixLength: number;
		readonly via: Address | null;
	},
): Buffer {
	const { destination, prefixLength, via } = route;
	const [mainTable, byAdministrator, unicast] = [254, 4, 1];
	const scope = via === null ? SCOPES.link : SCOPES.universe;
	const fixed = Buffer.from([
		INET,
		prefixLength,
		0,
		0,
		mainTable,
		byAdministrator,
		scope,
		unicast,
		0,
		0,
		0,
		0,
	]);
	return message(NEWROUTE, CREATE | EXCLUSIVE, fixed, [
		attribute(1, address32(destination)),
		attribute(4, number32(index)),
		...(via === null ? [] : [attribute(5, address32(via))]),
	]);
}

/** `ip neigh del ADDRESS dev INDEX`, which is what a flush does with each. */
export function deleteNeighbour(index: number, address: Address): Buffer {
	const fixed = Buffer.alloc(12);
	fixed.writeUInt8(INET, 0);
	fixed.writeInt32LE(index, 4);
	return message(DELNEIGH, 0, fixed, [attribute(1, address32(address))]);
}
