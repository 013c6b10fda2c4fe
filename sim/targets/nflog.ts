import { defineTarget } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly prefix: string;
	readonly group: number;
	/** `null`: not limited. */
	readonly size: number | null;
	/** `--nflog-range`, which never worked and is still taken. */
	readonly range: number;
	readonly threshold: number;
}

/** Room in struct xt_nflog_info, less the closing NUL. What is longer is cut, without a word. */
const PREFIX_LENGTH = 63;

/** Hands packets to a logging daemon (iptables 1.8.9 libxt_NFLOG.c, kernel 6.1 xt_NFLOG.c). */
export const nflog = defineTarget<Options>({
	name: "NFLOG",
	onlyReports: true,
	options: [
		{ name: "nflog-group", type: "uint16" },
		{ name: "nflog-prefix", type: "string", minLength: 1 },
		{ name: "nflog-range", type: "uint32", excludes: ["nflog-size"] },
		{ name: "nflog-size", type: "uint32", excludes: ["nflog-range"] },
		{ name: "nflog-threshold", type: "uint16" },
	],
	build(given) {
		const prefix = given.get("nflog-prefix", "string")?.text ?? "";
		if (prefix.includes("\n"))
			return given.refuse(
				"Newlines not allowed in --log-prefix",
				"Write the prefix on one line.",
				"nflog-prefix",
			);
		return {
			prefix: cutOctets(prefix, PREFIX_LENGTH),
			group: given.get("nflog-group", "uint16")?.value ?? 0,
			size: given.get("nflog-size", "uint32")?.value ?? null,
			range: given.get("nflog-range", "uint32")?.value ?? 0,
			threshold: given.get("nflog-threshold", "uint16")?.value ?? 0,
		};
	},
	print({ prefix, group, size, range, threshold }, _header, behaviour) {
		const { ownWords, libraries } = behaviour;
		const blank = libraries === "of 1.8.7" ? " " : "";
		let text =
			prefix === "" ? "" : ` --nflog-prefix${blank}${saveString(prefix)}`;
		if (group !== 0) text += ` --nflog-group ${group}`;
		if (size !== null) text += ` --nflog-size ${size >>> 0}`;
		else if (range !== 0 && ownWords === "xtables")
			text += ` --nflog-range ${range >>> 0}`;
		return threshold === 0 ? text : `${text} --nflog-threshold ${threshold}`;
	},
	compile({ prefix }, ports) {
		const event = { kind: "NFLOG", prefix } as const;
		return (skb) => {
			ports.log(skb, event);
			return XT_CONTINUE;
		};
	},
});
