import { defineTarget, type LoadPlace } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { SYN, TCP } from "../packet/packet.ts";
import {
	IP_HEADER_LENGTH,
	MAX_TCP_OPTIONS_LENGTH,
	TCP_HEADER_LENGTH,
	tcpOptionsLength,
} from "../packet/packet-length.ts";
import { NF_DROP, type Skb, XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** `null`: what the path's MTU leaves room for. */
	readonly mss: number | null;
}

/** So much of the `tcp` match's options as the kernel looks at. */
interface TcpMatch {
	readonly flags?: { readonly set: number; readonly inverted: boolean } | null;
}

const HEADERS = IP_HEADER_LENGTH + TCP_HEADER_LENGTH;
const MSS_LENGTH = 4;
/** What a host assumes that is told nothing (RFC 1122, 4.2.2.6). */
const DEFAULT_MSS = 536;

/**
 * Lowers the maximum segment size that a SYN announces, and adds one where there is none
 * (iptables 1.8.9 libxt_TCPMSS.c, kernel 6.1 xt_TCPMSS.c, `tcpmss_mangle_packet`).
 */
export const tcpmss = defineTarget<Options>({
	name: "TCPMSS",
	actsUnseen: true,
	flagCodes: { "clamp-mss-to-pmtu": 1 },
	usualTable: "mangle",
	protocols: [TCP],
	options: [
		{ name: "set-mss", type: "uint16", max: 65515 },
		{ name: "clamp-mss-to-pmtu", type: "none" },
	],
	build(given) {
		const clamp = given.get("clamp-mss-to-pmtu", "none");
		const set = given.get("set-mss", "uint16");
		// Both write the same field: the later one counts.
		if (clamp && clamp.word > (set?.word ?? -1)) return { mss: null };
		if (set) return { mss: set.value };
		return given.refuse(
			"TCPMSS target: At least one parameter is required",
			"Write `--clamp-mss-to-pmtu` or `--set-mss 1400`.",
		);
	},
	print: ({ mss }) =>
		mss === null ? " --clamp-mss-to-pmtu" : ` --set-mss ${mss}`,
	check({ mss }, place) {
		const incoming = place.hooks.some(
			(hook) => hook === "PREROUTING" || hook === "INPUT",
		);
		if (mss === null && incoming)
			return "xt_TCPMSS: path-MTU clamping only supported in FORWARD, OUTPUT and POSTROUTING hooks";
		return asksForSyn(place) || place.behaviour.clampWithoutSyn === "accepted"
			? null
			: "xt_TCPMSS: Only works on TCP SYN packets";
	},
	compile({ mss }, ports) {
		return (skb) => {
			if (skb.fragment !== null || skb.receivedParts !== null)
				return ports.unknown("TCPMSS for fragments is not modelled");
			const room = mss ?? ports.pathMtu(skb) - HEADERS;
			if (mss === null && room <= 0) return NF_DROP;
			setMss(skb, room, ports);
			return XT_CONTINUE;
		};
	},
});

function asksForSyn({ matches }: LoadPlace): boolean {
	return matches.some(({ name, options }) => {
		if (name !== "tcp") return false;
		const { flags } = options as TcpMatch;
		return flags ? (flags.set & SYN) !== 0 && !flags.inverted : false;
	});
}

function setMss(skb: Skb, mss: number, ports: ExtensionHost): void {
	const { tcpOptions } = skb;
	if (tcpOptions.mss !== null) {
		// Never more than the host said itself, even when it is told to be set.
		if (tcpOptions.mss <= mss) return;
		skb.tcpOptions = { ...tcpOptions, mss };
		ports.written(skb);
		return;
	}
	// Behind payload there is no room, and neither is there in a header that is full.
	const length = tcpOptionsLength(tcpOptions);
	if (skb.payload !== "" || length >= MAX_TCP_OPTIONS_LENGTH) return;
	skb.tcpOptions = { ...tcpOptions, mss: Math.min(mss, DEFAULT_MSS) };
	skb.length += MSS_LENGTH;
	ports.written(skb);
}
