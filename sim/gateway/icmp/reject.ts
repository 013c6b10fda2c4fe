/** What REJECT answers (`nf_send_reset`, `nf_send_unreach`, net/ipv4/netfilter/nf_reject_ipv4.c, 6.1). */
import type { RejectAnswer } from "../../extension/host.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { makeAnswer } from "./answer.ts";
import { isFurtherFragment, sendUnreachable } from "./icmp-send.ts";
import { isSummed, resetFor } from "./messages.ts";

type UnreachableAnswer = Exclude<RejectAnswer, "tcp-reset">;

const CODES: Readonly<Record<UnreachableAnswer, number>> = {
	"icmp-net-unreachable": 0,
	"icmp-host-unreachable": 1,
	"icmp-proto-unreachable": 2,
	"icmp-port-unreachable": 3,
	"icmp-net-prohibited": 9,
	"icmp-host-prohibited": 10,
	"icmp-admin-prohibited": 13,
};

/** Makes the answer; the rule drops the packet. */
export function nfReject(
	gateway: GatewayState,
	skb: Skb,
	answer: RejectAnswer,
): void {
	if (isFurtherFragment(skb)) return;
	if (answer === "tcp-reset") nfSendReset(gateway, skb);
	else nfSendUnreach(gateway, skb, answer);
}

function nfSendReset(gateway: GatewayState, skb: Skb): void {
	const { conntrack, settings } = gateway;
	const packet = resetFor(skb, 0, settings.ttl);
	if (packet === null) return;
	const mark = settings.reflectsMarks ? skb.mark : 0;
	if (makeAnswer(gateway, skb, packet, { mark, checksum: "partial" }))
		if (gateway.behaviour.rejectedConnection === "closes")
			conntrack.setClosing(skb);
}

function nfSendUnreach(
	gateway: GatewayState,
	skb: Skb,
	answer: UnreachableAnswer,
): void {
	if (skb.holdsIcmpLock) return;
	// Of protocols that it does not know, the kernel takes octets for right only if they sum up.
	if (isSummed(skb, gateway.behaviour))
		sendUnreachable(gateway, skb, CODES[answer]);
}
