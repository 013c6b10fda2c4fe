/**
 * Numbers of a connection that SYNPROXY has opened: the client was answered with others than the server's
 * (`nf_ct_seq_adjust`, net/netfilter/nf_conntrack_seqadj.c; `synproxy_tstamp_adjust`,
 * net/netfilter/nf_synproxy_core.c; 6.1). The reply direction alone is offset.
 */
import { ACK } from "../../packet/packet.ts";
import { CTINFO_IS_REPLY, type Skb } from "../../packet/skb/skb.ts";

/** @param offset by which the client sees greater numbers of the server */
export function adjustSequence(skb: Skb, offset: number): void {
	if (offset === 0) return;
	if (skb.ctinfo >= CTINFO_IS_REPLY) skb.seq = (skb.seq + offset) | 0;
	else if ((skb.tcpFlags & ACK) !== 0) {
		skb.ack = (skb.ack - offset) | 0;
		const { sack } = skb.tcpOptions;
		if (sack.length > 0)
			skb.tcpOptions = {
				...skb.tcpOptions,
				sack: sack.map(([left, right]) => [
					(left - offset) | 0,
					(right - offset) | 0,
				]),
			};
	} else return;
	skb.original = null;
}

/** @param offset by which the server's timestamps are greater than those that the client sees */
export function adjustTimestamp(skb: Skb, offset: number): void {
	const { timestamp } = skb.tcpOptions;
	if (offset === 0 || timestamp === null) return;
	const { value, echo } = timestamp;
	skb.tcpOptions = {
		...skb.tcpOptions,
		timestamp:
			skb.ctinfo >= CTINFO_IS_REPLY
				? { value: (value - offset) | 0, echo }
				: { value, echo: (echo + offset) | 0 },
	};
	skb.original = null;
}
