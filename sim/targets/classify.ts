import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb.ts";

interface Options {
	/** Major number in the upper, minor in the lower half; signed. */
	readonly priority: number;
}

const CLASS = /^\s*\+?(?:0x)?([0-9a-f]{1,8}):\s*\+?(?:0x)?([0-9a-f]{1,8})/i;

/**
 * Says which queueing class a packet belongs to (iptables 1.8.9 libxt_CLASSIFY.c, kernel 6.1
 * xt_CLASSIFY.c). Both numbers are hexadecimal, with or without 0x.
 */
export const classify = defineTarget<Options>({
	name: "CLASSIFY",
	hooks: ["FORWARD", "OUTPUT", "POSTROUTING"],
	options: [{ name: "set-class", type: "string", mandatory: true }],
	build(given) {
		const text = given.get("set-class", "string")?.text ?? "";
		const [, major, minor] = CLASS.exec(text) ?? [];
		if (major === undefined || minor === undefined)
			return given.refuse(
				`Bad class value "${text}"`,
				"Write `MAJOR:MINOR` in hexadecimal: `1:ffff`.",
				"set-class",
			);
		return {
			priority:
				(Number.parseInt(major, 16) << 16) |
				(Number.parseInt(minor, 16) & 0xffff),
		};
	},
	print: ({ priority }) =>
		` --set-class ${half(priority >>> 16)}:${half(priority & 0xffff)}`,
	compile: ({ priority }) => {
		return (skb) => {
			skb.priority = priority;
			return XT_CONTINUE;
		};
	},
});

function half(value: number): string {
	return value.toString(16).padStart(4, "0");
}
