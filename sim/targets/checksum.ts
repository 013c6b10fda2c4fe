import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

/**
 * Fills in checksums that a network card would have filled in (iptables 1.8.9 libxt_CHECKSUM.c,
 * kernel 6.1 xt_CHECKSUM.c). In the model only resets by REJECT wait for one.
 */
export const checksum = defineTarget<object>({
	name: "CHECKSUM",
	actsUnseen: true,
	flagCodes: { "checksum-fill": 0 },
	tables: ["mangle"],
	options: [{ name: "checksum-fill", type: "none", mandatory: true }],
	build: () => ({}),
	print: () => " --checksum-fill",
	compile: () => (skb) => {
		if (skb.checksum === "partial") skb.checksum = "right";
		return XT_CONTINUE;
	},
});
