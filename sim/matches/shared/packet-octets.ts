import type { ExtensionHost } from "../../extension/host.ts";
import { encodePacket } from "../../packet/bytes/bytes.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { withOctets } from "../../packet/skb/skb-packet.ts";

/** The packet's octets from its IPv4 header on, as matches see them that look for any. */
export function packetOctets(
	skb: Skb,
	{ unknown }: Pick<ExtensionHost, "unknown">,
): Uint8Array {
	const octets = encodePacket(withOctets(skb));
	return octets.length === skb.length
		? octets
		: unknown("octets of a packet whose TCP options were overwritten");
}
