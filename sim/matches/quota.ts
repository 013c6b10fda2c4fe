import { defineMatch } from "../extension/extension.ts";

interface Options {
	/** Octets, 64-bit, in decimal digits. */
	readonly quota: string;
	readonly inverted: boolean;
}

/** Matches until so many octets have passed (iptables 1.8.9 libxt_quota.c, kernel 6.1 xt_quota.c). */
export const quota = defineMatch<Options>({
	name: "quota",
	options: [
		{ name: "quota", type: "uint64", mandatory: true, invertible: true },
	],
	build(given) {
		const quota = given.get("quota", "uint64");
		return {
			quota: `${quota?.value ?? 0n}`,
			inverted: quota?.inverted ?? false,
		};
	},
	print: ({ quota, inverted }) => `${inverted ? " !" : ""} --quota ${quota}`,
	question: () => ({ kind: "open", on: "the octets that passed before" }),
	compile: null,
});
