import { defineMatch, type Test } from "../extension/extension.ts";
import { askedOfTos } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import { invariant } from "../invariant.ts";
import { hex8 } from "../packet/numbers.ts";

interface Options {
	readonly value: number;
	readonly mask: number;
	readonly inverted: boolean;
}

/** The mask of a symbolic name (`tos_mt_opts`, iptables 1.8.9 libxt_tos.c). */
const SYMBOL_MASK = 0x3f;

/** The whole type-of-service octet (iptables 1.8.9 libxt_tos.c, kernel 6.1 `tos_mt` in xt_dscp.c). */
export const tos = defineMatch<Options>({
	name: "tos",
	options: [
		{
			name: "tos",
			type: "tosMask",
			mandatory: true,
			invertible: true,
			max: SYMBOL_MASK,
		},
	],
	build(given) {
		const tos = given.get("tos", "tosMask");
		invariant(tos !== undefined, "a mandatory option is missing: --tos");
		return { ...tos.value, inverted: tos.inverted };
	},
	print: ({ value, mask, inverted }) =>
		`${inverted ? " !" : ""} --tos ${hex8(value)}/${hex8(mask)}`,
	compile({ value, mask, inverted }, ports, { name }) {
		const fits = (tos: number) => ((tos & mask) === value) !== inverted;
		const test: Test = inverted
			? (skb) => (skb.tos & mask) !== value
			: (skb) => (skb.tos & mask) === value;
		return madeUpTest(test, ports, name, askedOfTos(fits));
	},
});
