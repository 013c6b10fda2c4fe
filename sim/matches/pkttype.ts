import { defineMatch } from "../extension/extension.ts";

const TYPES = ["unicast", "broadcast", "multicast", "otherhost"] as const;
type PacketType = (typeof TYPES)[number];

const ALIASES: ReadonlyMap<string, PacketType> = new Map([
	["bcast", "broadcast"],
	["mcast", "multicast"],
	["host", "unicast"],
]);

interface Options {
	readonly type: PacketType;
	readonly inverted: boolean;
}

/**
 * How the frame was addressed (iptables 1.8.9 libxt_pkttype.c, kernel 6.1 xt_pkttype.c). Frames for
 * others never come as far as a table.
 */
export const pkttype = defineMatch<Options>({
	name: "pkttype",
	options: [
		{ name: "pkt-type", type: "string", mandatory: true, invertible: true },
	],
	build(given) {
		const option = given.get("pkt-type", "string");
		const text = option?.text ?? "";
		const name = text.toLowerCase();
		const type =
			TYPES.find((known) => known === name) ??
			ALIASES.get(name) ??
			given.refuse(
				`Bad packet type '${text}'`,
				`The types are ${TYPES.join(", ")}.`,
				"pkt-type",
			);
		return { type, inverted: option?.inverted ?? false };
	},
	print: ({ type, inverted }) => `${inverted ? " !" : ""} --pkt-type ${type}`,
	compile({ type, inverted }) {
		return inverted
			? (skb) => skb.pktType !== type
			: (skb) => skb.pktType === type;
	},
});
