/** What a packet is looked up by (`hash_*_kadt`, `bitmap_*_kadt` of net/netfilter/ipset/, 6.1). */

import type { SetUse } from "../extension/host.ts";
import { ICMP, LOOPBACK_IFINDEX, SCTP, TCP, UDP, UDPLITE } from "../kernel.ts";
import { hostMac } from "../packet/address.ts";
import {
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	type Skb,
} from "../packet/skb/skb.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";
import { masked, NO_PARTS, type Parts } from "./element.ts";
import type { Header } from "./members.ts";
import type { SetType } from "./set-types.ts";

/** `struct sctphdr` (include/linux/sctp.h, 6.1). */
const SCTP_HEADER_LENGTH = 12;

/** Of the gateway that the packet passes. */
export interface Passing {
	/** Names by index. */
	readonly interfaces: readonly string[];
	/** The model does not know what a kernel does. */
	unknown(reason: string): never;
}

/** @returns `null` for a packet that has none of it, and is in no set of the type */
export function partsOf(
	skb: Skb,
	{ name, parts: kinds }: SetType,
	sides: SetUse["sides"],
	passing: Passing,
): Parts | null {
	const parts = { ...NO_PARTS };
	for (const [index, kind] of kinds.entries()) {
		const isSource = sides[index] === "src";
		switch (kind) {
			case "ip":
			case "net":
				parts.ip = isSource ? skb.source : skb.destination;
				break;
			case "ip2":
			case "net2":
				parts.ip2 = isSource ? skb.source : skb.destination;
				break;
			case "port": {
				const port = portOf(skb, isSource, passing);
				if (port === null) return null;
				if (name === "bitmap:port" && !isTcpOrUdp(skb)) return null;
				parts.port = port;
				parts.protocol = skb.protocol;
				break;
			}
			case "mark":
				parts.mark = skb.mark;
				break;
			case "mac": {
				const mac = macOf(skb, isSource, passing);
				if (mac === null) return null;
				parts.mac = mac;
				break;
			}
			case "device":
				parts.device = deviceOf(skb, isSource, passing);
				if (parts.device === "") return null;
				break;
			default:
				return kind satisfies never;
		}
	}
	return parts;
}

/** `ip_set_get_ip4_port`: 0 where the protocol has no ports. */
function portOf(skb: Skb, isSource: boolean, passing: Passing): number | null {
	const { protocol, fragment } = skb;
	const hasPorts =
		protocol === TCP ||
		protocol === UDP ||
		protocol === ICMP ||
		protocol === SCTP ||
		protocol === UDPLITE;
	if (!hasPorts) return 0;
	if (fragment !== null && (fragment.offset > 0 || !hasHeader(skb)))
		return null;
	if (protocol === ICMP) return (skb.icmpType << 8) | skb.icmpCode;
	if (protocol === UDPLITE)
		return passing.unknown("the ports of UDP-Lite are not modelled in sets");
	if (protocol === SCTP) {
		if (fragment !== null)
			return passing.unknown("ports of SCTP's fragments are not modelled");
		if (skb.payload.length < SCTP_HEADER_LENGTH) return null;
	}
	return isSource ? skb.sourcePort : skb.destinationPort;
}

function isTcpOrUdp({ protocol }: Skb): boolean {
	return protocol === TCP || protocol === UDP;
}

/**
 * What the frame had that the packet came in; neither a packet of the gateway's own nor one of `lo` had one. No source
 * address is changed before the rules of the last hook are done (`nf_nat_packet`, net/netfilter/nf_nat_core.c, 6.1).
 */
function macOf(skb: Skb, isSource: boolean, passing: Passing): string | null {
	const { hook, frame } = skb;
	const { inInterface, source } = frame ?? skb;
	const isOwn = hook === HOOK_OUTPUT && frame === null;
	if (isOwn || inInterface <= LOOPBACK_IFINDEX) return null;
	if (!isSource)
		return passing.unknown("the gateway's own MAC addresses are not modelled");
	return hostMac(source);
}

/** The interface that a packet came by, or leaves by, where the hook knows it. */
function deviceOf(
	{ hook, inInterface, outInterface }: Skb,
	isSource: boolean,
	{ interfaces }: Passing,
): string {
	if (isSource)
		return hook === HOOK_OUTPUT ? "" : (interfaces[inInterface] ?? "");
	const leaves =
		hook === HOOK_FORWARD || hook === HOOK_OUTPUT || hook === HOOK_POSTROUTING;
	return leaves ? (interfaces[outInterface] ?? "") : "";
}

/** What of a packet's parts the set stores; `null` for what it cannot hold. */
export function withinSet(parts: Parts, header: Header): Parts | null {
	const { type, netmask, markmask, first, last, storesNull } = header;
	switch (type.name) {
		case "hash:ip":
		case "hash:ip,port": {
			const ip = masked(parts.ip, netmask);
			return ip === 0 && !storesNull ? null : { ...parts, ip };
		}
		case "hash:ip,mark":
			return { ...parts, mark: parts.mark & markmask };
		case "bitmap:port":
			if (parts.port < first || parts.port > last) return null;
			return { ...parts, protocol: 0 };
		case "bitmap:ip": {
			const address = parts.ip >>> 0;
			if (address < first || address > last) return null;
			return { ...parts, ip: masked(parts.ip, netmask) };
		}
		default:
			return parts;
	}
}
