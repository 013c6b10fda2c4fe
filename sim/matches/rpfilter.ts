import { defineMatch } from "../extension/extension.ts";
import { ALL_BITS, readsMark } from "../extension/mark-uses.ts";

const FLAGS = ["loose", "validmark", "accept-local", "invert"] as const;

interface Options {
	readonly flags: readonly (typeof FLAGS)[number][];
}

/** Would an answer go back the same way? (iptables 1.8.9 libxt_rpfilter.c, kernel 6.1 ipt_rpfilter.c) */
export const rpfilter = defineMatch<Options>({
	name: "rpfilter",
	hooks: ["PREROUTING"],
	options: FLAGS.map((name) => ({ name, type: "none" })),
	build: (given) => ({ flags: FLAGS.filter((name) => given.has(name)) }),
	print: ({ flags }) => flags.map((name) => ` --${name}`).join(""),
	check(_options, { table }) {
		return table === "raw" || table === "mangle"
			? null
			: `ipt_rpfilter: only valid in 'raw' or 'mangle' table, not '${table}'`;
	},
	/** The route back is looked up with the packet's mark (`rpfilter_mt`, 6.1). */
	marks: ({ flags }) =>
		flags.includes("validmark") ? readsMark("packet", ALL_BITS) : [],
	question: () => ({ kind: "open", on: "the route back to the source" }),
	compile: null,
});
