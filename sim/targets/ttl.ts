import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly mode: "set" | "dec" | "inc";
	readonly value: number;
}

const MODES = ["set", "dec", "inc"] as const;

/** Writes the TTL, within 0 and 255 (iptables 1.8.9 libipt_TTL.c, kernel 6.1 xt_HL.c, `ttl_tg`). */
export const ttl = defineTarget<Options>({
	name: "TTL",
	actsUnseen: true,
	library: { prefix: "ipt" },
	tables: ["mangle"],
	numbered: ["ttl-set", "ttl-inc", "ttl-dec"],
	options: MODES.map((mode) => ({
		name: `ttl-${mode}`,
		type: "uint8" as const,
		...(mode === "set" ? {} : { min: 1 }),
		excludes: MODES.filter((other) => other !== mode).map(
			(other) => `ttl-${other}`,
		),
	})),
	build(given) {
		for (const mode of MODES) {
			const value = given.get(`ttl-${mode}`, "uint8")?.value;
			if (value !== undefined) return { mode, value };
		}
		return given.refuse(
			"TTL: You must specify an action",
			"Say what to do: `--ttl-set 64`, `--ttl-dec 1` or `--ttl-inc 1`.",
		);
	},
	print: ({ mode, value }) => ` --ttl-${mode} ${value}`,
	compile({ mode, value }, ports) {
		const step = mode === "dec" ? -value : value;
		return (skb) => {
			const wanted =
				mode === "set" ? value : Math.min(255, Math.max(0, skb.ttl + step));
			if (wanted !== skb.ttl) {
				skb.ttl = wanted;
				ports.written(skb);
			}
			return XT_CONTINUE;
		};
	},
});
