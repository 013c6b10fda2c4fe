import type { AddressMask } from "../contract/ruleset.ts";
import { defineTarget } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { OptionEntry } from "../extension/options.ts";
import { octets } from "../extension/values/octets.ts";
import { formatAddress, formatNetwork } from "../packet/address.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly network: Pick<AddressMask, "address" | "mask">;
	readonly table: string;
}

/** ACCOUNT_TABLE_NAME_LEN, less the closing NUL. */
const LONGEST_NAME = 31;

const OPTIONS: readonly OptionEntry[] = [
	{ ...olderOption("addr"), type: "network" },
	olderOption("tname"),
];

/** Counts octets of a network, for `iptaccount` to read (xtables-addons 3.23: libxt_ACCOUNT.c, xt_ACCOUNT.c). */
export const account = defineTarget<Options>({
	name: "ACCOUNT",
	library: { package: "xtables-addons" },
	options: OPTIONS,
	checkFirst(given) {
		if (OPTIONS.some(({ name }) => !given.has(name)))
			given.refuse(
				"ACCOUNT: needs --addr and --tname",
				"Name a network and a table: `--addr 192.168.0.0/24 --tname inside`.",
			);
	},
	build(given) {
		for (const { name, type } of OPTIONS)
			if (given.all(name, type).length > 1)
				return given.refuse(
					`Can't specify --${name} twice`,
					"Take one of the two away.",
					name,
				);
		const table = given.get("tname", "string")?.text ?? "";
		if (octets(table) > LONGEST_NAME)
			return given.refuse(
				`Maximum table name length ${LONGEST_NAME} for --tname`,
				"Choose a shorter name.",
				"tname",
			);
		const network = given.get("addr", "network")?.value;
		return { network: network ?? { address: 0, mask: 0 }, table };
	},
	// Blanks as the library has them.
	print: ({ network: { address, mask }, table }) =>
		` --addr ${mask === -1 ? formatAddress(address) : formatNetwork(address, mask)}  --tname ${table}`,
	/** `ipt_acc_table_insert`: a table without a name is a free one, and of another network. */
	check: ({ table }) => (table === "" ? "ACCOUNT: Table insert problem" : null),
	shares: ({ network, table }) => ({
		name: table,
		as: formatNetwork(network.address, network.mask),
		otherwise: `ACCOUNT: Table ${table} found, but IP/netmask mismatch.`,
	}),
	onlyReports: true,
	compile: () => () => XT_CONTINUE,
});
