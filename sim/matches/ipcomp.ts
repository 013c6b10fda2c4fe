import { defineMatch } from "../extension/extension.ts";
import { type NumberRange, printNumberRange } from "./shared/number-range.ts";

interface Options extends NumberRange {
	/** `--compres`, which the kernel does not look at. */
	readonly reserved: boolean;
}

const IPCOMP = 108;
const GREATEST = 0xffffffff;

/**
 * The parameter index of IPComp (iptables 1.8.9 libxt_ipcomp.c, kernel 6.1 xt_ipcomp.c). Without the
 * option it asks for index 0.
 */
export const ipcomp = defineMatch<Options>({
	name: "ipcomp",
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
	print(options) {
		const { min, max, reserved } = options;
		const all = min === 0 && max === GREATEST;
		return `${all ? "" : printNumberRange("ipcompspi", options)}${reserved ? " --compres" : ""}`;
	},
	compile: null,
});
