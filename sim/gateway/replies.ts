/**
 * What the box says to the senders of packets: its own stack's answers to what was delivered to it,
 * ICMP errors, and what REJECT asks for. `answers.ts` builds the packets.
 */
import type { Conntrack } from "../conntrack/conntrack.ts";
import type { RejectAnswer } from "../extension/ports.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import { ACK, FIN, ICMP, RST, SYN, TCP, UDP } from "../packet/packet.ts";
import { HOOK_OUTPUT, type Skb } from "../packet/skb.ts";
import { skbOf } from "../packet/skb-packet.ts";
import * as answers from "./answers.ts";
import { type IcmpLimitSettings, IcmpLimits } from "./icmp-limits.ts";
import { isForMany } from "./reachability.ts";
import type { Routes } from "./routes.ts";

export interface ReplyPorts extends IcmpLimitSettings {
	readonly routes: Routes;
	readonly conntrack: Conntrack;
	/** `ip_default_ttl` */
	ttl(): number;
	/** Does a process of the box take the packet? */
	listens(protocol: "tcp" | "udp", skb: Skb): boolean;
	/** Sends a packet of the box's own. */
	send(skb: Skb): void;
}

const REJECT_CODES: Readonly<
	Record<Exclude<RejectAnswer, "tcp-reset">, number>
> = {
	"icmp-net-unreachable": 0,
	"icmp-host-unreachable": 1,
	"icmp-proto-unreachable": 2,
	"icmp-port-unreachable": 3,
	"icmp-net-prohibited": 9,
	"icmp-host-prohibited": 10,
	"icmp-admin-prohibited": 13,
};

/** Protocols that the kernel speaks by itself, and answers nothing in to what makes no sense. */
const IGMP = 2;
const PIM = 103;
const UDPLITE = 136;

export class Replies {
	private readonly ports: ReplyPorts;
	private readonly limits: IcmpLimits;

	constructor(ports: ReplyPorts) {
		this.ports = ports;
		this.limits = new IcmpLimits(ports);
	}

	/** The packet was delivered to the box itself: its stack's answer, if it has one. */
	answer(skb: Skb): void {
		const { routes, conntrack, listens, send, ttl } = this.ports;
		switch (skb.protocol) {
			case TCP: {
				const isListening = listens("tcp", skb);
				if (isForMany(routes, skb)) return;
				if (isListening && isTaken(skb.tcpFlags)) return;
				const reset = answers.resetFor(skb, skb.tos, ttl());
				if (reset) send(skbOf(reset));
				return;
			}
			case UDP:
				// The datagram is done with its connection (nf_reset_ct in __udp4_lib_rcv): an error about
				// it is tracked by what it quotes, in whatever zone the rules at OUTPUT put it into.
				conntrack.release(skb);
				if (!listens("udp", skb))
					this.unreachable(skb, answers.PORT_UNREACHABLE);
				return;
			case ICMP:
				// icmp_echo_ignore_broadcasts
				if (skb.icmpType === answers.ECHO_REQUEST && !isForMany(routes, skb))
					send(skbOf(answers.echoReplyFor(skb, ttl())));
				if (skb.icmpType === answers.TIMESTAMP_REQUEST)
					throw new UnknownSignal("ICMP timestamp replies are not modelled");
				return;
			case IGMP:
			case PIM:
				return;
			case UDPLITE:
				throw new UnknownSignal("UDPLite is not modelled");
			default:
				this.unreachable(skb, answers.PROTOCOL_UNREACHABLE);
		}
	}

	/** `ip_error`: there is no route. */
	noRoute(skb: Skb): void {
		if (this.limits.allowRouteError(skb.source))
			this.unreachable(skb, answers.NET_UNREACHABLE);
	}

	/** An ICMP destination-unreachable. */
	unreachable(skb: Skb, code: number, rest = 0): void {
		this.icmpError(skb, answers.DESTINATION_UNREACHABLE, code, rest);
	}

	/** `icmp_send` */
	icmpError(skb: Skb, type: number, code: number, rest = 0): void {
		const { routes, conntrack, ttl, send } = this.ports;
		if (isForMany(routes, skb) || answers.isIcmpError(skb)) return;
		const back = routes.lookup(skb.source);
		if (!back || !this.limits.allow(skb.source, type, code)) return;
		const isLocal = routes.lookup(skb.destination)?.type === "local";
		const source = isLocal ? skb.destination : back.source;
		const answer = skbOf(
			answers.icmpErrorFor(skb, { type, code, rest, source, ttl: ttl() }),
		);
		conntrack.attach(answer, skb);
		send(answer);
	}

	/** `nf_send_reset`, `nf_send_unreach` */
	reject(skb: Skb, answer: RejectAnswer): void {
		const { routes, conntrack, ttl, send } = this.ports;
		if (answer !== "tcp-reset") {
			// What answers echoes holds the lock that errors need (icmp_xmit_lock).
			if (skb.hook === HOOK_OUTPUT && answers.isEchoReply(skb)) return;
			// Of protocols that it does not know, the kernel takes octets for right only if they sum up.
			if (answers.isSummed(skb)) this.unreachable(skb, REJECT_CODES[answer]);
			return;
		}
		const reset = answers.resetFor(skb, 0, ttl());
		if (!reset || isForMany(routes, skb)) return;
		const made = skbOf(reset);
		conntrack.attach(made, skb);
		conntrack.setClosing(skb);
		send(made);
	}
}

/**
 * What a socket that listens does with a segment (`TCP_LISTEN` in `tcp_rcv_state_process`,
 * net/ipv4/tcp_input.c, 6.1). Whatever acknowledges something belongs to no connection, and is reset.
 * @throws UnknownSignal for a SYN: from there on the kernel speaks TCP itself
 */
function isTaken(flags: number): boolean {
	if ((flags & ACK) !== 0) return false;
	if ((flags & (SYN | FIN | RST)) === SYN)
		throw new UnknownSignal(
			"what the box answers on a TCP port of its own on which somebody listens is not modelled",
		);
	return true;
}
