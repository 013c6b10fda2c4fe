/**
 * What the box says to the senders of packets: its own stack's answers to what was delivered to it,
 * ICMP errors, and what REJECT asks for. `answers.ts` builds the packets.
 */
import type { Conntrack } from "../../conntrack/conntrack.ts";
import type { RejectAnswer } from "../../extension/host.ts";
import { UnknownSignal } from "../../netfilter/unknown-signal.ts";
import { ACK, FIN, ICMP, RST, SYN, TCP, UDP } from "../../packet/packet.ts";
import { CTINFO_INVALID, HOOK_OUTPUT, type Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import type { Defragmenter } from "../fragments/reassembly.ts";
import {
	isForMany,
	isRoutedToMany,
	isSpoofed,
	martian,
} from "../ip/reachability.ts";
import type { Routes } from "../ip/routes.ts";
import * as answers from "./answers.ts";
import { type IcmpLimitSettings, IcmpLimits } from "./icmp-limits.ts";

export interface ReplyPorts extends IcmpLimitSettings {
	readonly routes: Routes;
	readonly conntrack: Conntrack;
	/** `ip_default_ttl` */
	ttl(): number;
	/** Does a process of the box take the packet? */
	listens(protocol: "tcp" | "udp", skb: Skb): boolean;
	/** Has anybody a port of this protocol at all? */
	speaks(protocol: "tcp" | "udp"): boolean;
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

const INET_ECN_MASK = 3;
const LOOPBACK = 1;

/** Protocols that the kernel speaks by itself, and answers nothing in to what makes no sense. */
const IGMP = 2;
const PIM = 103;
const UDPLITE = 136;

export class Replies {
	private readonly ports: ReplyPorts;
	private readonly limits: IcmpLimits;
	/** The last echo that was answered. */
	private echo: Skb | null = null;

	constructor(ports: ReplyPorts) {
		this.ports = ports;
		this.limits = new IcmpLimits(ports);
	}

	/** A packet whose checksum is right was delivered to the box itself: its stack's answer, if it has one. */
	answer(skb: Skb): void {
		const { routes, conntrack, listens, send, ttl } = this.ports;
		switch (skb.protocol) {
			case TCP: {
				const isListening = listens("tcp", skb);
				if (isForMany(routes, skb)) return;
				if (isListening && isTaken(skb.tcpFlags)) return;
				// What the packet says of congestion is not repeated (ip_send_unicast_reply, ip_output.c).
				const reset = answers.resetFor(skb, skb.tos & ~INET_ECN_MASK, ttl());
				if (reset) send(skbOf(reset));
				return;
			}
			case UDP:
				// The datagram is done with its connection (nf_reset_ct in __udp4_lib_rcv): an error about
				// it is tracked by what it quotes, in whatever zone the rules at OUTPUT put it into.
				conntrack.release(skb);
				skb.ctinfo = CTINFO_INVALID;
				if (!listens("udp", skb))
					this.unreachable(skb, answers.PORT_UNREACHABLE);
				return;
			case ICMP:
				// icmp_echo_ignore_broadcasts goes by the route alone (icmp_rcv).
				if (
					skb.icmpType === answers.ECHO_REQUEST &&
					!isRoutedToMany(routes, skb)
				) {
					this.echo = skbOf(answers.echoReplyFor(skb, ttl()));
					send(this.echo);
				}
				if (skb.icmpType === answers.TIMESTAMP_REQUEST)
					throw new UnknownSignal("ICMP timestamp replies are not modelled");
				if (this.teachesMtu(skb))
					throw new UnknownSignal(
						"path MTUs that the box learns of are not modelled",
					);
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

	/**
	 * Fragmentation needed, about what the box has sent: its echo replies (`icmp_err`), or what one of
	 * its sockets may have (`raw_err`, `udp_err`).
	 */
	private teachesMtu({ icmpType, icmpCode, about }: Skb): boolean {
		if (about === null || icmpType !== answers.DESTINATION_UNREACHABLE)
			return false;
		if (icmpCode !== answers.FRAGMENTATION_NEEDED) return false;
		return about.kind === "icmp"
			? about.type === answers.ECHO_REPLY
			: about.kind !== "other" && this.ports.speaks(about.kind);
	}

	/** The rest of a packet did not come: only who was to have it says so (`ip_expire`, RFC 792). */
	fragmentsExpired(first: Skb, by: Defragmenter): void {
		const { routes } = this.ports;
		if (by === "track-out" || martian(first) !== null) return;
		if (isSpoofed(routes, first)) return;
		if (routes.lookup(first.destination)?.type === "local")
			this.icmpError(first, answers.TIME_EXCEEDED, answers.IN_REASSEMBLY);
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
		if (isFurther(skb)) return;
		const back = routes.lookup(skb.source);
		if (!back) return;
		const isFromLoopback = skb.inInterface === LOOPBACK;
		const isToLoopback = back.type === "local";
		const kind = { type, code, isFromLoopback, isToLoopback };
		if (!this.limits.allow(skb.source, kind)) return;
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
		if (isFurther(skb)) return;
		if (answer !== "tcp-reset") {
			// What answers echoes holds the lock that errors need (icmp_xmit_lock).
			if (skb.hook === HOOK_OUTPUT && skb === this.echo) return;
			// Of protocols that it does not know, the kernel takes octets for right only if they sum up.
			if (answers.isSummed(skb)) this.unreachable(skb, REJECT_CODES[answer]);
			return;
		}
		const reset = answers.resetFor(skb, 0, ttl());
		if (!reset || isForMany(routes, skb)) return;
		const made = skbOf(reset);
		made.checksum = "partial";
		conntrack.attach(made, skb);
		conntrack.setClosing(skb);
		send(made);
	}
}

/** The first fragment of a packet speaks for all of them. */
function isFurther({ fragment }: Skb): boolean {
	return fragment !== null && fragment.offset > 0;
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
