import { defineMatch } from "../../extension/extension.ts";
import { type NumberRange, printNumberRange } from "./number-range.ts";

const GREATEST = 0xffffffff;

/** A match for the security parameter index of an IPsec protocol. */
export function spiMatch(about: {
	readonly name: string;
	readonly option: string;
	readonly protocol: number;
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
		print: (spis) =>
			spis.min === 0 && spis.max === GREATEST
				? ""
				: printNumberRange(about.option, spis),
		compile: null,
	});
}
