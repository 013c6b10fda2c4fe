import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { onlySecurityTables } from "./shared/security-tables.ts";

interface Options {
	readonly mode: "save" | "restore";
}

/**
 * Keeps SELinux' label of packets in the connection; no rule sees it (iptables 1.8.9
 * libxt_CONNSECMARK.c, kernel 6.1 xt_CONNSECMARK.c).
 */
export const connsecmark = defineTarget<Options>({
	name: "CONNSECMARK",
	actsUnseen: true,
	flagCodes: { save: 0, restore: 1 },
	onlyReports: true,
	needsConntrack: true,
	options: [
		{ name: "save", type: "none", excludes: ["restore"] },
		{ name: "restore", type: "none", excludes: ["save"] },
	],
	checkFirst(given) {
		if (!given.has("save") && !given.has("restore"))
			given.refuse(
				"CONNSECMARK target: parameter required",
				"Write `--save` or `--restore`.",
			);
	},
	build: (given) => ({ mode: given.has("save") ? "save" : "restore" }),
	print: ({ mode }) => ` --${mode}`,
	check: (_options, { table }) => onlySecurityTables("xt_CONNSECMARK", table),
	compile: () => () => XT_CONTINUE,
});
