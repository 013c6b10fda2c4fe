import { defineTarget } from "../extension/extension.ts";
import { CTINFO_UNTRACKED, XT_CONTINUE } from "../packet/skb/skb.ts";
import { isSeen, NOTRACK_OPTIONS } from "./ct.ts";

/**
 * The older name of `CT --notrack`; iptables keeps apart which of the two was written
 * (iptables 1.8.9 libxt_CT.c, `notrack_ct2_tg_init`; kernel 6.1 xt_CT.c).
 */
export const notrack = defineTarget<object>({
	name: "NOTRACK",
	tables: ["raw"],
	options: [],
	build: () => ({}),
	print: () => "",
	successor: () => ({ name: "CT", options: NOTRACK_OPTIONS }),
	compile: () => (skb) => {
		if (!isSeen(skb)) skb.ctinfo = CTINFO_UNTRACKED;
		return XT_CONTINUE;
	},
});
