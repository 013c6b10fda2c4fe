import { defineMatch, type Test } from "../extension/extension.ts";
import { inRange, madeUp } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import { wordAt } from "../packet/bytes/bytes-read.ts";
import { TCP } from "../packet/packet.ts";
import { TCP_HEADER_LENGTH } from "../packet/packet-length.ts";
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
	compile({ min, max, inverted }, ports, { name }) {
		const { behaviour } = ports;
		const skipsFragments = behaviour.headersInFragments === "none";
		const test: Test = (skb) => {
			const { tcpOptions, fragment, payload } = skb;
			if (skipsFragments && fragment !== null && fragment.offset > 0)
				return false;
			const mss = fragment === null ? tcpOptions.mss : mssAmong(payload);
			if (mss === undefined) {
				skb.hotdrop = true;
				return false;
			}
			return (mss !== null && mss >= min && mss <= max) !== inverted;
		};
		const holds = inRange(min, max, inverted);
		return madeUpTest(test, ports, name, (skb, made) => {
			const value = madeUp.mss(skb, made);
			return value && { ...value, holds };
		});
	},
});

const HEADER_LENGTH_OCTET = 12;
const OPTION_MSS = 2;
const MSS_LENGTH = 4;

/**
 * Of a fragment, whatever stands where a header would is taken for one (`tcpmss_mt`, up to 6.12).
 * @returns `undefined` where it is cut off; `null` where it announces no size
 */
function mssAmong(octets: string): number | null | undefined {
	const end = (octets.charCodeAt(HEADER_LENGTH_OCTET) >> 4) * 4;
	if (octets.length < TCP_HEADER_LENGTH) return undefined;
	if (end < TCP_HEADER_LENGTH || octets.length < end) return undefined;
	let at = TCP_HEADER_LENGTH;
	while (at < end) {
		const kind = octets.charCodeAt(at);
		const length = at + 1 < end ? octets.charCodeAt(at + 1) : 1;
		const isWhole = length === MSS_LENGTH && end - at >= MSS_LENGTH;
		if (kind === OPTION_MSS && isWhole) return wordAt(octets, at + 2);
		at += kind < OPTION_MSS ? 1 : length || 1;
	}
	return null;
}
