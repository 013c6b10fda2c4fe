/** The segments that SYNPROXY makes up (`synproxy_send_*`, net/netfilter/nf_synproxy_core.c, 6.1). */
import { tcp } from "../../packet/build.ts";
import { CWR, ECE, type TcpOptions } from "../../packet/packet.ts";
import { CTINFO_ESTABLISHED_REPLY, type Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { routeMeHarder } from "../../routing/route-output.ts";
import type { GatewayState } from "../state/gateway-state.ts";

/** What a segment says of its sender, or is to say (`struct synproxy_options`). Absent is `null` or `false`. */
export interface SegmentOptions {
	mss: number | null;
	windowScale: number | null;
	sackPermitted: boolean;
	timestamp: { readonly value: number; readonly echo: number } | null;
	ecn: boolean;
}

const MAX_SCALE = 14;

/** `synproxy_parse_options` */
export function optionsOf({ tcpOptions }: Skb): SegmentOptions {
	const { mss, windowScale, sackPermitted, timestamp } = tcpOptions;
	return {
		mss,
		windowScale: windowScale === null ? null : Math.min(windowScale, MAX_SCALE),
		sackPermitted,
		timestamp,
		ecn: false,
	};
}

/** What differs from segment to segment. */
export interface SegmentFields {
	/** It goes back to whom `about` came from, and not on to whom `about` is for. */
	readonly isBack: boolean;
	readonly flags: number;
	readonly seq: number;
	readonly ack: number;
	readonly window: number;
	readonly options: SegmentOptions;
	/** What conntrack is to take it for: a reply of the connection of `about`, the first of a new one, or what it finds. */
	readonly belongs: "reply" | "new" | "unknown";
}

/** @returns `null` where there is no way for it (`synproxy_send_tcp`) */
export function segmentAbout(
	gateway: GatewayState,
	about: Skb,
	fields: SegmentFields,
): Skb | null {
	const { routes, settings, conntrack } = gateway;
	const { isBack, options, belongs } = fields;
	const skb = skbOf(
		tcp({
			source: isBack ? about.destination : about.source,
			destination: isBack ? about.source : about.destination,
			sourcePort: isBack ? about.destinationPort : about.sourcePort,
			destinationPort: isBack ? about.sourcePort : about.destinationPort,
			flags: fields.flags,
			seq: fields.seq,
			ack: fields.ack,
			window: fields.window & 0xffff,
			options: headerOf(options),
			ttl: settings.ttl,
			dontFragment: true,
		}),
	);
	skb.checksum = "partial";
	skb.route = routeMeHarder(routes, settings, skb);
	if (skb.route === null) return null;
	if (belongs === "new")
		skb.template = { zoneOriginal: 0, zoneReply: 0, isProxied: true };
	else if (belongs === "reply" && conntrack.isTracked(about)) {
		skb.entry = about.entry;
		skb.ctinfo = CTINFO_ESTABLISHED_REPLY;
		conntrack.hold(skb);
	}
	return skb;
}

/** Congestion is notified of in the flags. */
export function ecnFlags({ ecn }: SegmentOptions, isAnswer: boolean): number {
	if (!ecn) return 0;
	return isAnswer ? ECE : ECE | CWR;
}

function headerOf({ ecn: _, ...options }: SegmentOptions): TcpOptions {
	return { ...options, sack: [] };
}
