/** What a route is looked up by (`struct flowi4`, include/net/flow.h, 6.1). */
import { INADDR_BROADCAST, LOOPBACK_IFINDEX } from "../../kernel.ts";
import type { Address } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { SCOPE_UNIVERSE } from "./fib-entry.ts";

export interface Flow {
	/** 0: not known yet. */
	readonly source: Address;
	readonly destination: Address;
	readonly mark: number;
	/** The bits of the type of service that routes know (`IPTOS_RT_MASK`). */
	readonly tos: number;
	readonly protocol: number;
	readonly sourcePort: number;
	readonly destinationPort: number;
	/** Interface that it came in by; the loopback for what the gateway itself sends. */
	readonly iif: number;
	/** Interface that it has to leave by; 0: any. */
	readonly oif: number;
	/** A route has to be as near as this. */
	readonly scope: number;
	/** Whose headers a multipath route hashes: one that came in, or that an error is about; `null`: the flow itself is hashed. */
	readonly packet: Skb | null;
}

/** `RT_TOS` without the bits of congestion notification. */
export const TOS_MASK = 0x1c;
/** A header that a program makes is of this protocol to a route (`raw_sendmsg`). */
const IPPROTO_RAW = 255;

/**
 * What rules know of a packet besides its addresses: nothing unless one of them asks for it, and no ports of
 * a fragment, be it the first one (`fib4_rules_early_flow_dissect`, include/net/ip_fib.h, 6.1).
 */
function dissected(skb: Skb, isAsked: boolean) {
	if (!isAsked) return { protocol: 0, sourcePort: 0, destinationPort: 0 };
	const { protocol, fragment, sourcePort, destinationPort } = skb;
	return fragment === null
		? { protocol, sourcePort, destinationPort }
		: { protocol, sourcePort: 0, destinationPort: 0 };
}

/** Of a packet that came in (`ip_route_input_slow`). */
export function inputFlow(skb: Skb, isAsked: boolean): Flow {
	const { protocol, sourcePort, destinationPort } = dissected(skb, isAsked);
	return {
		source: skb.source,
		destination: skb.destination,
		mark: skb.mark,
		tos: skb.tos & TOS_MASK,
		protocol,
		sourcePort,
		destinationPort,
		iif: skb.inInterface,
		oif: 0,
		scope: SCOPE_UNIVERSE,
		packet: skb,
	};
}

/** Of a packet that the gateway itself sends (`ip_route_output_key_hash`). */
export function outputFlow(skb: Skb): Flow {
	return {
		source: skb.source,
		destination: skb.destination,
		mark: skb.mark,
		tos: skb.tos & TOS_MASK,
		protocol: skb.protocol,
		sourcePort: skb.sourcePort,
		destinationPort: skb.destinationPort,
		iif: LOOPBACK_IFINDEX,
		oif: 0,
		scope: SCOPE_UNIVERSE,
		packet: null,
	};
}

/** Of a packet with a header that a program has made: its socket knows where it goes, and nothing more. */
export function rawFlow(skb: Skb): Flow {
	return {
		...outputFlow(skb),
		source: 0,
		tos: 0,
		protocol: IPPROTO_RAW,
		sourcePort: 0,
		destinationPort: 0,
	};
}

/** Of a packet of the gateway's own that a rule has changed (`ip_route_me_harder`). */
export function changedFlow(skb: Skb, isAsked: boolean): Flow {
	const { protocol, sourcePort, destinationPort } = dissected(skb, isAsked);
	return { ...outputFlow(skb), protocol, sourcePort, destinationPort };
}

/** Of what would be sent back to where a packet came from (`__fib_validate_source`). */
export function backFlow(skb: Skb, mark: number, isAsked: boolean): Flow {
	const { source, destination } = skb;
	const { protocol, sourcePort, destinationPort } = dissected(skb, isAsked);
	return {
		source: destination,
		destination: source,
		mark,
		tos: skb.tos & TOS_MASK,
		protocol,
		sourcePort: destinationPort,
		destinationPort: sourcePort,
		iif: LOOPBACK_IFINDEX,
		oif: 0,
		scope: SCOPE_UNIVERSE,
		packet: null,
	};
}

/** The same as `-m rpfilter` asks it: without a protocol and ports (`rpfilter_mt`, net/ipv4/netfilter/ipt_rpfilter.c, 6.1). */
export function rpfilterFlow(skb: Skb, mark: number): Flow {
	const { destination } = skb;
	const first = destination >>> 24;
	// Addresses that are for many, or for none, may not ask (rpfilter_get_saddr).
	const isNone =
		destination === INADDR_BROADCAST || first === 0 || first >>> 4 === 0xe;
	return {
		...backFlow(skb, mark, false),
		source: isNone ? 0 : destination,
	};
}

/** Where nothing but a destination is known. */
export function flowTo(destination: Address): Flow {
	return {
		source: 0,
		destination,
		mark: 0,
		tos: 0,
		protocol: 0,
		sourcePort: 0,
		destinationPort: 0,
		iif: LOOPBACK_IFINDEX,
		oif: 0,
		scope: SCOPE_UNIVERSE,
		packet: null,
	};
}
