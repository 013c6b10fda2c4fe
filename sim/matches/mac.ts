import { defineMatch, type Test } from "../extension/extension.ts";
import { inRange, madeUp } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
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
	compile({ source, inverted }, ports, { name }) {
		const address = Number.parseInt(source.replaceAll(":", ""), 16);
		const holds = inRange(address, address, inverted);
		// Packets of `lo` come in no Ethernet frame. No source address is changed before the last hook at which this may stand.
		const test: Test = (skb) =>
			skb.inInterface > LOOPBACK_IFINDEX &&
			(hostMac(skb.source) === source) !== inverted;
		return madeUpTest(test, ports, name, (skb, made) => {
			const value = madeUp.mac(skb, made);
			return value && { ...value, holds };
		});
	},
});
