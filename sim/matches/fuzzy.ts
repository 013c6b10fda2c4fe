import { defineMatch } from "../extension/extension.ts";
import { EDOM } from "../extension/kernel-refusal.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";

interface Options {
	/** Packets a second. */
	readonly lower: number;
	readonly upper: number;
}

const MOST = 10_000_000;
/** Of the module; the library takes less. */
const LEAST = 3;

/** Draws the more often the more packets come (xtables-addons 3.23: libxt_fuzzy.c, xt_fuzzy.c). */
export const fuzzy = defineMatch<Options>({
	name: "fuzzy",
	library: { package: "xtables-addons" },
	options: [olderOption("lower-limit"), olderOption("upper-limit")],
	build: (given) => ({
		lower: limit(given, "lower-limit") ?? 1000,
		upper: limit(given, "upper-limit") ?? 2000,
	}),
	// Blanks as the library has them.
	print: ({ lower, upper }) =>
		` --lower-limit ${lower}  --upper-limit ${upper} `,
	/** `fuzzy_mt_check` */
	check: ({ lower, upper }) =>
		lower < LEAST || upper > MOST || lower >= upper
			? {
					error: EDOM,
					reason: "xt_fuzzy: bad values, please check.",
				}
			: null,
	question: () => ({
		kind: "open",
		on: "the rate of packets",
		isUnknown: true,
	}),
	compile: null,
});

function limit(given: GivenOptions, option: string): number | null {
	const uses = given.all(option, "string");
	const last = uses.at(-1);
	if (last === undefined) return null;
	if (last.inverted)
		given.refuse(`Can't specify ! --${option}`, "Take the `!` away.", option);
	if (uses.length > 1)
		given.refuse(
			`Can't specify --${option} twice`,
			"Take one of the two away.",
			option,
		);
	const value = readUnsigned(last.text, 1, MOST);
	if (value >= 0) return value;
	return given.refuse(
		`BAD --${option}`,
		`Write a number from 1 to ${MOST}.`,
		option,
	);
}
