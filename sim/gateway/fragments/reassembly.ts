/**
 * Fragments wait for the rest of their packet (`ip_defrag`, `ip_expire`, net/ipv4/ip_fragment.c, 6.1):
 * before any table while connections are tracked or a rule asks for it (`ipv4_conntrack_defrag`,
 * net/ipv4/netfilter/nf_defrag_ipv4.c), else before INPUT (`ip_local_deliver`).
 */
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { ICMP_EXC_FRAGTIME, ICMP_TIME_EXCEEDED } from "../../kernel.ts";
import type { Address } from "../../packet/packet.ts";
import { PacketError } from "../../packet/packet-error.ts";
import type { Parts, Skb } from "../../packet/skb/skb.ts";
import { copyOfSkb, skbOf } from "../../packet/skb/skb-packet.ts";
import { martian } from "../../routing/reachability.ts";
import { validateSource } from "../../routing/validate-source.ts";
import { peerOf } from "../icmp/icmp-limits.ts";
import { icmpSend } from "../icmp/icmp-send.ts";
import { FragmentQueue } from "../state/fragment-queue.ts";
import {
	type Defragmenter,
	type GatewayState,
	type GatewayTimer,
	sysctlOf,
	type WaitingFragments,
} from "../state/gateway-state.ts";

/**
 * Takes a fragment (`ip_defrag`).
 * @returns the whole packet, unless parts are missing, or it is dropped
 */
export function ipDefrag(
	gateway: GatewayState,
	skb: Skb,
	by: Defragmenter,
): Skb | "waits" | "dropped" {
	const { source, destination, protocol, id } = skb;
	const key = `${by} ${source} ${destination} ${protocol} ${id}`;
	const { waiting: all } = gateway.fragments;
	const waiting = all.get(key) ?? begin(gateway, key, by, source);
	countSender(gateway, waiting, source, key);
	const added = waiting.queue.add(copyOfSkb(skb));
	if (added === "waits" || added === "dropped") return added;
	gateway.timers.cancel(waiting.timer);
	all.delete(key);
	const whole = added === "whole" ? joined(waiting.queue, skb) : null;
	if (whole?.receivedParts && by === "deliver")
		whole.receivedParts = { ...whole.receivedParts, isDelivered: true };
	if (whole !== null && gateway.behaviour.ownersOfFragments === "forgotten")
		whole.socket = "none";
	return whole ?? "dropped";
}

/** The rest of a packet did not come: an error says so, of the host alone that was to have it (`ip_expire`, RFC 792). */
export function ipExpire(gateway: GatewayState, key: string): void {
	const { routes, settings, fragments } = gateway;
	const { by, queue } = fragments.waiting.get(key) as WaitingFragments;
	fragments.waiting.delete(key);
	if (queue.first === null) return;
	const first = { ...queue.first, inInterface: queue.inInterface };
	const at = first.inInterface;
	if (by === "track-out") return;
	if (martian(first, settings.routesLocalnet[at] === true) !== null) return;
	const route = routes.input(first);
	if (route.type !== "local") return;
	first.route = route;
	const sender = validateSource(routes, settings, first, 0);
	if (sender === "near" || sender === "far")
		icmpSend(gateway, first, {
			type: ICMP_TIME_EXCEEDED,
			code: ICMP_EXC_FRAGTIME,
		});
}

function begin(
	gateway: GatewayState,
	key: string,
	by: Defragmenter,
	sender: Address,
): WaitingFragments {
	// Its sender's fragments are counted (ip4_frag_init).
	if (sysctlOf(gateway, "ipv4.ipfrag_max_dist") > 0) peerOf(gateway, sender);
	const waiting = {
		by,
		sender,
		queue: new FragmentQueue(),
		timer: schedule(gateway, key),
		sentBefore: 0,
	};
	gateway.fragments.waiting.set(key, waiting);
	return waiting;
}

/** Too many others in between: what there is cannot be of the same packet (`ip_frag_too_far`). */
function countSender(
	gateway: GatewayState,
	waiting: WaitingFragments,
	sender: Address,
	key: string,
): void {
	const { sentBy } = gateway.fragments;
	const most = sysctlOf(gateway, "ipv4.ipfrag_max_dist");
	if (most === 0) return;
	const sent = (sentBy.get(sender) ?? 0) + 1;
	sentBy.set(sender, sent);
	const distance = sent - waiting.sentBefore;
	waiting.sentBefore = sent;
	if (waiting.queue.isEmpty || distance <= most) return;
	gateway.timers.cancel(waiting.timer);
	waiting.queue = new FragmentQueue();
	waiting.timer = schedule(gateway, key);
}

function schedule(gateway: GatewayState, key: string): GatewayTimer {
	const timeoutMs = sysctlOf(gateway, "ipv4.ipfrag_time") * 1000;
	return gateway.timers.after(timeoutMs, { kind: "fragments", key });
}

/** The record of the packet: what is known besides its octets is the first fragment's. */
function joined(queue: FragmentQueue, last: Skb): Skb | null {
	const { first } = queue;
	const parts = join(queue);
	if (parts === null || first === null) return null;
	const skb = skbOf(parts.whole);
	skb.receivedParts = parts;
	skb.inInterface = last.inInterface;
	skb.outInterface = last.outInterface;
	// The one that came last has been routed (ip_frag_queue).
	skb.route = last.route;
	skb.local = last.local;
	skb.socket = last.socket;
	skb.mark = first.mark;
	skb.priority = first.priority;
	skb.traced = first.traced;
	skb.pktType = first.pktType;
	skb.ctinfo = first.ctinfo;
	return skb;
}

function join(queue: FragmentQueue): Parts | null {
	try {
		return queue.join();
	} catch (error) {
		if (!(error instanceof PacketError)) throw error;
		throw new UnknownSignal(`what fragments make is ${error.message}`);
	}
}
