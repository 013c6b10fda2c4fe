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
 * @throws UnknownSignal for multicast
 */
export function martian(
	skb: Skb,
): "martian source" | "martian destination" | null {
	const { source, destination } = skb;
	if (isMulticast(destination))
		throw new UnknownSignal("multicast is not modelled");
	if (isMulticast(source) || source === INADDR_BROADCAST)
		return "martian source";
	// A host that asks for an address has none yet (DHCP).
	if (source === 0) return isForAll(skb) ? null : "martian source";
	if (destination === 0 || destination >>> 24 === 127)
		return "martian destination";
	return source >>> 24 === 127 ? "martian source" : null;
}

/** No other host sends from the gateway's own addresses; asked once there is a route (`fib_validate_source`). */
export function isSpoofed(routes: Routes, { source }: Skb): boolean {
	return routes.lookup(source)?.type === "local";
}

/** For all hosts of the link: the limited broadcast, and what hosts send that know no address yet, neither another's nor their own. */
export function isForAll({ source, destination }: Skb): boolean {
	return (
		destination === INADDR_BROADCAST || (source === 0 && destination === 0)
	);
}

/** Sent to many hosts: no answer is due. */
export function isForMany(routes: Routes, skb: Skb): boolean {
	return skb.pktType !== "unicast" || isRoutedToMany(routes, skb);
}

/** The same after translation, however its frame was addressed (`RTCF_BROADCAST`). */
export function isRoutedToMany(routes: Routes, skb: Skb): boolean {
	return isForAll(skb) || routes.lookup(skb.destination)?.type === "broadcast";
}
