/** Addresses that stand for many, and addresses that cannot be (`ip_route_input_slow`, net/ipv4/route.c, 6.1). */
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { INADDR_BROADCAST } from "../kernel.ts";
import type { Address } from "../packet/packet.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { Routes } from "./routes.ts";

export function isMulticast(address: Address): boolean {
	return address >>> 28 === 0xe;
}

/** How hosts on the link address the frame of a packet to `destination`. */
export function frameType(
	routes: Routes,
	destination: Address,
	from: number,
): Skb["pktType"] {
	if (destination === INADDR_BROADCAST) return "broadcast";
	if (isMulticast(destination)) return "multicast";
	return routes.isBroadcastOn(destination, from) ? "broadcast" : "unicast";
}

/**
 * Addresses that cannot be: why the packet is dropped, or `null`.
 * @param routesLocalnet `route_localnet` of the interface: 127.0.0.0/8 may come by it
 * @throws UnknownSignal for multicast
 */
export function martian(
	skb: Skb,
	routesLocalnet: boolean,
): "martian source" | "martian destination" | null {
	const { source, destination } = skb;
	if (isMulticast(destination))
		throw new UnknownSignal("multicast is not modelled");
	if (isMulticast(source) || source === INADDR_BROADCAST)
		return "martian source";
	// A host that asks for an address has none yet (DHCP); another's address is looked for in the routes alone.
	if (isForAll(skb)) return null;
	if (source === 0) return "martian source";
	if (destination === 0) return "martian destination";
	if (routesLocalnet) return null;
	if (destination >>> 24 === 127) return "martian destination";
	return source >>> 24 === 127 ? "martian source" : null;
}

/** For all hosts of the link: the limited broadcast, and what hosts send that know no address yet, neither another's nor their own. */
export function isForAll({ source, destination }: Skb): boolean {
	return (
		destination === INADDR_BROADCAST || (source === 0 && destination === 0)
	);
}

/** Sent to many hosts: no answer is due. */
export function isForMany(skb: Skb): boolean {
	return skb.pktType !== "unicast" || isRoutedToMany(skb);
}

/** The same after translation, however its frame was addressed (`RTCF_BROADCAST`). */
export function isRoutedToMany(skb: Skb): boolean {
	return isForAll(skb) || skb.route?.type === "broadcast";
}
