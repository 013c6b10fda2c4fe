/** A packet that goes through (`ip_forward`, net/ipv4/ip_forward.c, 6.1). */
import { interfaceInName } from "../../conntrack/settings/sysctl-name.ts";
import type { Fate } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import { HOOK_FORWARD, type Skb } from "../../packet/skb/skb.ts";
import type { Route } from "../../routing/routes.ts";
import { isTooLong } from "../fragments/fragmentation.ts";
import { icmpSend, sendUnreachable } from "../icmp/icmp-send.ts";
import { FRAGMENTATION_NEEDED, TIME_EXCEEDED } from "../icmp/messages.ts";
import { type GatewayState, mtuOf } from "../state/gateway-state.ts";
import { ipOutput } from "./output.ts";

/** @throws UnknownSignal where a redirect is due */
export function ipForward(gateway: GatewayState, skb: Skb, route: Route): Fate {
	// A frame to all hosts of the link goes no further, wherever it is translated to.
	if (skb.pktType !== "unicast")
		return { kind: "dropped", by: "the frame was not for the gateway alone" };
	if (skb.ttl <= 1) {
		icmpSend(gateway, skb, { type: TIME_EXCEEDED, code: 0 });
		return { kind: "dropped", by: "TTL exceeded" };
	}
	skb.outInterface = route.interface;
	const mtu = mtuOf(gateway, route.interface);
	if (skb.length > mtu && isTooLong(skb, mtu)) {
		sendUnreachable(gateway, skb, FRAGMENTATION_NEEDED, mtu);
		return { kind: "dropped", by: "longer than the link's MTU" };
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
	return by === null ? ipOutput(gateway, skb, route) : { kind: "dropped", by };
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
