import { defineMatch } from "../extension/extension.ts";
import { portAt } from "../packet/skb/payload-ports.ts";
import { type NumberRange, printNumberRange } from "./shared/number-range.ts";

interface Options extends NumberRange {
	/** `--compres`, which the kernel does not look at. */
	readonly reserved: boolean;
}

const IPCOMP = 108;
const GREATEST = 0xffffffff;
/** struct ip_comp_hdr (include/linux/ip.h, 6.1), and where its index stands. */
const HEADER_LENGTH = 4;
const INDEX_OFFSET = 2;

/**
 * The parameter index of IPComp (iptables 1.8.9 libxt_ipcomp.c, kernel 6.1 xt_ipcomp.c). Without the
 * option it asks for index 0.
 */
export const ipcomp = defineMatch<Options>({
	name: "ipcomp",
	flagCodes: { compres: 1 },
	onFragments: "needs-header",
	protocols: [IPCOMP],
	options: [
		{ name: "ipcompspi", type: "uint32Range", invertible: true },
		{ name: "compres", type: "none" },
	],
	build(given) {
		const spis = given.get("ipcompspi", "uint32Range");
		const [min, max] = spis?.value ?? [0, 0];
		const inverted = spis?.inverted ?? false;
		return { min, max, inverted, reserved: given.has("compres") };
	},
	print(options, _header, { savedText }) {
		const { min, max, inverted, reserved } = options;
		const all =
			min === 0 &&
			max === GREATEST &&
			(savedText === "loses some" || !inverted);
		return `${all ? "" : printNumberRange("ipcompspi", options)}${reserved ? " --compres" : ""}`;
	},
	compile({ min, max, inverted }) {
		return (skb) => {
			if (skb.payload.length < HEADER_LENGTH) {
				// There is no header to look at (`comp_mt`, 6.1).
				skb.hotdrop = true;
				return false;
			}
			const index = portAt(skb, INDEX_OFFSET);
			return (index >= min && index <= max) !== inverted;
		};
	},
});
