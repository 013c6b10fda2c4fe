import { defineTarget } from "../extension/extension.ts";
import type { NatRange } from "../extension/host.ts";
import {
	addressesOf,
	printFlags,
	printRange,
	readRange,
	saidTwice,
} from "./shared/nat-range.ts";

/**
 * Gives a connection another destination (iptables 1.8.9 libxt_NAT.c, revision 2; kernel 6.1
 * xt_nat.c, `xt_dnat_target_v2`).
 */
export const dnat = defineTarget<NatRange>({
	name: "DNAT",
	flagCodes: { random: 3, persistent: 5 },
	ends: "accepts",
	translates: "destination",
	translatesTo: addressesOf,
	destinationPorts: (range) => range,
	tables: ["nat"],
	hooks: ["PREROUTING", "OUTPUT"],
	needsConntrack: true,
	options: [
		{
			name: "to-destination",
			type: "string",
			mandatory: true,
			saidTwice: saidTwice("DNAT", "to-destination"),
		},
		{ name: "random", type: "none" },
		{ name: "persistent", type: "none" },
	],
	build: (given) => ({
		...readRange(given, "to-destination"),
		random: given.has("random"),
		persistent: given.has("persistent"),
	}),
	print: (range) =>
		` --to-destination ${printRange(range)}${printFlags(range)}`,
	compile: (range, { nat }) => {
		return (skb) => nat.setup(skb, range, "destination");
	},
});
