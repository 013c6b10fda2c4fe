/** The state of a packet that stands for any with its addresses and ports. */
import type { Test } from "../../extension/extension.ts";
import type { AnyPacket } from "../../extension/host.ts";
import { NO_ENTRY, type Skb } from "../../packet/skb/skb.ts";
import type { Bits } from "./conntrack-options.ts";
import { translatedBits } from "./conntrack-tests.ts";
import { STATES, stateBit } from "./ct-states.ts";

/** Those that a packet may have which the gateway tracks, in the order in which they are asked for: the last one is left. */
const ASKED = ["RELATED", "INVALID", "NEW", "ESTABLISHED"] as const;
const ORDER = ASKED.map((name) => {
	const bit = STATES.find(([one]) => one === name)?.[1] ?? 0;
	return { name, bit };
});

/** The test of `--ctstate`: a packet has one state, whichever rule asks. */
export function stateOfAny({ bits, inverted }: Bits, any: AnyPacket): Test {
	return (skb) => {
		const isTold = skb.entry === NO_ENTRY || any.table === "nat";
		const isOne = isTold
			? (stateBit(skb) & bits) !== 0
			: isAmong(bits, any, skb);
		const isFound = isOne || (translatedBits(skb, any.ports) & bits) !== 0;
		return isFound !== inverted;
	};
}

/** Is its state one of these? It is asked for as long as the answer makes a difference. */
function isAmong(bits: number, { ask }: AnyPacket, skb: Skb): boolean {
	for (const [index, { name, bit }] of ORDER.entries()) {
		const is = (bits & bit) !== 0;
		const left = ORDER.slice(index + 1);
		if (left.every((one) => ((bits & one.bit) !== 0) === is)) return is;
		if (ask(`are ${name}`, skb)) return is;
	}
	return false;
}
