import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	type NamedMask,
	printNamedMask,
	readNamedMask,
} from "./shared/named-mask.ts";

interface Options {
	readonly source: NamedMask | null;
	readonly destination: NamedMask | null;
}

/** Debian's /etc/iproute2/group. */
const NAMES: ReadonlyMap<string, number> = new Map([["default", 0]]);

/** Groups of interfaces (iptables 1.8.9 libxt_devgroup.c, kernel 6.1 xt_devgroup.c). */
export const devgroup = defineMatch<Options>({
	name: "devgroup",
	library: { readsFiles: true },
	options: [
		{ name: "src-group", type: "string", invertible: true },
		{ name: "dst-group", type: "string", invertible: true },
	],
	checkFirst(given) {
		if (!given.has("src-group") && !given.has("dst-group"))
			given.refuse(
				"devgroup match: You must specify either '--src-group' or '--dst-group'",
				"Name a group: `--src-group 7`.",
			);
	},
	build: (given) => ({
		source: group(given, "src-group"),
		destination: group(given, "dst-group"),
	}),
	print: ({ source, destination }) =>
		(source ? printNamedMask("src-group", source, NAMES) : "") +
		(destination ? printNamedMask("dst-group", destination, NAMES) : ""),
	check({ source, destination }, { hooks }) {
		const out = hooks.includes("OUTPUT") || hooks.includes("POSTROUTING");
		if (source !== null && out)
			return "xt_devgroup: --src-group where packets have not come in";
		const early = hooks.includes("PREROUTING") || hooks.includes("INPUT");
		return destination !== null && early
			? "xt_devgroup: --dst-group where packets do not go out"
			: null;
	},
	needs: ({ source, destination }) =>
		[source, destination].flatMap((one) =>
			one?.unknownName === undefined
				? []
				: [{ kind: "devgroup" as const, name: one.unknownName }],
		),
	question: () => ({
		kind: "open",
		on: "the groups of interfaces",
		isUnknown: true,
	}),
	/** The gateway's interfaces are in no group but the default, 0 (`devgroup_mt`, 6.1). */
	compile({ source, destination }, ports) {
		const asked = [source, destination].filter((one) => one !== null);
		const [open] = asked.filter(({ unknownName }) => unknownName !== undefined);
		if (open !== undefined)
			return () => ports.unknown(`the number of the group ${open.unknownName}`);
		const holds = asked.every(
			({ value, mask, inverted }) => ((value & mask) === 0) !== inverted,
		);
		return () => holds;
	},
});

function group(given: GivenOptions, option: string): NamedMask | null {
	return given.has(option)
		? readNamedMask(given, "devgroup", option, NAMES)
		: null;
}
