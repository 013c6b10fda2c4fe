/**
 * Packets that a program of the box sends as they are, by a raw socket with a header of its own
 * (`raw_sendmsg`, `raw_send_hdrinc`, net/ipv4/raw.c, 6.1), and whether the box's own packets still
 * have a way when a rule has changed them (`ip_route_me_harder`, net/ipv4/netfilter.c).
 */

import type { DropReason } from "../../contract/drop-reason.ts";
import { UnknownSignal } from "../../netfilter/unknown-signal.ts";
import { type Address, TCP, UDP } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { isMulticast } from "./reachability.ts";
import type { Route } from "./routes.ts";

const LIMITED_BROADCAST = -1;

/**
 * Why such a socket refuses a packet, or `null`.
 * @param mtu of the interface that it would leave by
 * @throws UnknownSignal for destinations that are not modelled
 */
export function refusal(
	skb: Skb,
	route: Route | null,
	mtu: number,
): DropReason | null {
	if (route === null || isNowhere(skb)) return "no route";
	// Without SO_BROADCAST.
	if (route.type === "broadcast" || skb.destination === LIMITED_BROADCAST)
		return "the socket may not broadcast";
	return skb.length > mtu ? "longer than the link's MTU" : null;
}

/** The kernel fills in who sends it, and not what that does to the checksum. */
export function fillSource(skb: Skb, source: Address): void {
	skb.source = source;
	skb.original = null;
	const isSummed = skb.protocol === TCP || skb.protocol === UDP;
	if (isSummed && skb.checksum === "right") skb.checksum = "wrong";
}

/**
 * Whether a packet of the box's own that was changed can go where it goes now.
 * @throws UnknownSignal for destinations that are not modelled
 */
export function isRoutable(skb: Skb, route: Route | null): boolean {
	if (route === null || isNowhere(skb)) return false;
	// Who is looked up with an address of the loopback's stays there. No socket was asked for its
	// source, so such a packet goes out as long as it is not looked up again (__mkroute_output).
	return skb.source >>> 24 !== 127 || route.type === "local";
}

/** Networks that nothing leads to, whatever routes there are (`ip_route_output_key_hash_rcu`). */
function isNowhere({ destination }: Skb): boolean {
	if (isMulticast(destination))
		throw new UnknownSignal("multicast is not modelled");
	if (destination === 0)
		throw new UnknownSignal(
			"what the box itself sends to 0.0.0.0 is not modelled",
		);
	return destination >>> 24 === 0;
}
