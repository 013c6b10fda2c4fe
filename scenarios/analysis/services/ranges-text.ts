/** Ranges of addresses and ports in words. */
import { formatAddress } from "../../../sim/packet/address.ts";
import type { Intervals } from "../spaces/intervals.ts";
import { GREATEST_OF } from "../spaces/space.ts";

const MOST_SHOWN = 4;

/** `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1-10.0.0.9`, with commas between them. */
export function addressesText(set: Intervals): string {
	return shortened(
		set.map(([least, greatest]) => {
			const size = greatest - least + 1;
			const bits = Math.log2(size);
			if (size === 1) return formatAddress(least | 0);
			const isNetwork = Number.isInteger(bits) && least % size === 0;
			return isNetwork
				? `${formatAddress(least | 0)}/${32 - bits}`
				: `${formatAddress(least | 0)}-${formatAddress(greatest | 0)}`;
		}),
	);
}

/** `80,443`, `8000-8003` */
export function portsText(set: Intervals): string {
	return shortened(
		set.map(([least, greatest]) => {
			const most = Math.min(greatest, GREATEST_OF.destinationPort);
			return least === most ? `${least}` : `${least}-${most}`;
		}),
	);
}

function shortened(words: readonly string[]): string {
	const rest = words.length - MOST_SHOWN;
	return rest <= 1
		? words.join(",")
		: `${words.slice(0, MOST_SHOWN).join(",")} and ${rest} more`;
}
