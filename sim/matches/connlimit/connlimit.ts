import { defineMatch } from "../../extension/extension.ts";
import type { GivenOption, GivenOptions } from "../../extension/options.ts";
import type { Address } from "../../packet/packet.ts";
import { NO_ENTRY } from "../../packet/skb/skb.ts";
import { ConnectionLists } from "./connection-list.ts";

interface Options {
	readonly limit: number;
	/** `--connlimit-upto`. */
	readonly upTo: boolean;
	readonly mask: Address;
	readonly side: "saddr" | "daddr";
}

/**
 * How many connections has an address? (iptables 1.8.9 libxt_connlimit.c, kernel 6.1 xt_connlimit.c,
 * revision 1). Each rule counts for itself what it has seen, and starts anew with its table.
 */
export const connlimit = defineMatch<Options, ConnectionLists>({
	name: "connlimit",
	flagCodes: { "connlimit-saddr": 3, "connlimit-daddr": 4 },
	stateful: true,
	needsConntrack: true,
	options: [
		{
			name: "connlimit-upto",
			type: "uint32",
			invertible: true,
			excludes: ["connlimit-above"],
		},
		{
			name: "connlimit-above",
			type: "uint32",
			invertible: true,
			excludes: ["connlimit-upto"],
		},
		{ name: "connlimit-mask", type: "prefixLength" },
		{
			name: "connlimit-saddr",
			type: "none",
			excludes: ["connlimit-daddr"],
		},
		{
			name: "connlimit-daddr",
			type: "none",
			excludes: ["connlimit-saddr"],
		},
	],
	checkFirst(given) {
		limitOf(given);
	},
	build(given) {
		const upTo = given.get("connlimit-upto", "uint32");
		const limit = limitOf(given);
		return {
			limit: limit.value,
			upTo: (upTo !== undefined) !== limit.inverted,
			mask: given.get("connlimit-mask", "prefixLength")?.value ?? -1,
			side: given.has("connlimit-daddr") ? "daddr" : "saddr",
		};
	},
	print({ limit, upTo, mask, side }) {
		const option = upTo ? "connlimit-upto" : "connlimit-above";
		// A mask with gaps is printed as if it had none (`count_bits4`).
		const bits = Math.clz32(~mask);
		return ` --${option} ${limit} --connlimit-mask ${bits} --connlimit-${side}`;
	},
	/** A walk of one first packet sees no other connections. */
	question: () => ({ kind: "open", on: "the number of connections" }),
	cell: (_options, ports) => new ConnectionLists(ports),
	compile({ limit, upTo, mask, side }, ports, { cell: lists }) {
		const { conntrack } = ports;
		const ofDestination = side === "daddr";
		return (skb) => {
			const { entry } = skb;
			if (entry === NO_ENTRY)
				return ports.unknown(
					"connlimit counts connections, and this packet belongs to none",
				);
			const address = (ofDestination ? skb.destination : skb.source) & mask;
			// Addresses of one zone have one list; 2^48 keys fit into a number.
			// A zone that is one direction's alone counts as well (nf_ct_zone, connlimit_mt).
			const zone =
				conntrack.zone(entry, "original") || conntrack.zone(entry, "reply");
			const key = zone * 2 ** 32 + (address >>> 0);
			const connections = lists.of(key).count(entry);
			if (connections === 0) {
				skb.hotdrop = true;
				return false;
			}
			return connections > limit !== upTo;
		};
	},
});

function limitOf(given: GivenOptions): GivenOption<"uint32"> {
	return (
		given.get("connlimit-upto", "uint32") ??
		given.get("connlimit-above", "uint32") ??
		given.refuse(
			'You must specify "--connlimit-above" or "--connlimit-upto".',
			"Say how many connections: `--connlimit-above 10`.",
		)
	);
}
