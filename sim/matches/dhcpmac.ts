import { defineMatch } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import { hardwareAddress } from "../extension/values/hardware-address.ts";
import { UDP } from "../packet/packet.ts";
import { packetOctets } from "./shared/packet-octets.ts";

interface Options {
	/** In capitals, with colons. */
	readonly address: string;
}

const MAC = olderOption("mac");

/** Octets of UDP's header, and of the DHCP message in front of `chaddr` and with it (`struct dhcp_message`). */
const UDP_HEADER = 8;
const CLIENT_ADDRESS = 28;
const MESSAGE = 44;

/**
 * The hardware address of a DHCP client in its message (xtables-addons 3.23: libxt_dhcpmac.c, xt_DHCPMAC.c). The
 * library takes a mask, and asks for all 48 bits nevertheless.
 */
export const dhcpmac = defineMatch<Options>({
	name: "dhcpmac",
	library: { package: "xtables-addons" },
	protocols: [UDP],
	options: [MAC],
	checkFirst(given) {
		if (!given.has("mac"))
			given.refuse(
				"dhcpmac match: --mac parameter required",
				"Name the client's hardware address: `--mac 02:00:0a:00:00:0a`.",
			);
	},
	build: (given) => ({ address: hardwareAddress(given, "dhcpmac", MAC) }),
	// The blank at the end is the library's own.
	print: ({ address }) => ` --mac ${address}/48 `,
	/** `dhcpmac_mt` */
	compile({ address }, ports) {
		const wanted = address
			.split(":")
			.map((octet) => Number.parseInt(octet, 16));
		return (skb) => {
			const octets = packetOctets(skb, ports);
			const message = ((octets[0] ?? 0) & 15) * 4 + UDP_HEADER;
			if (octets.length < message + MESSAGE) return false;
			return wanted.every(
				(octet, index) => octets[message + CLIENT_ADDRESS + index] === octet,
			);
		};
	},
});
