import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** 0 to 63. */
	readonly dscp: number;
}

/** Classes of RFC 2474, 2597 and 3246 (iptables 1.8.9, extensions/dscp_helper.c). */
const CLASSES: readonly (readonly [name: string, dscp: number])[] = [
	["CS0", 0],
	["CS1", 8],
	["CS2", 16],
	["CS3", 24],
	["CS4", 32],
	["CS5", 40],
	["CS6", 48],
	["CS7", 56],
	["BE", 0],
	["AF11", 10],
	["AF12", 12],
	["AF13", 14],
	["AF21", 18],
	["AF22", 20],
	["AF23", 22],
	["AF31", 26],
	["AF32", 28],
	["AF33", 30],
	["AF41", 34],
	["AF42", 36],
	["AF43", 38],
	["EF", 46],
];

/**
 * Writes the six upper bits of the type-of-service octet (iptables 1.8.9 libxt_DSCP.c, kernel 6.1
 * xt_DSCP.c, `dscp_tg`).
 */
export const dscp = defineTarget<Options>({
	name: "DSCP",
	actsUnseen: true,
	tables: ["mangle"],
	options: [
		{ name: "set-dscp", type: "uint8", max: 63, excludes: ["set-dscp-class"] },
		{ name: "set-dscp-class", type: "string", excludes: ["set-dscp"] },
	],
	build(given) {
		const value = given.get("set-dscp", "uint8")?.value;
		if (value !== undefined) return { dscp: value };
		const name = given.get("set-dscp-class", "string")?.text;
		if (name === undefined)
			return given.refuse(
				"DSCP target: Parameter --set-dscp is required",
				"Say what to write: `--set-dscp 10` or `--set-dscp-class EF`.",
			);
		// Whatever stands behind the name of a class does not matter to iptables.
		const found = CLASSES.find(([known]) =>
			name.toUpperCase().startsWith(known),
		);
		if (found) return { dscp: found[1] };
		return given.refuse(
			`Invalid DSCP value \`${name}'`,
			`Take one of ${CLASSES.map(([known]) => known).join(", ")}.`,
			"set-dscp-class",
		);
	},
	print: ({ dscp }) => ` --set-dscp 0x${dscp.toString(16).padStart(2, "0")}`,
	compile({ dscp }, ports) {
		return (skb) => {
			if (skb.tos >> 2 !== dscp) {
				skb.tos = (dscp << 2) | (skb.tos & 3);
				ports.written(skb);
			}
			return XT_CONTINUE;
		};
	},
});
