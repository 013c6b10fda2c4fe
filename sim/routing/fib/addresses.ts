/** The addresses of an interface, and the routes that come with them (net/ipv4/devinet.c, net/ipv4/fib_frontend.c, 6.1). */
import { LOOPBACK_IFINDEX } from "../../kernel.ts";
import { prefixMask } from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import {
	type FibEntry,
	SCOPE_HOST,
	SCOPE_LINK,
	SCOPE_NOWHERE,
	TABLE_LOCAL,
	TABLE_MAIN,
} from "./fib-entry.ts";

/** `struct in_ifaddr` */
export interface OwnAddress {
	readonly address: Address;
	/** Of the network that the length is about: the other end of a point-to-point link, else the same. */
	readonly peer: Address;
	readonly length: number;
	readonly scope: number;
	/** `brd`, where it was given. */
	readonly broadcast: Address | null;
	readonly metric: number;
	/** `noprefixroute` */
	readonly hasNoRoute: boolean;
}

function maskOf({ length }: OwnAddress): Address {
	return prefixMask(length);
}

/** Is the address on the network of the other? (`inet_ifa_match`) */
export function isOnNetwork(address: Address, own: OwnAddress): boolean {
	return ((address ^ own.peer) & maskOf(own)) === 0;
}

function isSameNetwork(one: OwnAddress, other: OwnAddress): boolean {
	return one.length === other.length && isOnNetwork(other.peer, one);
}

/** Is it not the first one of its network? (`IFA_F_SECONDARY`) */
export function isSecondary(
	own: readonly OwnAddress[],
	one: OwnAddress,
): boolean {
	return own.find((other) => isSameNetwork(other, one)) !== one;
}

/**
 * One more address (`__inet_insert_ifa`).
 * @returns an error as `RTNETLINK answers` spells it, or the addresses
 */
export function insertAddress(
	own: readonly OwnAddress[],
	one: OwnAddress,
): readonly OwnAddress[] | string {
	const same = own.filter((other) => isSameNetwork(other, one));
	if (same.some(({ address }) => address === one.address)) return "File exists";
	if (same.some(({ scope }) => scope !== one.scope)) return "Invalid argument";
	if (same.length > 0) return [...own, one];
	const before = own.findLastIndex(
		(other) => !isSecondary(own, other) && one.scope <= other.scope,
	);
	return own.toSpliced(before + 1, 0, one);
}

/**
 * Less one address (`__inet_del_ifa`): with the first one of a network its others go, unless they are promoted.
 * @returns those that are left, and those that are gone
 */
export function removeAddress(
	own: readonly OwnAddress[],
	one: OwnAddress,
	promotes: boolean,
): {
	readonly left: readonly OwnAddress[];
	readonly gone: readonly OwnAddress[];
} {
	const isGone = (other: OwnAddress) =>
		other === one ||
		(!promotes && !isSecondary(own, one) && isSameNetwork(one, other));
	return {
		left: own.filter((other) => !isGone(other)),
		gone: own.filter(isGone),
	};
}

/** Of the address's network. */
export function broadcastsOf(
	one: OwnAddress,
	lowestAddress: "broadcast" | undefined,
): readonly Address[] {
	const [lowest, highest] = [one.peer & maskOf(one), one.peer | ~maskOf(one)];
	return lowestAddress === "broadcast" ? [lowest, highest] : [highest];
}

/** Routes that an interface's addresses bring along, each with its table (`fib_add_ifaddr`). */
export function connectedEntries(
	own: readonly OwnAddress[],
	{
		index,
		isUp,
		lowestAddress,
	}: {
		readonly index: number;
		readonly isUp: boolean;
		readonly lowestAddress: "broadcast" | undefined;
	},
): readonly (readonly [table: number, entry: FibEntry])[] {
	const found: (readonly [number, FibEntry])[] = [];
	for (const one of own) {
		const first = own.find((other) => isSameNetwork(other, one)) ?? one;
		const make = kernelEntry(index, first.address);
		found.push([TABLE_LOCAL, make("local", one.address, 32, 0)]);
		// The gateway answers for its addresses also while their link is down (fib_sync_down_dev).
		if (!isUp) continue;
		const { broadcast, length } = one;
		if (broadcast !== null && broadcast !== -1)
			found.push([TABLE_LOCAL, make("broadcast", broadcast, 32, 0)]);
		const network = one.peer & maskOf(one);
		if (network === 0 || first !== one) continue;
		if (network === one.address && length === 32) continue;
		if (!one.hasNoRoute) {
			const isLoopback = index === LOOPBACK_IFINDEX;
			const route = make(
				isLoopback ? "local" : "unicast",
				network,
				length,
				one.metric,
			);
			found.push([isLoopback ? TABLE_LOCAL : TABLE_MAIN, route]);
		}
		if (length >= 31) continue;
		for (const address of broadcastsOf(one, lowestAddress))
			found.push([TABLE_LOCAL, make("broadcast", address, 32, 0)]);
	}
	return found;
}

/** `fib_magic` */
function kernelEntry(index: number, source: Address) {
	return (
		type: "local" | "broadcast" | "unicast",
		network: Address,
		length: number,
		metric: number,
	): FibEntry => ({
		network,
		length,
		mask: prefixMask(length),
		tos: 0,
		metric,
		type,
		scope: type === "local" ? SCOPE_HOST : SCOPE_LINK,
		source,
		mtu: 0,
		nexthops: [
			{
				interface: index,
				via: null,
				scope: type === "local" ? SCOPE_NOWHERE : SCOPE_HOST,
				weight: 1,
				onlink: false,
				isDead: false,
				isLeftOut: false,
			},
		],
		isKernel: true,
	});
}
