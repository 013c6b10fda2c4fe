/**
 * A packet for the gateway itself (`ip_local_deliver`, net/ipv4/ip_input.c, 6.1), and what its stack
 * answers: resets, echo replies and ICMP errors, which are sent when the packet is done.
 */
import { dropped, type Fate, fragmentFate } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import {
	ICMP_DEST_UNREACH,
	ICMP_ECHO,
	ICMP_ECHOREPLY,
	ICMP_FRAG_NEEDED,
	ICMP_PORT_UNREACH,
	ICMP_PROT_UNREACH,
	ICMP_REDIRECT,
	ICMP_TIMESTAMP,
	LOOPBACK_IFINDEX,
	UDPLITE,
} from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import { ICMP, type Packet, TCP, UDP } from "../../packet/packet.ts";
import { CTINFO_INVALID, HOOK_INPUT, type Skb } from "../../packet/skb/skb.ts";
import { packetOf, skbOf } from "../../packet/skb/skb-packet.ts";
import { isForMany, isRoutedToMany } from "../../routing/reachability.ts";
import { ipDefrag } from "../fragments/reassembly.ts";
import { sendUnreachable } from "../icmp/icmp-send.ts";
import { echoReplyFor, resetFor } from "../icmp/messages.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { transmit } from "./neighbours.ts";
import { stopped } from "./stopped.ts";

const DELIVERED: Fate = { kind: "delivered" };
const INET_ECN_MASK = 3;

/** Protocols that the kernel speaks by itself, and answers nothing in to what makes no sense. */
const IGMP = 2;
const PIM = 103;

export function ipLocalDeliver(gateway: GatewayState, given: Skb): Fate {
	const skb =
		given.fragment === null ? given : ipDefrag(gateway, given, "deliver");
	if (typeof skb === "string") return fragmentFate(skb);
	const by = nfHook(gateway, HOOK_INPUT, skb);
	if (by !== null) return stopped(gateway, by, skb, { to: "socket" });
	return ipLocalDeliverFinish(gateway, skb);
}

export function ipLocalDeliverFinish(gateway: GatewayState, skb: Skb): Fate {
	if (skb.checksum === "wrong") return dropped("wrong checksum");
	deliverToProtocol(gateway, skb);
	return DELIVERED;
}

/** `ip_protocol_deliver_rcu` */
function deliverToProtocol(gateway: GatewayState, skb: Skb): void {
	switch (skb.protocol) {
		case TCP:
			tcpRcv(gateway, skb);
			break;
		case UDP:
			udpRcv(gateway, skb);
			break;
		case ICMP:
			icmpRcv(gateway, skb);
			break;
		case IGMP:
		case PIM:
			break;
		case UDPLITE:
			throw new UnknownSignal("UDPLite is not modelled");
		default:
			sendUnreachable(gateway, skb, ICMP_PROT_UNREACH);
	}
}

/** `tcp_v4_rcv`: what is for no open port is reset; for an open one its program answers. */
function tcpRcv(gateway: GatewayState, skb: Skb): void {
	if (isTaken(gateway, "tcp", skb)) return;
	if (isForMany(skb)) return;
	// What the packet says of congestion is not repeated (ip_send_unicast_reply, ip_output.c).
	const tos = skb.tos & ~INET_ECN_MASK;
	const reset = resetFor(skb, tos, gateway.settings.ttl);
	if (reset === null) return;
	gateway.made.push(answer(gateway, reset, skb));
}

/** What the stack answers has the mark of what it answers, if so set (`IP4_REPLY_MARK`). */
function answer({ settings }: GatewayState, packet: Packet, to: Skb): Skb {
	const skb = skbOf(packet);
	skb.socket = "kernel";
	if (settings.reflectsMarks) skb.mark = to.mark;
	return skb;
}

/**
 * The datagram is done with its connection (nf_reset_ct in `__udp4_lib_rcv`): an error about it is
 * tracked by what it quotes, in whatever zone the rules at OUTPUT put it into.
 */
function udpRcv(gateway: GatewayState, skb: Skb): void {
	gateway.conntrack.release(skb);
	skb.ctinfo = CTINFO_INVALID;
	if (!isTaken(gateway, "udp", skb))
		sendUnreachable(gateway, skb, ICMP_PORT_UNREACH);
}

function icmpRcv(gateway: GatewayState, skb: Skb): void {
	// icmp_echo_ignore_broadcasts goes by the route alone.
	if (skb.icmpType === ICMP_ECHO && !isRoutedToMany(skb)) {
		const reply = answer(gateway, echoReplyFor(skb, gateway.settings.ttl), skb);
		reply.holdsIcmpLock = true;
		gateway.made.push(reply);
	}
	if (
		skb.icmpType === ICMP_REDIRECT &&
		gateway.settings.acceptsRedirects[skb.inInterface]
	)
		throw new UnknownSignal(
			"ICMP redirects that the gateway heeds are not modelled (net.ipv4.conf.*.accept_redirects)",
		);
	if (skb.icmpType === ICMP_TIMESTAMP)
		throw new UnknownSignal("ICMP timestamp replies are not modelled");
	if (isAboutOpenPort(gateway, skb))
		transmit(gateway, LOOPBACK_IFINDEX, packetOf(skb));
	if (teachesMtu(gateway, skb))
		throw new UnknownSignal(
			"path MTUs that the gateway learns of are not modelled",
		);
}

/**
 * Fragmentation needed, about what the gateway sent: its echo replies (`icmp_err`), or what one of
 * its sockets may have sent (`raw_err`, `udp_err`).
 */
function teachesMtu(
	{ ownPorts }: GatewayState,
	{ icmpType, icmpCode, about }: Skb,
): boolean {
	if (about === null || icmpType !== ICMP_DEST_UNREACH) return false;
	if (icmpCode !== ICMP_FRAG_NEEDED) return false;
	return about.kind === "icmp"
		? about.type === ICMP_ECHOREPLY
		: about.kind !== "other" && ownPorts.speaks(about.kind);
}

/** A program of the gateway takes the packet if it has the port open: it finds it on `lo`. */
function isTaken(
	gateway: GatewayState,
	protocol: "tcp" | "udp",
	skb: Skb,
): boolean {
	const { destination, destinationPort } = skb;
	const state = gateway.ownPorts.stateOf(
		protocol,
		destination,
		destinationPort,
	);
	if (state === "closed") return false;
	transmit(gateway, LOOPBACK_IFINDEX, packetOf(skb));
	return state === "open";
}

/** An error about what a program of the gateway has sent (`tcp_v4_err`, `__udp4_lib_err`). */
function isAboutOpenPort({ ownPorts }: GatewayState, { about }: Skb): boolean {
	if (about?.kind !== "tcp" && about?.kind !== "udp") return false;
	return (
		ownPorts.stateOf(about.kind, about.source, about.sourcePort) === "open"
	);
}
