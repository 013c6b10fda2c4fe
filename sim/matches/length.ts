import { defineMatch, type Test } from "../extension/extension.ts";
import { inRange, madeUp } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
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
	compile({ min, max, inverted }, ports, { name }) {
		const holds = inRange(min, max, inverted);
		const test: Test = inverted
			? (skb) => skb.length < min || skb.length > max
			: (skb) => skb.length >= min && skb.length <= max;
		return madeUpTest(test, ports, name, (skb, made) => {
			const value = madeUp.length(skb, made);
			return value && { ...value, holds };
		});
	},
});
