import { defineTarget } from "../extension/extension.ts";
import type { NatRange } from "../extension/host.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	addressesOf,
	printFlags,
	printRange,
	readRange,
	saidTwice,
} from "./shared/nat-range.ts";

/**
 * Gives a connection another source (iptables 1.8.9 libxt_NAT.c, revision 0; kernel 6.1 xt_nat.c,
 * `xt_snat_target_v0`). A base port is read and its number forgotten: revision 0 has no field for it.
 */
export const snat = defineTarget<NatRange>({
	name: "SNAT",
	flagCodes: { random: 3, "random-fully": 4, persistent: 5 },
	ends: "accepts",
	translates: "source",
	translatesTo: addressesOf,
	tables: ["nat"],
	hooks: ["INPUT", "POSTROUTING"],
	needsConntrack: true,
	options: [
		{
			name: "to-source",
			type: "string",
			mandatory: true,
			saidTwice: saidTwice("SNAT", "to-source"),
		},
		{ name: "random", type: "none" },
		{ name: "random-fully", type: "none" },
		{ name: "persistent", type: "none" },
	],
	build(given) {
		const range = readRange(given, "to-source");
		return {
			...range,
			basePort: range.basePort === null ? null : 0,
			random: given.has("random"),
			randomFully: given.has("random-fully"),
			persistent: isPersistent(given),
		};
	},
	print: (range) => ` --to-source ${printRange(range)}${printFlags(range)}`,
	compile: (range, { nat }) => {
		return (skb) => nat.setup(skb, range, "source");
	},
});

/** In some versions the address that is read makes the range anew. */
function isPersistent(given: GivenOptions): boolean {
	const persistent = given.get("persistent", "none");
	const source = given.get("to-source", "string");
	if (persistent === undefined || source === undefined) return false;
	return (
		given.behaviour.persistentOfSource === "kept" ||
		persistent.word > source.word
	);
}
