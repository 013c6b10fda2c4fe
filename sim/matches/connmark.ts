import { defineMatch } from "../extension/extension.ts";
import { readsMark } from "../extension/mark-uses.ts";
import { NO_ENTRY } from "../packet/skb/skb.ts";
import {
	type MarkTest,
	printMarkTest,
	readMarkTest,
} from "./shared/mark-test.ts";

/**
 * Looks at the connection's mark (iptables 1.8.9 libxt_connmark.c, kernel 6.1 `connmark_mt` in
 * xt_connmark.c). A packet without a connection does not match, inverted or not.
 */
export const connmark = defineMatch<MarkTest>({
	name: "connmark",
	needsConntrack: true,
	options: [
		{ name: "mark", type: "markMask", mandatory: true, invertible: true },
	],
	build: readMarkTest,
	print: printMarkTest,
	marks: (test) => readsMark("connection", test.mask, test),
	compile({ value, mask, inverted }, ports) {
		const { conntrack } = ports;
		const wanted = !inverted;
		return (skb) => {
			const { entry } = skb;
			if (entry !== NO_ENTRY)
				return ((conntrack.mark(entry) & mask) === value) === wanted;
			// The template of -j CT begins with 0 (`nf_ct_tmpl_alloc`), and rules that write to it are not modelled.
			return skb.template !== null && (value === 0) === wanted;
		};
	},
});
