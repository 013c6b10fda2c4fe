/** What stands in a routing table (`struct fib_info`, include/net/ip_fib.h, 6.1). */
import type { Address } from "../../packet/packet.ts";

/** From where an address or a route is seen (`enum rt_scope_t`, rtnetlink.h): greater is nearer. */
export const SCOPE_UNIVERSE = 0;
export const SCOPE_SITE = 200;
export const SCOPE_LINK = 253;
export const SCOPE_HOST = 254;
export const SCOPE_NOWHERE = 255;

/** Tables that are there from the beginning (`enum rt_class_t`). */
export const TABLE_DEFAULT = 253;
export const TABLE_MAIN = 254;
export const TABLE_LOCAL = 255;

/** Types of routes that lead somewhere, and of those that only say why they do not (`fib_props`, net/ipv4/fib_semantics.c). */
export type RouteType =
	| "unicast"
	| "local"
	| "broadcast"
	| "blackhole"
	| "unreachable"
	| "prohibit"
	| "throw";

export interface Nexthop {
	readonly interface: number;
	/** The next hop, or `null` when the destination itself is on the link. */
	readonly via: Address | null;
	/** How near it is: SCOPE_LINK for a router, SCOPE_HOST for a destination on the link. */
	readonly scope: number;
	readonly weight: number;
	readonly onlink: boolean;
	/** Its link is down (`RTNH_F_DEAD`). */
	readonly isDead: boolean;
	/** No hash of a multipath route leads to it: so it was when shares were computed last (`fib_rebalance`). */
	readonly isLeftOut: boolean;
}

export interface FibEntry {
	readonly network: Address;
	readonly length: number;
	readonly mask: Address;
	/** 0: any. */
	readonly tos: number;
	readonly metric: number;
	readonly type: RouteType;
	readonly scope: number;
	/** `src`, of what the gateway itself sends. */
	readonly source: Address | null;
	/** Of the route; 0: the link's. */
	readonly mtu: number;
	/** None for types that lead nowhere. */
	readonly nexthops: readonly Nexthop[];
	/** `proto kernel`: it comes with an address. */
	readonly isKernel: boolean;
}

/** Does the type of a route say why there is none? */
export function leadsNowhere(type: RouteType): boolean {
	return (
		type === "blackhole" ||
		type === "unreachable" ||
		type === "prohibit" ||
		type === "throw"
	);
}
