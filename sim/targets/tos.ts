import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

/** The octet becomes `(tos & ~mask) ^ value`. */
interface Options {
	readonly value: number;
	readonly mask: number;
}

const FORMS = ["set-tos", "and-tos", "or-tos", "xor-tos"];
const others = (name: string) => FORMS.filter((form) => form !== name);

/**
 * Writes the type-of-service octet (iptables 1.8.9 libxt_TOS.c, revision 1; kernel 6.1 xt_DSCP.c,
 * `tos_tg`).
 */
export const tos = defineTarget<Options>({
	name: "TOS",
	actsUnseen: true,
	tables: ["mangle"],
	options: [
		// A name stands for a value and leaves the two upper bits as they are.
		{
			name: "set-tos",
			type: "tosMask",
			max: 0x3f,
			excludes: others("set-tos"),
		},
		{ name: "and-tos", type: "uint8", excludes: others("and-tos") },
		{ name: "or-tos", type: "uint8", excludes: others("or-tos") },
		{ name: "xor-tos", type: "uint8", excludes: others("xor-tos") },
	],
	build(given) {
		const set = given.get("set-tos", "tosMask")?.value;
		if (set) return set;
		const and = given.get("and-tos", "uint8")?.value;
		if (and !== undefined) return { value: 0, mask: ~and & 0xff };
		const or = given.get("or-tos", "uint8")?.value;
		if (or !== undefined) return { value: or, mask: or };
		const xor = given.get("xor-tos", "uint8")?.value;
		if (xor !== undefined) return { value: xor, mask: 0 };
		return given.refuse(
			"TOS: An action is required",
			"Say what to write: `--set-tos 0x10`.",
		);
	},
	print: ({ value, mask }) => ` --set-tos ${octet(value)}/${octet(mask)}`,
	compile({ value, mask }, ports) {
		return (skb) => {
			const wanted = (skb.tos & ~mask) ^ value;
			if (wanted !== skb.tos) {
				skb.tos = wanted;
				ports.written(skb);
			}
			return XT_CONTINUE;
		};
	},
});

function octet(value: number): string {
	return `0x${value.toString(16).padStart(2, "0")}`;
}
