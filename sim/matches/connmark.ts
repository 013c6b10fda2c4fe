import { defineMatch } from "../extension/extension.ts";
import { connectionOf } from "../extension/host.ts";
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
			const entry = connectionOf(skb, ports);
			return (
				entry !== NO_ENTRY &&
				((conntrack.mark(entry) & mask) === value) === wanted
			);
		};
	},
});
