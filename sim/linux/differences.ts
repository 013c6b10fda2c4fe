/**
 * In what Linuxes differ: one table, from which all else follows. The model asks what a Linux does
 * (`behaviour.ts`) and never for its version; documentation, `marktwin upgrade` and tests read the
 * words that stand beside the values.
 */
import type { Backend, KernelSeries, Linux } from "./linux.ts";

/** One thing in which Linuxes differ. */
export interface Difference<Value> {
	/** What it is about, for a table's first column: `first port of a range`. */
	readonly title: string;
	/** Whose difference it is. */
	readonly of: "kernel" | "iptables" | "backend" | "iptables and backend";
	valueOn(linux: Linux): Value;
	/** What a value means, as a sentence. */
	says(value: Value): string;
	/** Symbol and file of the kernel, or commit of iptables. */
	readonly source: string;
	/** What it means for a router that is upgraded, as a sentence. */
	readonly matters: string;
	/** Name of a built-in scenario that holds where the default Linux's value is, and is violated with any other. */
	readonly scenario: string;
}

type About<Value> = Omit<Difference<Value>, "of" | "valueOn">;

/** Of the kernel alone. */
function byKernel<Value>(
	values: Readonly<Record<KernelSeries, Value>>,
	about: About<Value>,
): Difference<Value> {
	return { ...about, of: "kernel", valueOn: ({ kernel }) => values[kernel] };
}

/** Of the backend, in all versions. */
function byBackend<Value>(
	values: Readonly<Record<Backend, Value>>,
	about: About<Value>,
): Difference<Value> {
	return { ...about, of: "backend", valueOn: ({ backend }) => values[backend] };
}

/** All of them, by the name under which the model asks. */
export const DIFFERENCES = {
	timeoutOfReset: byKernel<"CLOSE" | "UNACK">(
		{ "5.10": "CLOSE", "6.1": "CLOSE", "6.12": "UNACK", "7.2": "CLOSE" },
		{
			title: "a reset inside of the window that is not the expected one",
			says: (value) =>
				value === "CLOSE"
					? "the established connection's entry goes after nf_conntrack_tcp_timeout_close (10 s)"
					: "the established connection's entry lives on for nf_conntrack_tcp_timeout_unacknowledged (300 s)",
			source:
				"`nf_conntrack_tcp_packet`, the clause of `TCP_RST_SET` (net/netfilter/nf_conntrack_proto_tcp.c)",
			matters:
				"After such a reset a connection is forgotten sooner or later; a client that goes on within the time keeps its backend.",
			scenario: "reset-in-window-shortens",
		},
	),
	portOfRange: byKernel<"drawn" | "first">(
		{ "5.10": "drawn", "6.1": "drawn", "6.12": "first", "7.2": "first" },
		{
			title: "DNAT and REDIRECT to a range of ports",
			says: (value) =>
				value === "drawn"
					? "each connection draws a port of the range"
					: "each connection gets the first port of the range that is free for it",
			source:
				"`nf_nat_l4proto_unique_tuple`, `find_free_id` (net/netfilter/nf_nat_core.c)",
			matters:
				"A range of ports no longer balances unless --random is added to the rule.",
			scenario: "port-range-spreads",
		},
	),
	ruleState: byBackend<"nothing" | "untouched">(
		{ legacy: "nothing", nft: "untouched" },
		{
			title: "what rules remember when another rule of their table is edited",
			says: (value) =>
				value === "nothing"
					? "each edit loads the whole table anew: nth counters begin again, limit, quota and connlimit forget"
					: "an edit touches its own rule alone: all others keep their counters",
			source:
				"`xt_replace_table` (net/netfilter/x_tables.c); `nf_tables_newrule` (net/netfilter/nf_tables_api.c)",
			matters:
				"Scripts that edit a table while connections come in disturb the split under iptables-legacy alone.",
			scenario: "nth-starts-anew-on-append",
		},
	),
};
