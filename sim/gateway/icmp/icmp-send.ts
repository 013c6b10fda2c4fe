/** ICMP errors of the gateway (`__icmp_send`, net/ipv4/icmp.c, 6.1). `messages.ts` builds the packets. */
import {
	ICMP_DEST_UNREACH,
	ICMP_NET_UNREACH,
	LOOPBACK_IFINDEX,
} from "../../kernel.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { isForMany } from "../../routing/reachability.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { allowRouteError, icmpAllow } from "./icmp-limits.ts";
import { icmpErrorFor, isIcmpError } from "./messages.ts";

/** What an error says. */
export interface IcmpErrorKind {
	readonly type: number;
	readonly code: number;
	/** MTU, or nothing. */
	readonly rest?: number;
}

/** An error about a packet, if one is due: it is made now, and sent when the packet is done. */
export function icmpSend(
	gateway: GatewayState,
	skb: Skb,
	{ type, code, rest = 0 }: IcmpErrorKind,
): void {
	const { routes, conntrack, settings } = gateway;
	if (isForMany(routes, skb) || isIcmpError(skb)) return;
	if (isFurtherFragment(skb)) return;
	const back = routes.lookup(skb.source);
	if (!back) return;
	const isAllowed = icmpAllow(gateway, skb.source, {
		type,
		code,
		isFromLoopback: skb.inInterface === LOOPBACK_IFINDEX,
		isToLoopback: back.type === "local",
	});
	if (!isAllowed) return;
	const isLocal = routes.lookup(skb.destination)?.type === "local";
	const source = isLocal ? skb.destination : back.source;
	const error = skbOf(
		icmpErrorFor(skb, { type, code, rest, source, ttl: settings.ttl }),
	);
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
export function sendNoRoute(gateway: GatewayState, skb: Skb): void {
	if (allowRouteError(gateway, skb.source))
		sendUnreachable(gateway, skb, ICMP_NET_UNREACH);
}

/** Errors, and REJECT's answers, are about the first fragment of a packet alone. */
export function isFurtherFragment({ fragment }: Skb): boolean {
	return fragment !== null && fragment.offset > 0;
}
