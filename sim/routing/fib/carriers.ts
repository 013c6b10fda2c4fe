/**
 * Links that have lost their carrier while they are up: a setting says whether routes by them count
 * (`ignore_routes_with_linkdown`; `fib_lookup_good_nhc`, net/ipv4/fib_trie.c; `fib_rebalance`,
 * net/ipv4/fib_semantics.c, 6.1).
 */
import { type FibEntry, type Nexthop, SCOPE_NOWHERE } from "./fib-entry.ts";

/** By index of the interface: whether next hops by it are passed over. `null`: none is. */
export type PassedOver = readonly boolean[] | null;

/** What of a gateway's links decides it, by index of the interface. */
export interface Carriers {
	readonly carriers: readonly boolean[];
	/** `ignore_routes_with_linkdown`; `null`: of none. */
	readonly ignoresLinkDown: readonly boolean[] | null;
	/** What follows from both. */
	readonly passedOver: PassedOver;
}

/** Follows from the others. */
export function passedOverBy({
	carriers,
	ignoresLinkDown,
}: Omit<Carriers, "passedOver">): PassedOver {
	if (ignoresLinkDown === null) return null;
	const passed = carriers.map(
		(isThere, index) => !isThere && ignoresLinkDown[index] === true,
	);
	return passed.includes(true) ? passed : null;
}

/** An address of the gateway's own is there whatever its link is like (`fib_sync_down_dev`). */
export function isPassedOver(hop: Nexthop, passedOver: PassedOver): boolean {
	return (
		passedOver !== null &&
		hop.scope !== SCOPE_NOWHERE &&
		passedOver[hop.interface] === true
	);
}

/** The shares of its next hops, computed anew: a change of the setting alone does not (`fib_rebalance`). */
export function rebalanced(entry: FibEntry, passedOver: PassedOver): FibEntry {
	if (entry.nexthops.length < 2) return entry;
	return {
		...entry,
		nexthops: entry.nexthops.map((one) => ({
			...one,
			isLeftOut: one.isDead || isPassedOver(one, passedOver),
		})),
	};
}
