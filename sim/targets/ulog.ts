import { defineTarget } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";

interface Options {
	readonly prefix: string;
	readonly group: number;
	readonly copyRange: number;
	readonly threshold: number;
}

/** ULOG_PREFIX_LEN, less the closing NUL. */
const PREFIX_LENGTH = 31;
const MOST_QUEUED = 50;

/** What NFLOG was once (iptables 1.8.9 libipt_ULOG.c): no kernel since 3.17 has it. */
export const ulog = defineTarget<Options>({
	name: "ULOG",
	library: { prefix: "ipt" },
	options: [
		{ name: "ulog-nlgroup", type: "uint8", min: 1, max: 32 },
		{ name: "ulog-prefix", type: "string", minLength: 1 },
		{ name: "ulog-cprange", type: "uint64" },
		{ name: "ulog-qthreshold", type: "uint64", min: 1, max: MOST_QUEUED },
	],
	build(given) {
		const prefix = given.get("ulog-prefix", "string")?.text ?? "";
		if (prefix.includes("\n"))
			return given.refuse(
				"Newlines not allowed in --ulog-prefix",
				"Write the prefix on one line.",
				"ulog-prefix",
			);
		return {
			prefix: cutOctets(prefix, PREFIX_LENGTH),
			group: given.get("ulog-nlgroup", "uint8")?.value ?? 1,
			copyRange: Number(given.get("ulog-cprange", "uint64")?.value ?? 0n),
			threshold: Number(given.get("ulog-qthreshold", "uint64")?.value ?? 1n),
		};
	},
	print: ({ prefix, group, copyRange, threshold }) =>
		[
			prefix === "" ? "" : ` --ulog-prefix${saveString(prefix)}`,
			group === 1 ? "" : ` --ulog-nlgroup ${group}`,
			copyRange === 0 ? "" : ` --ulog-cprange ${copyRange}`,
			threshold === 1 ? "" : ` --ulog-qthreshold ${threshold}`,
		].join(""),
	check: () => "there is no ULOG since Linux 3.17: take NFLOG",
	compile: null,
});
