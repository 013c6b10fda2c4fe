import { defineMatch } from "../../extension/extension.ts";
import { portAt } from "../../packet/skb/payload-ports.ts";
import { type NumberRange, printNumberRange } from "./number-range.ts";

const GREATEST = 0xffffffff;

/** A match for the security parameter index of an IPsec protocol. */
export function spiMatch(about: {
	readonly name: string;
	readonly option: string;
	readonly protocol: number;
	/** Octets of its header, without which a packet is dropped. */
	readonly headerLength: number;
	/** Where the index stands in it. */
	readonly offset: number;
	/** Prefix of iptables' library. */
	readonly library?: "ipt";
}) {
	return defineMatch<NumberRange>({
		name: about.name,
		...(about.library && { library: { prefix: about.library } }),
		onFragments: "needs-header",
		protocols: [about.protocol],
		options: [{ name: about.option, type: "uint32Range", invertible: true }],
		build(given) {
			const spis = given.get(about.option, "uint32Range");
			const [min, max] = spis?.value ?? [0, GREATEST];
			return { min, max, inverted: spis?.inverted ?? false };
		},
		print: (spis, _header, { savedText }) =>
			spis.min === 0 &&
			spis.max === GREATEST &&
			(savedText === "loses some" || !spis.inverted)
				? ""
				: printNumberRange(about.option, spis),
		compile: ({ min, max, inverted }) => {
			const at = about.offset;
			return (skb) => {
				if (skb.payload.length < about.headerLength) {
					// There is no header to look at (`esp_mt`, `ah_mt`, 6.1).
					skb.hotdrop = true;
					return false;
				}
				const spi = portAt(skb, at) * 0x10000 + portAt(skb, at + 2);
				return (spi >= min && spi <= max) !== inverted;
			};
		},
	});
}
