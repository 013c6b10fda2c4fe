/** The last hook, and then the link (`ip_output`, `ip_finish_output`, net/ipv4/ip_output.c, 6.1). */
import { dropped, type Fate } from "../../contract/gateway.ts";
import { ICMP_FRAG_NEEDED } from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import type { Route } from "../../packet/skb/route.ts";
import { HOOK_POSTROUTING, type Skb } from "../../packet/skb/skb.ts";
import { inParts, isTooLong } from "../fragments/fragmentation.ts";
import { sendUnreachable } from "../icmp/icmp-send.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { neighOutput } from "./neighbours.ts";
import { stopped } from "./stopped.ts";

export function ipOutput(gateway: GatewayState, skb: Skb, route: Route): Fate {
	const by = nfHook(gateway, HOOK_POSTROUTING, skb);
	if (by !== null) return stopped(gateway, by, skb, { to: "link", route });
	return ipFinishOutput(gateway, skb, route);
}

/** Behind the last hook. */
export function ipFinishOutput(
	gateway: GatewayState,
	skb: Skb,
	route: Route,
): Fate {
	if (!gateway.routes.isUp(route.interface)) return dropped("link is down");
	if (skb.receivedParts !== null || skb.length > mtuOf(gateway, route))
		return ipFragment(gateway, skb, route);
	return neighOutput(gateway, skb, route.via ?? skb.destination);
}

/** Of a route that says one, else of its link (`ip_dst_mtu_maybe_forward`, include/net/ip.h, 6.1). */
export function mtuOf({ routes }: GatewayState, route: Route): number {
	return routes.mtuOf(route);
}

function ipFragment(gateway: GatewayState, skb: Skb, route: Route): Fate {
	const mtu = mtuOf(gateway, route);
	if (isTooLong(skb, mtu)) {
		sendUnreachable(gateway, skb, ICMP_FRAG_NEEDED, mtu);
		return dropped("longer than the link's MTU");
	}
	let fate: Fate = dropped("no carrier");
	for (const part of inParts(skb, mtu))
		fate = neighOutput(gateway, part, route.via ?? part.destination);
	return fate;
}
