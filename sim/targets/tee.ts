import { defineTarget } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { formatAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

interface Options {
	readonly gateway: Address;
	/** "" is any. */
	readonly outInterface: string;
}

/** IFNAMSIZ, less the closing NUL. What is longer is cut, without a word. */
const NAME_LENGTH = 15;

/** Sends a copy of the packet to another host (iptables 1.8.9 libxt_TEE.c). Copies are not modelled. */
export const tee = defineTarget<Options>({
	name: "TEE",
	options: [
		{ name: "gateway", type: "host", mandatory: true },
		{ name: "oif", type: "string" },
	],
	build: (given) => ({
		gateway: given.get("gateway", "host")?.value ?? 0,
		outInterface: cutOctets(
			given.get("oif", "string")?.text ?? "",
			NAME_LENGTH,
		),
	}),
	print: ({ gateway, outInterface }) =>
		` --gateway ${formatAddress(gateway)}${outInterface === "" ? "" : ` --oif ${outInterface}`}`,
	check: ({ gateway }) =>
		gateway === 0 ? "xt_TEE: the gateway is 0.0.0.0" : null,
	compile: null,
});
