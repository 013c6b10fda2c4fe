import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb.ts";

/**
 * Fills in checksums that a network card would have filled in (iptables 1.8.9 libxt_CHECKSUM.c,
 * kernel 6.1 xt_CHECKSUM.c). The model's packets have right checksums, always.
 */
export const checksum = defineTarget<object>({
	name: "CHECKSUM",
	tables: ["mangle"],
	options: [{ name: "checksum-fill", type: "none", mandatory: true }],
	build: () => ({}),
	print: () => " --checksum-fill",
	compile: () => () => XT_CONTINUE,
});
