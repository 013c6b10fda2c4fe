import type { Behaviour } from "../../linux/behaviour.ts";
import { prefixMask } from "../../packet/address.ts";
import { TCP, UDP } from "../../packet/packet.ts";
import { portAt } from "../../packet/skb/payload-ports.ts";
import type { Skb } from "../../packet/skb/skb.ts";

/** What a rule says: `struct hashlimit_cfg3`, include/uapi/linux/netfilter/xt_hashlimit.h (6.1). */
export interface HashlimitOptions {
	readonly name: string;
	/** `--hashlimit-above`. */
	readonly above: boolean;
	/** Octets are counted, not packets. */
	readonly bytes: boolean;
	/** `--hashlimit-rate-match`: the rate is measured, and nothing is held back. */
	readonly rateMatch: boolean;
	/**
	 * Packets: time between two of them, in 1/1000000 s. Octets: the cost of 16 of them, so that
	 * 2³² would be one such piece per second.
	 */
	readonly average: number;
	/** Packets at once; octets: how often the credit of a second is filled up. */
	readonly burst: number;
	readonly by: readonly ("srcip" | "srcport" | "dstip" | "dstport")[];
	/** Prefix lengths. */
	readonly sourceMask: number;
	readonly destinationMask: number;
	/** Buckets; 0 leaves it to the kernel. */
	readonly size: number;
	/** Entries; 0: eight per bucket. */
	readonly max: number;
	readonly gcIntervalMs: number;
	readonly expireMs: number;
	/** For `rateMatch`. */
	readonly intervalSeconds: number;
}

/** Where the ports stand, by protocol (`proto_ports_offset`, include/linux/ip.h, 6.1); ESP and AH: the SPI. */
const PORTS_OFFSET: ReadonlyMap<number, number> = new Map([
	[TCP, 0],
	[UDP, 0],
	[33, 0],
	[50, 0],
	[51, 4],
	[132, 0],
	[136, 0],
]);

/**
 * What a table tells packets apart by (`hashlimit_init_dst`). `null`: the packet is too short to
 * have the ports that its protocol has, or a kernel takes no ports from fragments, and it is one.
 */
export function hashlimitKey(
	options: Pick<HashlimitOptions, "by" | "sourceMask" | "destinationMask">,
	{ portsOfFragments }: Pick<Behaviour, "portsOfFragments">,
): (skb: Skb) => number | string | null {
	const { by } = options;
	const sourceMask = by.includes("srcip") ? prefixMask(options.sourceMask) : 0;
	const destinationMask = by.includes("dstip")
		? prefixMask(options.destinationMask)
		: 0;
	const bySourcePort = by.includes("srcport");
	const byDestinationPort = by.includes("dstport");
	if (!bySourcePort && !byDestinationPort) {
		if (destinationMask === 0) return (skb) => skb.source & sourceMask;
		if (sourceMask === 0) return (skb) => skb.destination & destinationMask;
		return (skb) =>
			`${skb.source & sourceMask} ${skb.destination & destinationMask}`;
	}
	const dropsFragments = portsOfFragments === "dropped";
	return (skb) => {
		if (!hasPorts(skb)) return null;
		if (dropsFragments && skb.fragment !== null && skb.fragment.offset > 0)
			return null;
		const ports =
			(bySourcePort ? sourcePort(skb) * 65536 : 0) +
			(byDestinationPort ? destinationPort(skb) : 0);
		return `${skb.source & sourceMask} ${skb.destination & destinationMask} ${ports}`;
	};
}

/** Of a fragment, whatever stands where a header would is taken for the ports (`hashlimit_init_dst`, up to 6.12). */
const isPlain = ({ protocol, fragment }: Skb): boolean =>
	fragment === null && (protocol === TCP || protocol === UDP);

function hasPorts(skb: Skb): boolean {
	if (isPlain(skb)) return true;
	const offset = PORTS_OFFSET.get(skb.protocol);
	return offset === undefined || skb.payload.length >= offset + 4;
}

function sourcePort(skb: Skb): number {
	if (isPlain(skb)) return skb.sourcePort;
	const offset = PORTS_OFFSET.get(skb.protocol);
	return offset === undefined ? 0 : portAt(skb, offset);
}

function destinationPort(skb: Skb): number {
	if (isPlain(skb)) return skb.destinationPort;
	const offset = PORTS_OFFSET.get(skb.protocol);
	return offset === undefined ? 0 : portAt(skb, offset + 2);
}
