import { defineTarget } from "../extension/extension.ts";
import { combinesMark } from "../extension/mark-uses.ts";
import { hex32 } from "../packet/numbers.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

/** The new mark is `(mark & ~mask) ^ value` (xt_mark.c, `mark_tg`, 6.1). */
interface Options {
	readonly value: number;
	readonly mask: number;
}

const FORMS = ["set-mark", "and-mark", "or-mark", "xor-mark", "set-xmark"];
const others = (name: string) => FORMS.filter((form) => form !== name);

/** Writes the packet's mark (iptables 1.8.9 libxt_MARK.c, revision 2). */
export const mark = defineTarget<Options>({
	name: "MARK",
	usualTable: "mangle",
	numbered: FORMS,
	options: [
		{ name: "set-xmark", type: "markMask", excludes: others("set-xmark") },
		{ name: "set-mark", type: "markMask", excludes: others("set-mark") },
		{ name: "and-mark", type: "uint32", excludes: others("and-mark") },
		{ name: "or-mark", type: "uint32", excludes: others("or-mark") },
		{ name: "xor-mark", type: "uint32", excludes: others("xor-mark") },
	],
	build(given) {
		const setXmark = given.get("set-xmark", "markMask")?.value;
		if (setXmark) return setXmark;
		const setMark = given.get("set-mark", "markMask")?.value;
		if (setMark)
			return { value: setMark.value, mask: setMark.mask | setMark.value };
		const and = given.get("and-mark", "uint32")?.value;
		if (and !== undefined) return { value: 0, mask: ~and };
		const or = given.get("or-mark", "uint32")?.value;
		if (or !== undefined) return { value: or | 0, mask: or | 0 };
		const xor = given.get("xor-mark", "uint32")?.value;
		if (xor !== undefined) return { value: xor | 0, mask: 0 };
		return given.refuse(
			"MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
			"Say which mark to set: `--set-mark 0x1`.",
		);
	},
	print: ({ value, mask }) => ` --set-xmark ${hex32(value)}/${hex32(mask)}`,
	marks: (options) => combinesMark("packet", options),
	compile({ value, mask }) {
		const keep = ~mask;
		return (skb) => {
			skb.mark = (skb.mark & keep) ^ value;
			return XT_CONTINUE;
		};
	},
});
