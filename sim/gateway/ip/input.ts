/**
 * Where a packet that came in goes: to the gateway itself, or through it (`ip_route_input_slow`,
 * net/ipv4/route.c; `ip_forward`, net/ipv4/ip_forward.c; 6.1).
 */
import { dropped, type Fate } from "../../contract/gateway.ts";
import {
	ICMP_EXC_TTL,
	ICMP_FRAG_NEEDED,
	ICMP_HOST_UNREACH,
	ICMP_NET_UNREACH,
	ICMP_PKT_FILTERED,
	ICMP_TIME_EXCEEDED,
} from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import type { Route } from "../../packet/skb/route.ts";
import { HOOK_FORWARD, type Skb } from "../../packet/skb/skb.ts";
import type { NoRoute } from "../../routing/fib/search-rules.ts";
import { isForAll, martian } from "../../routing/reachability.ts";
import { validateSource } from "../../routing/validate-source.ts";
import { isTooLong } from "../fragments/fragmentation.ts";
import {
	icmpSend,
	sendNoRoute,
	sendRedirect,
	sendUnreachable,
} from "../icmp/icmp-send.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipLocalDeliver } from "./deliver.ts";
import { ipOutput, mtuOf } from "./output.ts";

/**
 * @param sendOut sends what was made up: a redirect goes before the packet that it is about
 * @throws UnknownSignal when the model does not know
 */
export function ipRcvFinish(
	gateway: GatewayState,
	skb: Skb,
	sendOut: (gateway: GatewayState) => void,
): Fate {
	const { routes, settings } = gateway;
	const at = skb.inInterface;
	const oddity = martian(skb, settings.routesLocalnet[at] === true);
	if (oddity !== null) return dropped(oddity);
	if (isForAll(skb)) return toAll(gateway, skb);
	const route = routes.input(skb);
	if (route.type === "none") return ipError(gateway, skb, route.error);
	skb.route = route;
	if (route.type === "unicast") {
		if (!settings.forwards[at]) return dropped("forwarding is off");
		const sender = validateSource(routes, settings, skb, route.interface);
		if (sender !== "near" && sender !== "far") return dropped(sender);
		const isDue = sender === "near" && isRedirected(gateway, skb, route);
		return ipForward(gateway, skb, route, isDue ? sendOut : null);
	}
	const sender = validateSource(routes, settings, skb, 0);
	if (sender !== "near" && sender !== "far") return dropped(sender);
	return ipLocalDeliver(gateway, skb);
}

/** The limited broadcast. A sender that has no address yet is not looked at. */
function toAll(gateway: GatewayState, skb: Skb): Fate {
	const { routes, settings } = gateway;
	skb.route = null;
	if (skb.source !== 0) {
		const sender = validateSource(routes, settings, skb, 0);
		if (sender !== "near" && sender !== "far") return dropped(sender);
	}
	return ipLocalDeliver(gateway, skb);
}

/** `ip_error`: there is no route, and an error may say so. */
function ipError(
	gateway: GatewayState,
	skb: Skb,
	error: NoRoute["error"],
): Fate {
	skb.route = null;
	if (!gateway.settings.forwards[skb.inInterface])
		return dropped("forwarding is off");
	switch (error) {
		case "blackhole":
			return dropped("blackhole");
		case "net-unreachable":
			sendNoRoute(gateway, skb, ICMP_NET_UNREACH);
			return dropped("no route");
		case "host-unreachable":
			sendNoRoute(gateway, skb, ICMP_HOST_UNREACH);
			return dropped("unreachable route");
		case "prohibited":
			sendNoRoute(gateway, skb, ICMP_PKT_FILTERED);
			return dropped("prohibited");
	}
}

/** It goes back by where it came in, and its sender could have reached its next hop by itself (`__mkroute_input`). */
function isRedirected(
	{ settings, routes }: GatewayState,
	skb: Skb,
	route: Route,
): boolean {
	const at = route.interface;
	if (at !== skb.inInterface || !settings.sendsRedirects[at]) return false;
	return (
		settings.sharesMedia[at] === true ||
		routes.areOnLink(at, skb.source, route.via)
	);
}

/** @param redirected sends the redirect that is due; `null`: none is */
function ipForward(
	gateway: GatewayState,
	skb: Skb,
	route: Route,
	redirected: ((gateway: GatewayState) => void) | null,
): Fate {
	// A frame to all hosts of the link goes no further, wherever it is translated to.
	if (skb.pktType !== "unicast")
		return dropped("the frame was not for the gateway alone");
	if (skb.ttl <= 1) {
		icmpSend(gateway, skb, { type: ICMP_TIME_EXCEEDED, code: ICMP_EXC_TTL });
		return dropped("TTL exceeded");
	}
	skb.outInterface = route.interface;
	const mtu = mtuOf(gateway, route);
	if (skb.length > mtu && isTooLong(skb, mtu)) {
		sendUnreachable(gateway, skb, ICMP_FRAG_NEEDED, mtu);
		return dropped("longer than the link's MTU");
	}
	skb.ttl--;
	skb.original = null;
	if (redirected !== null) {
		sendRedirect(gateway, skb, route);
		redirected(gateway);
	}
	const by = nfHook(gateway, HOOK_FORWARD, skb);
	return by === null ? ipOutput(gateway, skb, route) : dropped(by);
}
