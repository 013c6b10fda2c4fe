import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** Major number in the upper, minor in the lower half; signed. */
	readonly priority: number;
}

/** As sscanf(3) reads `%x:%x`: with a sign, and a `0x` behind which nothing need come. */
const HEX = "\\s*([+-]?)(0x[0-9a-f]*|[0-9a-f]+)";
const CLASS = new RegExp(`^${HEX}:${HEX}`, "i");

/**
 * Says which queueing class a packet belongs to (iptables 1.8.9 libxt_CLASSIFY.c, kernel 6.1
 * xt_CLASSIFY.c). Both numbers are hexadecimal, with or without 0x.
 */
export const classify = defineTarget<Options>({
	name: "CLASSIFY",
	actsUnseen: true,
	usualTable: "mangle",
	hooks: ["FORWARD", "OUTPUT", "POSTROUTING"],
	options: [{ name: "set-class", type: "string", mandatory: true }],
	build(given) {
		const text = given.get("set-class", "string")?.text ?? "";
		const [, majorSign, major, minorSign, minor] = CLASS.exec(text) ?? [];
		if (major === undefined || minor === undefined)
			return given.refuse(
				`Bad class value "${text}"`,
				"Write `MAJOR:MINOR` in hexadecimal: `1:ffff`.",
				"set-class",
			);
		return {
			priority:
				(hexadecimal(majorSign, major) << 16) |
				(hexadecimal(minorSign, minor) & 0xffff),
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

/** The lower 32 bits, signed; what has more than 64 becomes all ones. */
function hexadecimal(sign: string | undefined, digits: string): number {
	const value = BigInt(`0x0${digits.replace(/^0x/i, "")}`);
	if (value >= 1n << 64n) return -1;
	return Number(BigInt.asIntN(32, sign === "-" ? -value : value));
}

function half(value: number): string {
	return value.toString(16).padStart(4, "0");
}
