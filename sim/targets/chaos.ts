import { defineTarget } from "../extension/extension.ts";
import { olderFlag } from "../extension/options/older-options.ts";

const VARIANTS = ["delude", "tarpit"] as const;

interface Options {
	/** What becomes of TCP; `null`: the same as of all else. */
	readonly variant: (typeof VARIANTS)[number] | null;
}

/** Draws what a scanner gets (xtables-addons 3.23: libxt_CHAOS.c, xt_CHAOS.c). */
export const chaos = defineTarget<Options>({
	name: "CHAOS",
	answersSyn: true,
	flagCodes: { delude: "d", tarpit: "t" },
	library: { package: "xtables-addons" },
	ends: "drops",
	tables: ["filter"],
	hooks: ["INPUT", "FORWARD", "OUTPUT"],
	options: VARIANTS.map((name) => olderFlag(name)),
	build(given) {
		if (VARIANTS.every((variant) => given.has(variant)))
			return given.refuse(
				"CHAOS: only one of --tarpit or --delude may be specified",
				"Take one of the two away.",
			);
		return { variant: VARIANTS.find((variant) => given.has(variant)) ?? null };
	},
	// The blank at the end is the library's own.
	print: ({ variant }) => (variant === null ? "" : ` --${variant} `),
	compile: null,
});
