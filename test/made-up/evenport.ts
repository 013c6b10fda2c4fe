import { defineMatch } from "../../sim/extension/extension.ts";
import { TCP } from "../../sim/packet/packet.ts";

interface Options {
	readonly inverted: boolean;
}

/** Is the destination port even? */
export const evenport = defineMatch<Options>({
	name: "evenport",
	protocols: [TCP],
	onFragments: "needs-header",
	options: [{ name: "even", type: "none", mandatory: true, invertible: true }],
	build: (given) => ({
		inverted: given.get("even", "none")?.inverted ?? false,
	}),
	print: ({ inverted }) => `${inverted ? " !" : ""} --even`,
	compile:
		({ inverted }) =>
		({ destinationPort }) =>
			((destinationPort & 1) === 0) !== inverted,
});
