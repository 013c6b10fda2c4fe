/** Where the gateway's own packets go (`ip_route_output_key_hash_rcu`, `__mkroute_output`, net/ipv4/route.c, 6.1). */
import type { DropReason } from "../contract/drop-reason.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { Route } from "../packet/skb/route.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { changedFlow, type Flow, outputFlow } from "./fib/flow.ts";
import { isMulticast } from "./reachability.ts";
import type { Routes } from "./routes.ts";

/** 127.0.0.0/8. */
const LOOPBACK_NETWORK = 127;

/** By index of the interface: whether 127.0.0.0/8 may leave by it (`route_localnet`). */
export interface OutputSettings {
	readonly routesLocalnet: readonly boolean[];
}

/**
 * The way of a packet of the gateway's own; `null`: there is none.
 * @param flow what it is looked up by, where that is not what it says
 * @throws UnknownSignal for destinations that are not modelled
 */
export function routeOutput(
	routes: Routes,
	settings: OutputSettings,
	skb: Skb,
	flow: Flow = outputFlow(skb),
): Route | null {
	return routeOfFlow(routes, settings, flow);
}

/** The same, where the flow is all that is known. @throws UnknownSignal for destinations that are not modelled */
export function routeOfFlow(
	routes: Routes,
	settings: OutputSettings,
	flow: Flow,
): Route | null {
	const route = routes.output(flow);
	if (route.type === "none" || isNowhere(flow)) return null;
	return mayLeave(route, flow.source, settings) ? route : null;
}

/**
 * Of a packet that a rule of OUTPUT has changed (`ip_route_me_harder`, net/ipv4/netfilter.c, 6.1).
 * @throws UnknownSignal for destinations that are not modelled
 */
export function routeMeHarder(
	routes: Routes,
	settings: OutputSettings,
	skb: Skb,
): Route | null {
	const type = routes.typeOf(skb.source, 0);
	const isUsed = type === "LOCAL" || type === "UNICAST";
	const flow = changedFlow(skb, routes.asksForPorts);
	return routeOutput(
		routes,
		settings,
		skb,
		isUsed ? flow : { ...flow, source: 0 },
	);
}

/**
 * Why a packet has no way that a route leads on.
 * @param otherwise where it is not for its source
 */
export function whyNoWay<Reason extends DropReason>(
	routes: Routes,
	skb: Skb,
	otherwise: Reason,
): Reason | "loopback source" {
	if (skb.source >>> 24 !== LOOPBACK_NETWORK) return otherwise;
	const flow = changedFlow(skb, routes.asksForPorts);
	const isLed = routes.output(flow).type !== "none" && !isNowhere(flow);
	return isLed ? "loopback source" : otherwise;
}

/** A 127/8 source is routed to local alone (`__mkroute_output`). */
export function mayLeave(
	route: Route,
	source: number,
	{ routesLocalnet }: OutputSettings,
): boolean {
	return (
		source >>> 24 !== LOOPBACK_NETWORK ||
		route.type === "local" ||
		routesLocalnet[route.interface] === true
	);
}

/**
 * Networks that no route leads to, whatever the tables say.
 * @throws UnknownSignal for destinations that are not modelled
 */
function isNowhere({ destination }: Flow): boolean {
	if (isMulticast(destination))
		throw new UnknownSignal("multicast is not modelled");
	if (destination === 0)
		throw new UnknownSignal(
			"what the gateway itself sends to 0.0.0.0 is not modelled",
		);
	return destination >>> 24 === 0;
}
