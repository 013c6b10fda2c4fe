import { HOOK_PREROUTING, type Skb } from "../packet/skb/skb.ts";
import type { Tuning } from "./settings/config.ts";

/**
 * Is it not to be tracked because its checksum is wrong? What the box itself sends, nobody checks
 * (`tcp_error`, `udp_error`, `nf_conntrack_icmpv4_error`, net/netfilter/nf_conntrack_proto_*.c, 6.1).
 */
export function isBroken(skb: Skb, tuning: Tuning): boolean {
	return (
		skb.checksum === "wrong" && skb.hook === HOOK_PREROUTING && tuning.checksums
	);
}
