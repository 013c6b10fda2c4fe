/**
 * Where on its way a packet meets what. The order at one hook is that of the priorities, smallest first.
 *
 *   in ──► PREROUTING ──► routed? ──► FORWARD ──► POSTROUTING ──► out
 *                            │                        ▲
 *                            ▼                        │
 *                          INPUT ──► gateway ──► OUTPUT ┘
 */

import type { TableName } from "../contract/ruleset.ts";
import type { HookName } from "../packet/skb/skb.ts";
import { TABLE_HOOKS } from "../ruleset/base/tables.ts";

/** What can stand at a hook: a table, or connection tracking at its beginning or end. */
export type HookFunction =
	| { readonly kind: "table"; readonly table: Exclude<TableName, "nat"> }
	| { readonly kind: "nat" }
	| { readonly kind: "conntrack" }
	/** What SYNPROXY does behind all rules. */
	| { readonly kind: "synproxy" }
	| { readonly kind: "confirm" };

export interface HookEntry {
	readonly priority: number;
	readonly function: HookFunction;
	readonly hooks: readonly HookName[];
}

/**
 * `enum nf_ip_hook_priorities`, include/uapi/linux/netfilter_ipv4.h (6.1), and who registers where:
 * `packet_raw`, `packet_mangler`, `packet_filter`, `security_table` (net/ipv4/netfilter/iptable_*.c),
 * `nf_nat_ipv4_ops` (nf_nat_proto.c), `ipv4_conntrack_ops` (nf_conntrack_proto.c),
 * `ipv4_synproxy_ops` (nf_synproxy_core.c).
 */
export const HOOK_ENTRIES: readonly HookEntry[] = [
	{
		priority: -300,
		function: { kind: "table", table: "raw" },
		hooks: TABLE_HOOKS.raw,
	},
	{
		priority: -200,
		function: { kind: "conntrack" },
		hooks: ["PREROUTING", "OUTPUT"],
	},
	{
		priority: -150,
		function: { kind: "table", table: "mangle" },
		hooks: TABLE_HOOKS.mangle,
	},
	{
		priority: -100,
		function: { kind: "nat" },
		hooks: ["PREROUTING", "OUTPUT"],
	},
	{
		priority: 0,
		function: { kind: "table", table: "filter" },
		hooks: TABLE_HOOKS.filter,
	},
	{
		priority: 50,
		function: { kind: "table", table: "security" },
		hooks: TABLE_HOOKS.security,
	},
	{ priority: 100, function: { kind: "nat" }, hooks: ["INPUT", "POSTROUTING"] },
	{
		priority: 2147483646,
		function: { kind: "synproxy" },
		hooks: ["INPUT", "POSTROUTING"],
	},
	{
		priority: 2147483647,
		function: { kind: "confirm" },
		hooks: ["INPUT", "POSTROUTING"],
	},
];
