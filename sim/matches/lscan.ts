import { defineMatch } from "../extension/extension.ts";
import { olderFlag } from "../extension/options/older-options.ts";
import { TCP } from "../packet/packet.ts";

/** In the order in which they print. */
const KINDS = ["stealth", "synscan", "cnscan", "grscan", "mirai"] as const;

interface Options {
	readonly kinds: readonly string[];
}

/** Packets as scanners of ports send them (xtables-addons 3.23: libxt_lscan.c, xt_lscan.c). */
export const lscan = defineMatch<Options>({
	name: "lscan",
	flagCodes: {
		stealth: "x",
		synscan: "s",
		cnscan: "c",
		grscan: "g",
		mirai: "m",
	},
	library: { package: "xtables-addons" },
	protocols: [TCP],
	options: KINDS.map((name) => olderFlag(name)),
	build(given) {
		if (given.has("mirai") && given.behaviour.libraries === "of 1.8.7")
			given.refuse(
				'unknown option "--mirai"',
				"Debian 11's xtables-addons does not have it: take it away.",
				"mirai",
			);
		return { kinds: KINDS.filter((kind) => given.has(kind)) };
	},
	print: ({ kinds }) => kinds.map((kind) => ` --${kind} `).join(""),
	question: () => ({
		kind: "open",
		on: "the packets that came before",
		isUnknown: true,
	}),
	compile: null,
});
