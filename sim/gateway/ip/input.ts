/** Where a packet that came in goes (`ip_rcv_finish`; `ip_route_input_slow`, net/ipv4/route.c, 6.1). */
import type { DroppedBy, Fate } from "../../contract/gateway.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { isForAll, isSpoofed, martian } from "../../routing/reachability.ts";
import { sendNoRoute } from "../icmp/icmp-send.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipLocalDeliver } from "./deliver.ts";
import { ipForward } from "./forward.ts";

/** To the gateway itself, or through it. */
export function ipRcvFinish(gateway: GatewayState, skb: Skb): Fate {
	const { routes, settings } = gateway;
	const oddity = martian(skb);
	if (oddity !== null) return dropped(oddity);
	const route = routes.lookup(skb.destination);
	if ((route !== null || isForAll(skb)) && isSpoofed(routes, skb))
		return dropped("spoofed source");
	if (route?.type === "local") return ipLocalDeliver(gateway, skb);
	if (route?.type === "broadcast" || isForAll(skb))
		return ipLocalDeliver(gateway, skb);
	if (!settings.forwards[skb.inInterface]) return dropped("forwarding is off");
	if (route) return ipForward(gateway, skb, route);
	sendNoRoute(gateway, skb);
	return dropped("no route");
}

function dropped(by: DroppedBy): Fate {
	return { kind: "dropped", by };
}
