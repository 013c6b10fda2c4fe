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
	/** Of a packet that a multipath route shares out: headers that ICMP errors are about (`ip_multipath_l3_keys`). */
	readonly packet: Skb | null;
}

/** `RT_TOS` without the bits of congestion notification. */
export const TOS_MASK = 0x1c;
/** A header that a program makes is of this protocol to a route (`raw_sendmsg`). */
const IPPROTO_RAW = 255;

/** Rules know no ports of a fragment, be it the first one (`fib4_rules_early_flow_dissect`, include/net/ip_fib.h, 6.1). */
function portsOf({ fragment, sourcePort, destinationPort }: Skb) {
	return fragment === null
		? { sourcePort, destinationPort }
		: { sourcePort: 0, destinationPort: 0 };
}

/** Of a packet that came in (`ip_route_input_slow`). */
export function inputFlow(skb: Skb): Flow {
	const { sourcePort, destinationPort } = portsOf(skb);
	return {
		source: skb.source,
		destination: skb.destination,
		mark: skb.mark,
		tos: skb.tos & TOS_MASK,
		protocol: skb.protocol,
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

/** Of what would be sent back to where a packet came from (`__fib_validate_source`). */
export function backFlow(skb: Skb, mark: number): Flow {
	const { source, destination, protocol } = skb;
	const { sourcePort, destinationPort } = portsOf(skb);
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
		...backFlow(skb, mark),
		source: isNone ? 0 : destination,
		protocol: 0,
		sourcePort: 0,
		destinationPort: 0,
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
