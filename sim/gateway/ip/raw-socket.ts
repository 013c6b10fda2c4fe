/**
 * Packets that a process of the gateway sends as they are, by a raw socket with a header of its own
 * (`raw_sendmsg`, `raw_send_hdrinc`, net/ipv4/raw.c, 6.1), and what a program sends from a port that it has open: its
 * socket is bound to the source address, for which the route is looked up.
 */
import type { DropReason } from "../../contract/drop-reason.ts";
import { dropped, type Fate, fragmentFate } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { INADDR_BROADCAST } from "../../kernel.ts";
import { type Address, TCP, UDP } from "../../packet/packet.ts";
import type { Route } from "../../packet/skb/route.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { SocketOwner } from "../../packet/socket-owner.ts";
import {
	type Flow,
	flowTo,
	outputFlow,
	rawFlow,
} from "../../routing/fib/flow.ts";
import {
	routeOfFlow,
	routeOutput,
	whyNoWay,
} from "../../routing/route-output.ts";
import { ipDefrag } from "../fragments/reassembly.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipLocalOut, outOf } from "./local-output.ts";

/** @throws UnknownSignal for destinations that are not modelled */
export function rawSend(gateway: GatewayState, skb: Skb): Fate {
	const { routes, settings, tables } = gateway;
	skb.socket = "process";
	const bound = ownerOfPort(gateway, skb);
	if (bound !== null) skb.owner = bound;
	const flow = bound === null ? rawFlow(skb) : outputFlow(skb);
	const route = routeOutput(routes, settings, skb, flow);
	if (route === null) return dropped(whyNoWay(routes, skb, "no route"));
	const refused = refusal(
		skb,
		route,
		routes.state.mtus[outOf(route)] as number,
	);
	if (refused !== null) return dropped(refused);
	if (skb.source === 0) fillSource(skb, route.source);
	if (skb.fragment === null || !tables.needsDefrag)
		return ipLocalOut(gateway, skb, route);
	const whole = ipDefrag(gateway, skb, "track-out");
	return typeof whole === "string"
		? fragmentFate(whole)
		: ipLocalOut(gateway, whole, route);
}

/**
 * The address that a socket sends from when it connects: the one to which it is bound, else the preferred source of the way
 * there (`ip_route_connect`, include/net/route.h, 6.1). Its own port is not drawn yet. `null`: there is no way, or the
 * address is the gateway's no more.
 * @throws UnknownSignal where a multipath route is the way, and for destinations that are not modelled
 */
export function sourceTowards(
	{ routes, settings }: GatewayState,
	to: {
		readonly protocol: "tcp" | "udp";
		readonly destination: Address;
		readonly port: number;
		/** 0: to none. */
		readonly bound: Address;
	},
): Address | null {
	const { bound } = to;
	const flow: Flow = {
		...flowTo(to.destination),
		source: bound,
		protocol: to.protocol === "tcp" ? TCP : UDP,
		destinationPort: to.port,
	};
	const back = routes.lookupBack(flow);
	if (bound !== 0)
		return back.type !== "none" && routes.isOwn(bound) ? bound : null;
	if (back.type !== "none" && back.interfaces.length > 1)
		throw new UnknownSignal(
			"the source address that a multipath route gives to a program bound to none is not modelled",
		);
	return routeOfFlow(routes, settings, flow)?.source ?? null;
}

/**
 * Whose is the port from which the packet is sent? `null`: no program has it open, so a raw socket of root's sends it,
 * as it does a fragment: of a program's own the kernel makes fragments when they leave.
 */
function ownerOfPort({ ownPorts }: GatewayState, skb: Skb): SocketOwner | null {
	const { source, sourcePort, fragment } = skb;
	if (fragment !== null) return null;
	const protocol =
		skb.protocol === TCP ? "tcp" : skb.protocol === UDP ? "udp" : null;
	return protocol === null
		? null
		: ownPorts.ownerOf(protocol, source, sourcePort);
}

/**
 * Why the socket refuses a packet, or `null`.
 * @param mtu of the interface that it would leave by
 */
function refusal(skb: Skb, route: Route, mtu: number): DropReason | null {
	// Without SO_BROADCAST.
	if (route.type === "broadcast" || skb.destination === INADDR_BROADCAST)
		return "the socket may not broadcast";
	return skb.length > mtu ? "longer than the link's MTU" : null;
}

/** The kernel fills in who sends it, and not what that does to the checksum. */
function fillSource(skb: Skb, source: Address): void {
	skb.source = source;
	skb.original = null;
	const isSummed = skb.protocol === TCP || skb.protocol === UDP;
	if (isSummed && skb.checksum === "right") skb.checksum = "wrong";
}
