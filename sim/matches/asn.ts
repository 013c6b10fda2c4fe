import { defineMatch } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	readCodes,
	type SideUse,
	usesOfSides,
} from "./shared/codes-of-side.ts";

interface Options {
	readonly side: "src" | "dst";
	readonly inverted: boolean;
	/** Unsigned, each once. */
	readonly numbers: readonly number[];
}

/** XT_ASN_MAX */
const MOST_NUMBERS = 15;

const OPTIONS = [
	olderOption("src-asn"),
	olderOption("source-number", "src-asn"),
	olderOption("dst-asn"),
	olderOption("destination-number", "dst-asn"),
];

/**
 * The autonomous system of an address (xtables-addons 3.23: libxt_asn.c, xt_asn.c). iptables reads its ranges
 * from /usr/share/xt_asn/NUMBER.iv4, which the model does not know.
 */
export const asn = defineMatch<Options>({
	name: "asn",
	library: { package: "xtables-addons" },
	options: OPTIONS,
	checkFirst(given) {
		if (!given.has("src-asn") && !given.has("dst-asn"))
			given.refuse(
				"asn: missing arguments",
				"Name autonomous systems: `--src-asn 64496,64497`.",
			);
	},
	build(given) {
		const [first, second] = usesOfSides(given, ["src-asn", "dst-asn"]);
		const numbers = first === undefined ? [] : readNumbers(given, first);
		if (second !== undefined)
			return given.refuse(
				"asn: Only exactly one of --src-asn or --dst-asn must be specified!",
				"Write a second `-m asn` for the other one.",
				second.option,
			);
		return {
			side: first?.option === "dst-asn" ? "dst" : "src",
			inverted: first?.use.inverted ?? false,
			numbers,
		};
	},
	print: ({ side, inverted, numbers }) =>
		`${inverted ? " !" : ""} --${side}-asn ${numbers.join(",")}`,
	needs: ({ numbers }) =>
		numbers.map((number) => ({ kind: "asn", name: `${number}` })),
	hasOneAnswer: "packet",
	question: ({ numbers }) => ({
		kind: "open",
		on: `the addresses of AS ${numbers.join(", ")}`,
		isUnknown: true,
	}),
	compile: null,
});

/** As its library reads them: 0 counts for none, and what has more than 32 bits loses the upper ones. */
function readNumbers(given: GivenOptions, side: SideUse): readonly number[] {
	const { option } = side;
	const found = readCodes(given, side, {
		most: MOST_NUMBERS,
		tooMany: "asn: too many ASNs specified",
		read(code) {
			if (!/^\d+$/.test(code))
				return given.refuse(
					code === ""
						? "asn: missing number code"
						: `asn:  invalid number code '${code}'`,
					"Write the number of an autonomous system alone: 64496.",
					option,
				);
			const number = numberOf(code);
			return number === 0 ? null : number;
		},
	});
	if (found.length === 0)
		return given.refuse(
			"asn: don't know what happened",
			"Write a number above 0.",
			option,
		);
	return found;
}

const GREATEST = 2n ** 64n - 1n;

/** `strtoul`, of which 32 bits are kept. */
function numberOf(digits: string): number {
	const value = BigInt(digits);
	return Number(BigInt.asUintN(32, value > GREATEST ? GREATEST : value));
}
