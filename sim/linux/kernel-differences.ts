/** What kernels do in different ways, whichever iptables loads the rules. */
import { byKernel } from "./difference.ts";

/** Differences between kernels. */
export const KERNEL_DIFFERENCES = {
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
};
