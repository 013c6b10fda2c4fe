import { defineTarget } from "../extension/extension.ts";
import { invariant } from "../invariant.ts";
import { formatNetwork } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { HOOK_OUTPUT, HOOK_PREROUTING } from "../packet/skb/skb.ts";
import { NO_RANGE } from "./shared/nat-range.ts";

interface Options {
	readonly network: Address;
	readonly mask: Address;
}

/**
 * Moves a whole network to another one and keeps the host part: the destination in PREROUTING and
 * OUTPUT, the source in INPUT and POSTROUTING (iptables 1.8.9 libipt_NETMAP.c, kernel 6.1
 * xt_NETMAP.c, `netmap_tg4`).
 */
export const netmap = defineTarget<Options>({
	name: "NETMAP",
	ends: "accepts",
	library: { prefix: "ipt" },
	translates: "either",
	translatesTo: ({ network, mask }) => [network >>> 0, (network | ~mask) >>> 0],
	tables: ["nat"],
	hooks: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
	needsConntrack: true,
	options: [{ name: "to", type: "hostMask", mandatory: true }],
	build(given) {
		const to = given.get("to", "hostMask")?.value[0];
		invariant(to !== undefined, "NETMAP without its mandatory --to");
		return { network: to.address & to.mask, mask: to.mask };
	},
	print: ({ network, mask }) => ` --to ${formatNetwork(network, mask)}`,
	compile({ network, mask }, { nat }) {
		return (skb) => {
			const incoming = skb.hook === HOOK_PREROUTING || skb.hook === HOOK_OUTPUT;
			const host = (incoming ? skb.destination : skb.source) & ~mask;
			const address = host | network;
			return nat.setup(
				skb,
				{ ...NO_RANGE, addresses: { min: address, max: address } },
				incoming ? "destination" : "source",
			);
		};
	},
});
