/**
 * Where a packet that came in goes: to the gateway itself, or through it (`ip_route_input_slow`,
 * net/ipv4/route.c; `ip_forward`, net/ipv4/ip_forward.c; 6.1).
 */
import { interfaceInName } from "../../conntrack/settings/sysctl-name.ts";
import { dropped, type Fate } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import {
	ICMP_EXC_TTL,
	ICMP_FRAG_NEEDED,
	ICMP_TIME_EXCEEDED,
} from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import { HOOK_FORWARD, type Skb } from "../../packet/skb/skb.ts";
import { isForAll, isSpoofed, martian } from "../../routing/reachability.ts";
import type { Route } from "../../routing/routes.ts";
import { isTooLong } from "../fragments/fragmentation.ts";
import { icmpSend, sendNoRoute, sendUnreachable } from "../icmp/icmp-send.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipLocalDeliver } from "./deliver.ts";
import { ipOutput } from "./output.ts";

/** @throws UnknownSignal when the model does not know */
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

function ipForward(gateway: GatewayState, skb: Skb, route: Route): Fate {
	// A frame to all hosts of the link goes no further, wherever it is translated to.
	if (skb.pktType !== "unicast")
		return dropped("the frame was not for the gateway alone");
	if (skb.ttl <= 1) {
		icmpSend(gateway, skb, { type: ICMP_TIME_EXCEEDED, code: ICMP_EXC_TTL });
		return dropped("TTL exceeded");
	}
	skb.outInterface = route.interface;
	const mtu = gateway.mtus[route.interface] as number;
	if (skb.length > mtu && isTooLong(skb, mtu)) {
		sendUnreachable(gateway, skb, ICMP_FRAG_NEEDED, mtu);
		return dropped("longer than the link's MTU");
	}
	skb.ttl--;
	skb.original = null;
	if (
		route.interface === skb.inInterface &&
		gateway.settings.sendsRedirects[route.interface] &&
		gateway.routes.isOnLink(skb.source, skb.inInterface)
	)
		throw redirect(gateway, route.interface);
	const by = nfHook(gateway, HOOK_FORWARD, skb);
	return by === null ? ipOutput(gateway, skb, route) : dropped(by);
}

function redirect(
	{ routes }: GatewayState,
	interfaceIndex: number,
): UnknownSignal {
	const name = interfaceInName(routes.interfaces[interfaceIndex] ?? "");
	return new UnknownSignal(
		`ICMP redirects are not modelled (ipv4.conf.all.send_redirects=0 and ipv4.conf.${name}.send_redirects=0 turn them off, both together)`,
	);
}
