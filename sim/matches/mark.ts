import { defineMatch } from "../extension/extension.ts";
import { readsMark } from "../extension/mark-uses.ts";
import {
	type MarkTest,
	printMarkTest,
	readMarkTest,
} from "./shared/mark-test.ts";

/** Looks at the packet's mark (iptables 1.8.9 libxt_mark.c, kernel 6.1 `mark_mt` in xt_mark.c). */
export const mark = defineMatch<MarkTest>({
	name: "mark",
	options: [
		{ name: "mark", type: "markMask", mandatory: true, invertible: true },
	],
	build: readMarkTest,
	print: printMarkTest,
	marks: (test) => readsMark("packet", test.mask, test),
	compile({ value, mask, inverted }) {
		if (inverted) return (skb) => (skb.mark & mask) !== value;
		return mask === -1
			? (skb) => skb.mark === value
			: (skb) => (skb.mark & mask) === value;
	},
});
