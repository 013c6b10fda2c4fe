import { defineMatch } from "../extension/extension.ts";
import { TCP } from "../packet/packet.ts";
import {
	type NumberRange,
	numberRange,
	printNumberRange,
} from "./shared/number-range.ts";

/**
 * The MSS option of a SYN (iptables 1.8.9 libxt_tcpmss.c, kernel 6.1 xt_tcpmss.c). A packet without
 * it matches the inverted test alone.
 */
export const tcpmss = defineMatch<NumberRange>({
	name: "tcpmss",
	onFragments: "not-modelled",
	protocols: [TCP],
	options: [
		{ name: "mss", type: "uint16Range", mandatory: true, invertible: true },
	],
	build(given) {
		const range = numberRange(given.get("mss", "uint16Range"));
		if (range.max < range.min)
			return given.refuse(
				"tcpmss: invalid range given",
				`Turn it round: ${range.max}:${range.min}.`,
				"mss",
			);
		return range;
	},
	print: (range) => printNumberRange("mss", range),
	compile({ min, max, inverted }) {
		return ({ tcpOptions: { mss } }) =>
			(mss !== null && mss >= min && mss <= max) !== inverted;
	},
});
