import { defineMatch } from "../extension/extension.ts";
import { olderFlag } from "../extension/options/older-options.ts";

interface Options {
	readonly disabled: boolean;
}

const STATES = ["enabled", "disabled"] as const;

/**
 * Is grsecurity's access control on? (xtables-addons 3.23: libxt_gradm.c; no module of a kernel without
 * grsecurity has it.)
 */
export const gradm = defineMatch<Options>({
	name: "gradm",
	flagCodes: { enabled: "1", disabled: "2" },
	library: { package: "xtables-addons" },
	options: STATES.map((name) => olderFlag(name)),
	// Nothing takes the word back that it is off.
	build: (given) => ({
		disabled: STATES.some((state) =>
			given
				.all(state, "none")
				.some(({ inverted }) => inverted === (state === "enabled")),
		),
	}),
	print: ({ disabled }) => (disabled ? " --disabled " : " --enabled "),
	/** Debian's kernels have no such module. */
	check: () => "x_tables: no kernel module has the match gradm",
	hasOneAnswer: "way",
	question: () => ({
		kind: "open",
		on: "whether grsecurity is on",
		isUnknown: true,
	}),
	compile: null,
});
