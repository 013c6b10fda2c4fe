import { defineMatch } from "../extension/extension.ts";
import { inRange, madeUp } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import type { Skb } from "../packet/skb/skb.ts";

interface Options {
	readonly is: "eq" | "ne" | "lt" | "gt";
	readonly ttl: number;
}

const NAMES = ["ttl-lt", "ttl-gt", "ttl-eq"] as const;
const others = (name: string) => NAMES.filter((other) => other !== name);

/** Time to live (iptables 1.8.9 libipt_ttl.c, kernel 6.1 `ttl_mt` in xt_hl.c). */
export const ttl = defineMatch<Options>({
	name: "ttl",
	library: { prefix: "ipt" },
	numbered: ["ttl-eq", "ttl-lt", "ttl-gt"],
	options: [
		{ name: "ttl-lt", type: "uint8", excludes: others("ttl-lt") },
		{ name: "ttl-gt", type: "uint8", excludes: others("ttl-gt") },
		{
			name: "ttl-eq",
			type: "uint8",
			invertible: true,
			excludes: others("ttl-eq"),
		},
		{ name: "ttl", type: "uint8", invertible: true, sameAs: "ttl-eq" },
	],
	build(given) {
		const less = given.get("ttl-lt", "uint8");
		if (less) return { is: "lt", ttl: less.value };
		const greater = given.get("ttl-gt", "uint8");
		if (greater) return { is: "gt", ttl: greater.value };
		const equal = given.get("ttl-eq", "uint8");
		if (equal) return { is: equal.inverted ? "ne" : "eq", ttl: equal.value };
		return given.refuse(
			"TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
			"Say what the TTL should be: `--ttl-eq 64`.",
		);
	},
	print: ({ is, ttl }) =>
		is === "ne" ? ` ! --ttl-eq ${ttl}` : ` --ttl-${is} ${ttl}`,
	compile({ is, ttl }, ports, { name }) {
		const tests = {
			eq: (skb: Skb) => skb.ttl === ttl,
			ne: (skb: Skb) => skb.ttl !== ttl,
			lt: (skb: Skb) => skb.ttl < ttl,
			gt: (skb: Skb) => skb.ttl > ttl,
		};
		const holds = {
			eq: inRange(ttl, ttl, false),
			ne: inRange(ttl, ttl, true),
			lt: inRange(0, ttl - 1, false),
			gt: inRange(ttl + 1, 255, false),
		};
		return madeUpTest(tests[is], ports, name, (skb, made) => {
			const value = madeUp.ttl(skb, made);
			return value && { ...value, holds: holds[is] };
		});
	},
});
