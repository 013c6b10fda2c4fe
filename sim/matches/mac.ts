import { defineMatch } from "../extension/extension.ts";
import { invariant } from "../invariant.ts";
import { LOOPBACK_IFINDEX } from "../kernel.ts";
import { hostMac } from "../packet/address.ts";

interface Options {
	/** Lower case, with colons. */
	readonly source: string;
	readonly inverted: boolean;
}

/**
 * Who sent the frame (iptables 1.8.9 libxt_mac.c, kernel 6.1 xt_mac.c). A packet that came in no
 * Ethernet frame does not match, inverted or not.
 */
export const mac = defineMatch<Options>({
	name: "mac",
	hooks: ["PREROUTING", "INPUT", "FORWARD"],
	options: [
		{ name: "mac-source", type: "mac", mandatory: true, invertible: true },
	],
	build(given) {
		const source = given.get("mac-source", "mac");
		invariant(
			source !== undefined,
			"a mandatory option is missing: --mac-source",
		);
		return { source: source.value, inverted: source.inverted };
	},
	print: ({ source, inverted }) =>
		`${inverted ? " !" : ""} --mac-source ${source}`,
	compile({ source, inverted }) {
		// Packets of `lo` come in no Ethernet frame. No source address is changed before the last hook at which this may stand.
		return (skb) =>
			skb.inInterface > LOOPBACK_IFINDEX &&
			(hostMac(skb.source) === source) !== inverted;
	},
});
