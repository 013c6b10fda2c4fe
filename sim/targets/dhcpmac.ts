import { defineTarget } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import { hardwareAddress } from "../extension/values/hardware-address.ts";
import { UDP } from "../packet/packet.ts";

interface Options {
	/** In capitals, with colons. */
	readonly address: string;
}

const SET_MAC = olderOption("set-mac");

/** Writes a hardware address into a DHCP message (xtables-addons 3.23: libxt_DHCPMAC.c, xt_DHCPMAC.c). */
export const dhcpmac = defineTarget<Options>({
	name: "DHCPMAC",
	library: { package: "xtables-addons" },
	tables: ["mangle"],
	protocols: [UDP],
	options: [SET_MAC],
	checkFirst(given) {
		if (!given.has("set-mac"))
			given.refuse(
				"DHCPMAC target: --set-mac parameter required",
				"Name a hardware address: `--set-mac 02:00:0a:00:00:0a`.",
			);
	},
	build: (given) => ({ address: hardwareAddress(given, "DHCPMAC", SET_MAC) }),
	// The blank at the end is the library's own.
	print: ({ address }) => ` --set-mac ${address}/48 `,
	compile: null,
});
