import { HOOK_PREROUTING, type Skb } from "../packet/skb/skb.ts";
import type { ConntrackConfig } from "./settings/config.ts";

/**
 * Is it not to be tracked because its checksum is wrong? What the gateway itself sends is not checked
 * (`tcp_error`, `udp_error`, `nf_conntrack_icmpv4_error`, net/netfilter/nf_conntrack_proto_*.c, 6.1).
 */
export function hasBadChecksum(skb: Skb, config: ConntrackConfig): boolean {
	return (
		skb.checksum === "wrong" && skb.hook === HOOK_PREROUTING && config.checksums
	);
}
