/**
 * SYNPROXY (net/ipv4/netfilter/ipt_SYNPROXY.c, net/netfilter/nf_synproxy_core.c, 6.1). It answers a SYN with a cookie.
 * Who acknowledges the cookie is connected: the server gets a SYN, and what it answers is acknowledged to both
 * sides. From there on conntrack offsets the server's numbers.
 */
import type { DroppedBy } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import type { SynproxyOffer } from "../../extension/host.ts";
import { LOOPBACK_IFINDEX } from "../../kernel.ts";
import { ACK, CWR, ECE, FIN, RST, SYN, TCP } from "../../packet/packet.ts";
import {
	CTINFO_IS_REPLY,
	NF_DROP,
	NF_STOLEN,
	type Skb,
	XT_CONTINUE,
} from "../../packet/skb/skb.ts";
import { ipLocalOut } from "../ip/local-output.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import {
	ecnFlags,
	optionsOf,
	type SegmentFields,
	type SegmentOptions,
	segmentAbout,
} from "./segments.ts";

const TAKEN: DroppedBy = "taken by SYNPROXY";
const OPENING = SYN | ACK | FIN | RST;
/** Six bits of the timestamp of an answer hold what the SYN has offered (`synproxy_init_timestamp_cookie`). */
const TIMESTAMP_BITS = 0x3f;
const SCALE_BITS = 0xf;
const SACK_BIT = 1 << 4;
const ECN_BIT = 1 << 5;

/** The target, at INPUT or FORWARD (`synproxy_tg4`). @returns its verdict */
export function synproxy(
	gateway: GatewayState,
	skb: Skb,
	offer: SynproxyOffer,
): number {
	if (skb.checksum === "wrong") return NF_DROP;
	const flags = skb.tcpFlags & OPENING;
	if (flags === SYN) {
		answerSyn(gateway, skb, offer);
		return NF_STOLEN;
	}
	if (flags !== ACK) return XT_CONTINUE;
	return connect(gateway, skb, skb.seq) ? NF_STOLEN : NF_DROP;
}

/** What is done behind all rules, with packets of connections that were opened so (`ipv4_synproxy_hook`). */
export function synproxyHook(
	gateway: GatewayState,
	skb: Skb,
): DroppedBy | null {
	const { conntrack } = gateway;
	const proxied = conntrack.proxied(skb);
	// What has come in by the loopback interface is left alone (nf_is_loopback_packet).
	if (
		proxied === undefined ||
		skb.protocol !== TCP ||
		skb.inInterface === LOOPBACK_IFINDEX
	)
		return null;
	const { tcpFlags: flags } = skb;
	const isReply = skb.ctinfo >= CTINFO_IS_REPLY;
	switch (conntrack.view.tcpState(skb.entry)) {
		case "CLOSE":
			if ((flags & RST) !== 0 && isReply) {
				proxied.sequenceOffset = (proxied.initialSequence - skb.seq + 1) | 0;
				break;
			}
			if ((flags & SYN) === 0 || (flags & ACK) !== 0 || isReply) break;
			// It is opened again. The kernel means to take the offset of sequence numbers back, and does not.
			proxied.timestampOffset = 0;
			return beginning(gateway, skb);
		case "SYN_SENT":
			return beginning(gateway, skb);
		case "SYN_RECV":
			if ((flags & (SYN | ACK)) === (SYN | ACK)) {
				connected(gateway, skb);
				return TAKEN;
			}
	}
	conntrack.adjustTimestamp(skb);
	return null;
}

function answerSyn(
	gateway: GatewayState,
	skb: Skb,
	offer: SynproxyOffer,
): void {
	const { choice, timers, synCookies } = gateway;
	const asked = optionsOf(skb);
	const cookie = synCookies.give(
		skb,
		{
			sequence: skb.seq,
			mss: asked.mss ?? 0,
			nowMs: timers.nowMs,
		},
		(offset, own) =>
			choice.secret(`syn cookie ${clientOf(skb)} above ${offset}`, own),
	);
	const options = answerTo(gateway, skb, offer);
	sendLater(gateway, skb, {
		isBack: true,
		flags: SYN | ACK | ecnFlags(options, true),
		seq: cookie,
		ack: (skb.seq + 1) | 0,
		window: 0,
		options,
		belongs: "reply",
	});
}

/** To whom the answer goes, for the name of what is drawn. */
function clientOf({ source, sourcePort }: Skb): string {
	return `${source}:${sourcePort}`;
}

/** What the SYN has offered and the rule offers too; without timestamps, nothing can be remembered of it. */
function answerTo(
	{ choice, timers }: GatewayState,
	skb: Skb,
	offer: SynproxyOffer,
): SegmentOptions {
	const asked = optionsOf(skb);
	const mss = asked.mss === null || offer.mss === null ? null : offer.mss;
	if (asked.timestamp === null || !offer.timestamp)
		return {
			mss,
			windowScale: null,
			sackPermitted: false,
			timestamp: null,
			ecn: false,
		};
	const bothFlags = ECE | CWR;
	const ecn = offer.ecn && (skb.tcpFlags & bothFlags) === bothFlags;
	const sackPermitted = asked.sackPermitted && offer.sackPermitted;
	const hasScale = asked.windowScale !== null && offer.windowScale !== null;
	const clock = choice.secret(
		`syn cookie ${clientOf(skb)} timestamp`,
		Math.floor(timers.nowMs) & ~TIMESTAMP_BITS,
	);
	const value =
		(clock & ~TIMESTAMP_BITS) |
		(hasScale ? (asked.windowScale ?? 0) : SCALE_BITS) |
		(sackPermitted ? SACK_BIT : 0) |
		(ecn ? ECN_BIT : 0);
	return {
		mss,
		windowScale: hasScale ? offer.windowScale : null,
		sackPermitted,
		timestamp: { value, echo: asked.timestamp.value },
		ecn,
	};
}

/**
 * The client has acknowledged the cookie: the server gets its SYN (`synproxy_recv_client_ack`).
 * @param sequence the first one behind the client's SYN
 * @returns whether it is a cookie
 */
function connect(gateway: GatewayState, skb: Skb, sequence: number): boolean {
	const found = gateway.synCookies.find(
		skb,
		{ sequence: (skb.seq - 1) | 0, value: (skb.ack - 1) | 0 },
		gateway.timers.nowMs,
	);
	if (found.kind === "aged")
		throw new UnknownSignal(
			"whether a SYN cookie of one to two minutes ago still holds depends on when the kernel was started",
		);
	if (found.kind === "wrong") return false;
	const options = { ...optionsOf(skb), mss: found.mss };
	if (options.timestamp !== null) recall(options, options.timestamp.echo);
	sendLater(gateway, skb, {
		isBack: false,
		flags: SYN | ecnFlags(options, false),
		seq: (sequence - 1) | 0,
		// Not acknowledged, but so the hook learns which number the client was answered with.
		ack: (skb.ack - 1) | 0,
		window: skb.window,
		options,
		belongs: "new",
	});
	return true;
}

/** What the client's SYN has offered, as the timestamp of the answer holds it (`synproxy_check_timestamp_cookie`). */
function recall(options: SegmentOptions, echo: number): void {
	const scale = echo & SCALE_BITS;
	if (scale !== SCALE_BITS || options.windowScale !== null)
		options.windowScale = scale;
	options.sackPermitted ||= (echo & SACK_BIT) !== 0;
	options.ecn ||= (echo & ECN_BIT) !== 0;
}

/** On its way to a server that has not answered: the gateway's SYN, or a keep-alive of the client. */
function beginning(gateway: GatewayState, skb: Skb): DroppedBy | null {
	const { conntrack } = gateway;
	const isReply = skb.ctinfo >= CTINFO_IS_REPLY;
	if ((skb.tcpFlags & (SYN | ACK)) === ACK && !isReply)
		return connect(gateway, skb, (skb.seq + 1) | 0)
			? TAKEN
			: "wrong SYN cookie";
	const proxied = conntrack.proxied(skb);
	if (proxied === undefined) return null;
	proxied.initialSequence = skb.ack;
	const { timestamp } = skb.tcpOptions;
	if (timestamp !== null) proxied.initialTimestamp = timestamp.echo;
	conntrack.adjustTimestamp(skb);
	return null;
}

/** The server has answered: its window is told to the client, and both are acknowledged. */
function connected(gateway: GatewayState, skb: Skb): void {
	const { conntrack } = gateway;
	const proxied = conntrack.proxied(skb);
	if (proxied === undefined) return;
	const { timestamp, windowScale } = optionsOf(skb);
	if (timestamp !== null)
		proxied.timestampOffset = (timestamp.value - proxied.initialTimestamp) | 0;
	const options: SegmentOptions = {
		mss: null,
		windowScale: null,
		sackPermitted: false,
		timestamp,
		ecn: false,
	};
	sendNow(gateway, skb, {
		isBack: true,
		flags: ACK,
		seq: skb.ack,
		ack: (skb.seq + 1) | 0,
		window: conntrack.originalWindow(skb),
		options: {
			...options,
			timestamp: timestamp && {
				value: timestamp.echo,
				echo: timestamp.value,
			},
		},
		belongs: "unknown",
	});
	// An offset of 0 is not written (nf_ct_seqadj_init).
	const offset = (proxied.initialSequence - skb.seq) | 0;
	if (offset !== 0) proxied.sequenceOffset = offset;
	sendNow(gateway, skb, {
		isBack: false,
		flags: ACK,
		seq: (skb.seq + 1) | 0,
		ack: skb.ack,
		window: skb.window >> (windowScale ?? 0),
		options,
		belongs: "reply",
	});
}

/** A target's packet walks when that at hand is done. */
function sendLater(
	gateway: GatewayState,
	about: Skb,
	fields: SegmentFields,
): void {
	const skb = segmentAbout(gateway, about, fields);
	if (skb !== null) gateway.made.push(skb);
}

/** At once, since what comes next depends on what conntrack has made of it. */
function sendNow(
	gateway: GatewayState,
	about: Skb,
	fields: SegmentFields,
): void {
	const skb = segmentAbout(gateway, about, fields);
	if (skb?.route) ipLocalOut(gateway, skb, skb.route);
}
