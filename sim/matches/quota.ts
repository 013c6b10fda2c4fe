import { defineMatch, type NumberCell } from "../extension/extension.ts";

interface Options {
	/** Octets, 64-bit, in decimal digits. */
	readonly quota: string;
	readonly inverted: boolean;
}

/** The number of a rule's cell: octets that have passed. */
const PASSED = 0;

/** Matches until so many octets have passed (iptables 1.8.9 libxt_quota.c, kernel 6.1 xt_quota.c). */
export const quota = defineMatch<Options, NumberCell>({
	name: "quota",
	stateful: true,
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
	cell: () => [0],
	compile({ quota, inverted }, _ports, { cell }) {
		const limit = Number(quota);
		return ({ length }) => {
			const passed = (cell[PASSED] as number) + length;
			const isWithin = passed <= limit;
			// What does not fit uses up the rest: no smaller packet passes behind it.
			cell[PASSED] = isWithin ? passed : limit;
			return isWithin !== inverted;
		};
	},
});
