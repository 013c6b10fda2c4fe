import { defineMatch, type Test } from "../extension/extension.ts";
import { askedOfTos } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import { hex8 } from "../packet/numbers.ts";

interface Options {
	/** 0 to 63. */
	readonly dscp: number;
	readonly inverted: boolean;
}

/** The upper six bits of the type-of-service octet (iptables 1.8.9 libxt_dscp.c, kernel 6.1 `dscp_mt` in xt_dscp.c). */
export const dscp = defineMatch<Options>({
	name: "dscp",
	options: [
		{
			name: "dscp",
			type: "uint8",
			max: 63,
			invertible: true,
			excludes: ["dscp-class"],
		},
		{
			name: "dscp-class",
			type: "string",
			invertible: true,
			excludes: ["dscp"],
		},
	],
	build(given) {
		const number = given.get("dscp", "uint8");
		if (number) return { dscp: number.value, inverted: number.inverted };
		const name = given.get("dscp-class", "string");
		if (!name)
			return given.refuse(
				"DSCP match: Parameter --dscp is required",
				"Name the code point: `--dscp 46` or `--dscp-class EF`.",
			);
		const dscp =
			dscpOfClass(name.text) ??
			given.refuse(
				`Invalid DSCP value \`${name.text}'`,
				"The classes are BE, EF, CS0 to CS7, and AF11 to AF43.",
				"dscp-class",
			);
		return { dscp, inverted: name.inverted };
	},
	print: ({ dscp, inverted }) => `${inverted ? " !" : ""} --dscp ${hex8(dscp)}`,
	compile({ dscp, inverted }, ports, { name }) {
		const fits = (tos: number) => (tos >> 2 === dscp) !== inverted;
		const test: Test = inverted
			? (skb) => skb.tos >> 2 !== dscp
			: (skb) => skb.tos >> 2 === dscp;
		return madeUpTest(test, ports, name, askedOfTos(fits));
	},
});

/**
 * Code points of the Differentiated Services field by name: CS0 to CS7 (RFC 2474), AF11 to AF43
 * (RFC 2597), EF (RFC 3246), and BE for none of them.
 */
const CLASSES: readonly (readonly [name: string, dscp: number])[] = [
	...[0, 1, 2, 3, 4, 5, 6, 7].map(
		(level) => [`CS${level}`, level << 3] as const,
	),
	["BE", 0],
	...[1, 2, 3, 4].flatMap((level) =>
		[1, 2, 3].map(
			(drop) => [`AF${level}${drop}`, (level << 3) | (drop << 1)] as const,
		),
	),
	["EF", 46],
];

/**
 * The code point of a class, or `null`. In either case, and whatever follows the name, as iptables
 * reads it (`class_to_dscp`, 1.8.9 extensions/dscp_helper.c).
 */
function dscpOfClass(text: string): number | null {
	const upper = text.toUpperCase();
	return CLASSES.find(([name]) => upper.startsWith(name))?.[1] ?? null;
}
