/** ICMP errors of the gateway (`__icmp_send`, net/ipv4/icmp.c, 6.1). `messages.ts` builds the packets. */
import {
	ICMP_DEST_UNREACH,
	ICMP_REDIR_HOST,
	ICMP_REDIRECT,
	LOOPBACK_IFINDEX,
} from "../../kernel.ts";
import { ICMP } from "../../packet/packet.ts";
import type { Route } from "../../packet/skb/route.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { SCOPE_UNIVERSE } from "../../routing/fib/fib-entry.ts";
import { TOS_MASK } from "../../routing/fib/flow.ts";
import { isForMany } from "../../routing/reachability.ts";
import { mayLeave } from "../../routing/route-output.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { allowRedirect, allowRouteError, icmpAllow } from "./icmp-limits.ts";
import { icmpErrorFor, isIcmpError, paddingOf } from "./messages.ts";

/** What an error says. */
export interface IcmpErrorKind {
	readonly type: number;
	readonly code: number;
	/** MTU, a router, or nothing. */
	readonly rest?: number;
}

/** An error about a packet, if one is due: it is made now, and sent when the packet is done. */
export function icmpSend(
	gateway: GatewayState,
	skb: Skb,
	{ type, code, rest = 0 }: IcmpErrorKind,
): void {
	const { routes, conntrack, settings } = gateway;
	if (isForMany(skb) || isIcmpError(skb)) return;
	if (isFurtherFragment(skb)) return;
	const isLocal = skb.route?.type === "local";
	const mark = settings.reflectsMarks ? skb.mark : 0;
	const back = routes.output({
		source: isLocal ? skb.destination : 0,
		destination: skb.source,
		mark,
		tos: skb.tos & TOS_MASK,
		protocol: ICMP,
		sourcePort: 0,
		// The type and the code lie where the ports do (flowi_uli, include/net/flow.h).
		destinationPort: (type << 8) | code,
		iif: LOOPBACK_IFINDEX,
		oif: 0,
		scope: SCOPE_UNIVERSE,
		packet: skb,
	});
	if (back.type === "none") return;
	if (isLocal && !mayLeave(back, skb.destination, settings)) return;
	const isAllowed = icmpAllow(gateway, skb.source, {
		type,
		code,
		isFromLoopback: skb.inInterface === LOOPBACK_IFINDEX,
		isToLoopback: back.type === "local",
	});
	if (!isAllowed) return;
	const source = isLocal ? skb.destination : back.source;
	const error = skbOf(
		icmpErrorFor(skb, { type, code, rest, source, ttl: settings.ttl }),
	);
	error.length += paddingOf(skb);
	error.mark = mark;
	error.route = back;
	conntrack.attach(error, skb);
	error.socket = "kernel";
	gateway.made.push(error);
}

/** A destination-unreachable. */
export function sendUnreachable(
	gateway: GatewayState,
	skb: Skb,
	code: number,
	rest = 0,
): void {
	icmpSend(gateway, skb, { type: ICMP_DEST_UNREACH, code, rest });
}

/** `ip_error`: there is no route. */
export function sendNoRoute(
	gateway: GatewayState,
	skb: Skb,
	code: number,
): void {
	if (allowRouteError(gateway, skb.source)) sendUnreachable(gateway, skb, code);
}

/** `ip_rt_send_redirect`: the sender could have reached the next hop by itself. */
export function sendRedirect(
	gateway: GatewayState,
	skb: Skb,
	{ via }: Route,
): void {
	if (!allowRedirect(gateway, skb.source)) return;
	icmpSend(gateway, skb, {
		type: ICMP_REDIRECT,
		code: ICMP_REDIR_HOST,
		rest: via ?? skb.destination,
	});
}

/** Errors, and REJECT's answers, are about the first fragment of a packet alone. */
export function isFurtherFragment({ fragment }: Skb): boolean {
	return fragment !== null && fragment.offset > 0;
}
