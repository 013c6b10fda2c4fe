import { defineMatch } from "../extension/extension.ts";
import {
	type NumberRange,
	numberRange,
	printNumberRange,
} from "./shared/number-range.ts";

/** Octets of the IP packet, its header included (iptables 1.8.9 libxt_length.c, kernel 6.1 xt_length.c). */
export const length = defineMatch<NumberRange>({
	name: "length",
	options: [
		{ name: "length", type: "uint16Range", mandatory: true, invertible: true },
	],
	build: (given) => numberRange(given.get("length", "uint16Range")),
	print: (range) => printNumberRange("length", range),
	compile({ min, max, inverted }) {
		return inverted
			? (skb) => skb.length < min || skb.length > max
			: (skb) => skb.length >= min && skb.length <= max;
	},
});
