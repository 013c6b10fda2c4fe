/** The tables of IPv4 and where their built-in chains hang (kernel 6.1, net/ipv4/netfilter/iptable_*.c). */

import type { TableName } from "../../contract/ruleset.ts";
import type { HookName } from "../../packet/skb/skb.ts";

/** Hooks of each table, in the order of `enum nf_inet_hooks`; the built-in chains bear their names. */
export const TABLE_HOOKS: Readonly<Record<TableName, readonly HookName[]>> = {
	raw: ["PREROUTING", "OUTPUT"],
	mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
	nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
	filter: ["INPUT", "FORWARD", "OUTPUT"],
	security: ["INPUT", "FORWARD", "OUTPUT"],
};

export function isTableName(name: string): name is TableName {
	return Object.hasOwn(TABLE_HOOKS, name);
}

/** Longest name of a chain, match or target, in octets (XT_EXTENSION_MAXNAMELEN - 1). */
export const LONGEST_NAME = 28;

/** Verdicts that a rule may name instead of a target (`xtables_find_target`, iptables 1.8.9). */
export const VERDICTS: ReadonlySet<string> = new Set([
	"ACCEPT",
	"DROP",
	"RETURN",
	"QUEUE",
]);
