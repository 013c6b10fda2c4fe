import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions, OptionType } from "../extension/options.ts";
import { formatAddress, prefixLength } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

/** The options that imply `--ipvs`, in the order in which they are printed. */
const ASKED = ["vproto", "vaddr", "vport", "vdir", "vmethod", "vportctl"];
const METHODS = ["GATE", "IPIP", "MASQ"];

interface Options {
	/** `--ipvs` alone, inverted or not; `null` beside other options. */
	readonly alone: { readonly inverted: boolean } | null;
	readonly asked: readonly {
		readonly name: string;
		readonly value: string;
		readonly inverted: boolean;
	}[];
}

/** Properties of a connection that IPVS balances (iptables 1.8.9 libxt_ipvs.c, kernel 6.1 xt_ipvs.c). */
export const ipvs = defineMatch<Options>({
	name: "ipvs",
	flagCodes: { ipvs: 0 },
	options: [
		{ name: "ipvs", type: "none", invertible: true },
		{ name: "vproto", type: "protocol", invertible: true },
		{ name: "vaddr", type: "hostMask", invertible: true },
		{ name: "vport", type: "port", invertible: true },
		{ name: "vdir", type: "string" },
		{ name: "vmethod", type: "string", invertible: true },
		{ name: "vportctl", type: "port", invertible: true },
	],
	build(given) {
		const asked = [
			...number(given, "vproto", "protocol"),
			...network(given),
			...number(given, "vport", "port"),
			...word(given, "vdir", ["ORIGINAL", "REPLY"]),
			...word(given, "vmethod", METHODS),
			...number(given, "vportctl", "port"),
		].sort((a, b) => ASKED.indexOf(a.name) - ASKED.indexOf(b.name));
		const alone = given.get("ipvs", "none");
		if (alone === undefined && asked.length === 0)
			return given.refuse(
				"IPVS: At least one option is required",
				"Write `--ipvs`, or what to ask of the connection.",
			);
		if (alone?.inverted && asked.length > 0)
			return given.refuse(
				"! --ipvs cannot be together with other options",
				"Take the other options away, or the `! --ipvs`.",
			);
		return {
			alone: asked.length > 0 ? null : { inverted: alone?.inverted ?? false },
			asked,
		};
	},
	print: ({ alone, asked }) =>
		alone
			? `${alone.inverted ? " !" : ""} --ipvs`
			: asked
					.map(
						({ name, value, inverted }) =>
							`${inverted ? " !" : ""} --${name} ${value}`,
					)
					.join(""),
	question: () => ({
		kind: "open",
		on: "the connections of IPVS",
		isUnknown: true,
	}),
	/** The gateway has no IPVS: no packet is one of its connections' (`ipvs_mt`, 6.1). */
	compile:
		({ alone }) =>
		() =>
			alone?.inverted ?? false,
});

type Asked = Options["asked"];

function number(
	given: GivenOptions,
	name: string,
	type: OptionType & ("protocol" | "port"),
): Asked {
	const option = given.get(name, type);
	return option
		? [{ name, value: `${option.value}`, inverted: option.inverted }]
		: [];
}

function network(given: GivenOptions): Asked {
	const option = given.get("vaddr", "hostMask");
	const [one] = option?.value ?? [];
	if (!option || !one) return [];
	const value = formatAddress(one.address) + maskText(one.mask);
	return [{ name: "vaddr", value, inverted: option.inverted }];
}

/** `xtables_ipmask_to_numeric`: nothing for a whole address. */
function maskText(mask: Address): string {
	if (mask === -1) return "";
	return `/${prefixLength(mask) ?? formatAddress(mask)}`;
}

function word(
	given: GivenOptions,
	name: string,
	known: readonly string[],
): Asked {
	const option = given.get(name, "string");
	if (!option) return [];
	const value = known.find((one) => one === option.text.toUpperCase());
	if (value === undefined)
		return given.refuse(
			`ipvs: Bad value for "--${name}" option: "${option.text}"`,
			`Write one of ${known.join(", ")}.`,
			name,
		);
	return [{ name, value, inverted: option.inverted }];
}
