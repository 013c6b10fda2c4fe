import { defineTarget } from "../extension/extension.ts";
import type { SynproxyOffer } from "../extension/host.ts";
import { TCP } from "../packet/packet.ts";

/** Answers SYNs in a server's place (iptables 1.8.9 libxt_SYNPROXY.c, kernel 6.1 ipt_SYNPROXY.c). */
export const synproxy = defineTarget<SynproxyOffer>({
	name: "SYNPROXY",
	answersSyn: true,
	flagCodes: { "sack-perm": 0, timestamp: 1, ecn: 4 },
	hooks: ["INPUT", "FORWARD"],
	needsConntrack: true,
	proxies: true,
	options: [
		{ name: "sack-perm", type: "none" },
		{ name: "timestamp", type: "none" },
		{ name: "wscale", type: "uint32" },
		{ name: "mss", type: "uint32" },
		{ name: "ecn", type: "none" },
	],
	build(given) {
		const scale = given.get("wscale", "uint32");
		const mss = given.get("mss", "uint32");
		return {
			sackPermitted: given.has("sack-perm"),
			timestamp: given.has("timestamp"),
			// struct xt_synproxy_info has an octet for the one and two for the other.
			windowScale: scale ? scale.value & 0xff : null,
			mss: mss ? mss.value & 0xffff : null,
			ecn: given.has("ecn"),
		};
	},
	print: ({ sackPermitted, timestamp, windowScale, mss, ecn }) =>
		[
			sackPermitted ? " --sack-perm" : "",
			timestamp ? " --timestamp" : "",
			windowScale === null ? "" : ` --wscale ${windowScale}`,
			mss === null ? "" : ` --mss ${mss}`,
			ecn ? " --ecn" : "",
		].join(""),
	check: (_options, { header }) =>
		header.protocol === TCP && !header.protocolInverted
			? null
			: "xt_SYNPROXY: it is for TCP alone",
	compile: (offer, ports) => (skb) => ports.proxySyn(skb, offer),
});
