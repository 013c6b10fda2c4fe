/** Whether the gateway's own packets have a way (`ip_route_output_key_hash_rcu`, `__mkroute_output`, net/ipv4/route.c, 6.1). */
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { isMulticast } from "./reachability.ts";
import type { Routes } from "./routes.ts";

/**
 * Can a packet of the gateway's own go where it goes now?
 * @throws UnknownSignal for destinations that are not modelled
 */
export function isRoutable(routes: Routes, skb: Skb): boolean {
	const route = routes.lookup(skb.destination);
	if (route === null || isNowhere(skb)) return false;
	// A 127/8 source is routed to local alone. A raw socket's packet keeps its first route, for which
	// its source was not asked, so it still leaves unless it is routed again.
	return skb.source >>> 24 !== 127 || route.type === "local";
}

/**
 * Networks that no route leads to, whatever the tables say.
 * @throws UnknownSignal for destinations that are not modelled
 */
export function isNowhere({ destination }: Skb): boolean {
	if (isMulticast(destination))
		throw new UnknownSignal("multicast is not modelled");
	if (destination === 0)
		throw new UnknownSignal(
			"what the gateway itself sends to 0.0.0.0 is not modelled",
		);
	return destination >>> 24 === 0;
}
