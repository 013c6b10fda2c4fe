import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

/** From here on every rule that the packet matches is told (iptables 1.8.9 libxt_TRACE.c, kernel 6.1 xt_TRACE.c). */
export const trace = defineTarget<object>({
	name: "TRACE",
	onlyReports: true,
	tables: ["raw"],
	anyTable: ({ tablesOfTrace }) => tablesOfTrace === "all",
	options: [],
	build: () => ({}),
	print: () => "",
	compile: () => (skb) => {
		skb.traced = true;
		return XT_CONTINUE;
	},
});
