import { defineTarget } from "../extension/extension.ts";
import { ALL_BITS, writesMark } from "../extension/mark-uses.ts";
import {
	notInverted,
	olderOption,
	onlyOnce,
} from "../extension/options/older-options.ts";
import type { GivenOptions, OptionEntry } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly side: "src" | "dst";
	/** Unsigned. */
	readonly and: number;
	readonly or: number;
	/** By so many bits to the right, 0 to 128. */
	readonly shift: number;
}

const SIDE = olderOption("addr");
const AND = olderOption("and-mask");
const OR = olderOption("or-mask");
const SHIFT = olderOption("shift");

/** Makes the packet's mark of an address (xtables-addons 3.23: libxt_IPMARK.c, xt_IPMARK.c). */
export const ipmark = defineTarget<Options>({
	name: "IPMARK",
	library: { package: "xtables-addons" },
	tables: ["mangle"],
	options: [SIDE, AND, OR, SHIFT],
	checkFirst(given) {
		if (!given.has("addr"))
			given.refuse(
				"IPMARK target: Parameter --addr is required",
				"Say `--addr src` or `--addr dst`.",
			);
	},
	build(given) {
		plain(given, SIDE);
		const side = given.all("addr", "string").at(-1)?.text ?? "src";
		if (side !== "src" && side !== "dst")
			return given.refuse(
				`Bad addr value \`${side}' - should be \`src' or \`dst'`,
				"Write `src` or `dst`.",
				"addr",
			);
		once(given, SIDE);
		return {
			side,
			and: numberOf(given, AND, ALL_BITS) ?? ALL_BITS,
			or: numberOf(given, OR, ALL_BITS) ?? 0,
			shift: numberOf(given, SHIFT, 128) ?? 0,
		};
	},
	// Blanks as the library has them.
	print: ({ side, and, or, shift }) =>
		[
			` --addr ${side} `,
			shift === 0 ? "" : ` --shift ${shift} `,
			and === ALL_BITS ? "" : ` --and-mask 0x${and.toString(16)} `,
			or === 0 ? "" : ` --or-mask 0x${or.toString(16)} `,
		].join(""),
	marks: () => writesMark("packet", ALL_BITS, null),
	/** `ipmark_tg4`; the processor shifts by the lowest five bits of the number. */
	compile({ side, and, or, shift }) {
		const field = side === "src" ? "source" : "destination";
		return (skb) => {
			skb.mark = ((skb[field] >>> (shift & 31)) & and) | or;
			return XT_CONTINUE;
		};
	},
});

function numberOf(
	given: GivenOptions,
	option: OptionEntry,
	most: number,
): number | null {
	const { name } = option;
	const last = given.all(name, "string").at(-1);
	if (last === undefined) return null;
	if (option === SHIFT) {
		onlyOnce(given, "IPMARK", option);
		notInverted(given, "IPMARK", option);
	} else {
		once(given, option);
		plain(given, option);
	}
	const value = readUnsigned(last.text, 0, most);
	if (value >= 0) return value;
	return given.refuse(
		`IPMARK: Bad value for "${option === SHIFT ? "--" : ""}${name}" option: "${last.text}"`,
		`Write a number of at most ${most}.`,
		name,
	);
}

/** No `!`; named without dashes as well. */
function plain(given: GivenOptions, { name }: OptionEntry): void {
	if (given.all(name, "string").some(({ inverted }) => inverted))
		given.refuse(
			`IPMARK: "${name}" option cannot be inverted`,
			"Take the `!` away.",
			name,
		);
}

/** The library names all options but one without their dashes. */
function once(given: GivenOptions, { name }: OptionEntry): void {
	if (given.all(name, "string").length > 1)
		given.refuse(
			`IPMARK: "${name}" option may only be specified once`,
			"Take one of the two away.",
			name,
		);
}
