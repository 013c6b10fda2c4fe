import { defineMatch } from "../extension/extension.ts";

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
	compile: null,
});
