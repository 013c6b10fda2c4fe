/** What kernels do in different ways, whichever iptables loads the rules. */
import { byKernel } from "./difference.ts";

const NONE: readonly string[] = [];

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
	outOfWindow: byKernel<"all are invalid" | "some are ignored">(
		{
			"5.10": "all are invalid",
			"6.1": "some are ignored",
			"6.12": "some are ignored",
			"7.2": "some are ignored",
		},
		{
			title: "TCP segments outside of the window",
			says: (value) =>
				value === "all are invalid"
					? "each of them is INVALID and is not translated"
					: "old data, old acknowledgements, and data a little beyond the window pass as packets of their connection and change nothing; the others are INVALID",
			source:
				"`tcp_in_window` (net/netfilter/nf_conntrack_proto_tcp.c), `NFCT_TCP_IGNORE` of 6.1",
			matters:
				"Late retransmissions reach their backend instead of the gateway, which answered them with a reset.",
			scenario: "old-data-is-ignored",
		},
	),
	lateEnd: byKernel<"leaves the time" | "shortens the time">(
		{
			"5.10": "leaves the time",
			"6.1": "shortens the time",
			"6.12": "shortens the time",
			"7.2": "shortens the time",
		},
		{
			title: "FIN or RST of both sides outside of the window",
			says: (value) =>
				value === "leaves the time"
					? "the entry lives on, up to five days"
					: "the entry goes after nf_conntrack_tcp_timeout_unacknowledged (300 s)",
			source:
				"`nf_tcp_handle_invalid` of 6.1 (net/netfilter/nf_conntrack_proto_tcp.c)",
			matters:
				"Connections that conntrack has lost track of no longer fill its table for days.",
			scenario: "late-ends-shorten",
		},
	),
	resetsOutOfStep: byKernel<"by their window" | "are expected">(
		{
			"5.10": "by their window",
			"6.1": "are expected",
			"6.12": "are expected",
			"7.2": "are expected",
		},
		{
			title:
				"resets of connections that are over, or that conntrack knows less of",
			says: (value) =>
				value === "by their window"
					? "they are judged by their sequence numbers, and may be INVALID"
					: "resets of a connection that is closing are its own whatever their sequence numbers, and so are those that answer a SYN or a challenge which was let through",
			source:
				"`nf_conntrack_tcp_packet`, the clause of `TCP_CONNTRACK_CLOSE` (net/netfilter/nf_conntrack_proto_tcp.c)",
			matters:
				"A reset behind the end of a connection reaches the other side instead of the gateway.",
			scenario: "reset-behind-the-end",
		},
	),
	beginsAgain: byKernel<"any segment" | "a SYN">(
		{
			"5.10": "any segment",
			"6.1": "a SYN",
			"6.12": "a SYN",
			"7.2": "a SYN",
		},
		{
			title: "a segment far ahead while the handshake lasts",
			says: (value) =>
				value === "any segment"
					? "the window of its side begins anew with any segment"
					: "the window of its side begins anew with a SYN alone; others are INVALID",
			source:
				"`tcp_in_window`, `tcp_init_sender` of 6.1 (net/netfilter/nf_conntrack_proto_tcp.c)",
			matters:
				"Segments with wrong numbers no longer reach a client that waits for its handshake.",
			scenario: "far-ahead-in-the-handshake",
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
	unlimitedErrors: byKernel<"empty the bucket" | "leave the bucket">(
		{
			"5.10": "empty the bucket",
			"6.1": "empty the bucket",
			"6.12": "empty the bucket",
			"7.2": "leave the bucket",
		},
		{
			title: "ICMP errors with `icmp_ratelimit=0`",
			says: (value) =>
				value === "empty the bucket"
					? "each error empties the bucket of its address, from which errors about missing routes take as well"
					: "errors take nothing from the bucket of their address",
			source: "`icmpv4_xrlim_allow` (net/ipv4/icmp.c)",
			matters:
				"Without the limit, more clients hear at once that a network cannot be reached.",
			scenario: "no-limit-empties-the-bucket",
		},
	),
	errorsAboutOwnPackets: byKernel<"limited" | "free">(
		{ "5.10": "limited", "6.1": "free", "6.12": "free", "7.2": "free" },
		{
			title: "ICMP errors about packets of the gateway's own",
			says: (value) =>
				value === "limited"
					? "errors about packets from the loopback interface count against the limit of the address that they go to"
					: "errors about packets from the loopback interface are never held back",
			source: "`icmpv4_xrlim_allow`, `apply_ratelimit` (net/ipv4/icmp.c)",
			matters:
				"Programs on the gateway get every error about their connections, however many there are.",
			scenario: "errors-about-own-packets-are-not-limited",
		},
	),
	unsummedDatagrams: byKernel<"answered" | "not answered">(
		{
			"5.10": "not answered",
			"6.1": "answered",
			"6.12": "answered",
			"7.2": "answered",
		},
		{
			title: "REJECT of a UDP datagram without a checksum",
			says: (value) =>
				value === "answered"
					? "REJECT answers it as any other datagram"
					: "REJECT drops it without an answer, since its checksum of zero does not add up",
			source:
				"`nf_reject_verify_csum` (include/net/netfilter/nf_reject.h), `nf_send_unreach` (net/ipv4/netfilter/nf_reject_ipv4.c)",
			matters:
				"Clients that send datagrams without a checksum no longer wait in vain for an answer.",
			scenario: "checksum-none",
		},
	),
	rejectedConnection: byKernel<"closes" | "stays">(
		{ "5.10": "stays", "6.1": "closes", "6.12": "closes", "7.2": "closes" },
		{
			title: "conntrack entry of a connection that REJECT resets",
			says: (value) =>
				value === "closes"
					? "the entry becomes CLOSE and goes after nf_conntrack_tcp_timeout_close (10 s)"
					: "the entry stays as it was, up to five days",
			source:
				"`nf_ct_set_closing`, `nf_send_reset` (net/ipv4/netfilter/nf_reject_ipv4.c)",
			matters:
				"Rules that reset established connections free their entries, and a client that comes back is balanced anew.",
			scenario: "reject-closes-the-connection",
		},
	),
	connlimitClears: byKernel<"each packet" | "once a tick">(
		{
			"5.10": "each packet",
			"6.1": "once a tick",
			"6.12": "once a tick",
			"7.2": "once a tick",
		},
		{
			title: "connections that connlimit counts",
			says: (value) =>
				value === "each packet"
					? "each packet first clears the count of connections that are gone, and no connection is counted twice"
					: "the count is cleared of connections that are gone once in 4 ms; until then a connection that is not confirmed counts again with each packet",
			source: "`__nf_conncount_add` (net/netfilter/nf_conncount.c)",
			matters:
				"A limit that is reached within milliseconds refuses a connection that an older kernel took.",
			scenario: "connlimit-counts-by-tuple",
		},
	),
	headersInFragments: byKernel<"read" | "none">(
		{ "5.10": "read", "6.1": "read", "6.12": "read", "7.2": "none" },
		{
			title: "tcpmss and ecn on fragments",
			says: (value) =>
				value === "read"
					? "tcpmss and ecn take the octets of a further fragment for a TCP header"
					: "tcpmss and ecn do not match further fragments",
			source:
				"`tcpmss_mt` (net/netfilter/xt_tcpmss.c), `match_tcp` (net/netfilter/xt_ecn.c)",
			matters:
				"Where connections are not tracked, rules with tcpmss or ecn no longer match or drop fragments by their contents.",
			scenario: "fragments-have-headers",
		},
	),
	portsOfFragments: byKernel<"read" | "dropped">(
		{ "5.10": "read", "6.1": "read", "6.12": "read", "7.2": "dropped" },
		{
			title: "hashlimit by ports on fragments",
			says: (value) =>
				value === "read"
					? "hashlimit takes the octets of a further fragment for ports"
					: "hashlimit drops further fragments where it counts by ports",
			source: "`hashlimit_init_dst` (net/netfilter/xt_hashlimit.c)",
			matters:
				"Where connections are not tracked, a hashlimit by ports loses fragmented packets.",
			scenario: "fragments-have-ports",
		},
	),
	greatestHitcount: byKernel<255 | 65_535>(
		{ "5.10": 255, "6.1": 255, "6.12": 65_535, "7.2": 65_535 },
		{
			title: "greatest `recent --hitcount`",
			says: (value) => `recent --hitcount takes up to ${value}`,
			source: "`XT_RECENT_MAX_NSTAMPS` (net/netfilter/xt_recent.c)",
			matters:
				"Rules with a greater hit count load; an older kernel refuses the whole table.",
			scenario: "hitcount-has-a-limit",
		},
	),
	hashlimitNames: byKernel<"of any kind" | "of one kind">(
		{
			"5.10": "of any kind",
			"6.1": "of one kind",
			"6.12": "of one kind",
			"7.2": "of one kind",
		},
		{
			title: "hashlimit rules that share a name",
			says: (value) =>
				value === "of any kind"
					? "rules with and without --hashlimit-rate-match may share a name"
					: "a rule with --hashlimit-rate-match and one without it may not share a name",
			source: "`hashlimit_mt_check_common` (net/netfilter/xt_hashlimit.c)",
			matters:
				"A ruleset that gives both kinds of rules one name no longer loads.",
			scenario: "one-name-is-one-thing",
		},
	),
	missingSettings: byKernel<readonly string[]>(
		{
			"5.10": [
				"netfilter.nf_conntrack_tcp_ignore_invalid_rst",
				"netfilter.nf_flowtable_tcp_timeout",
				"netfilter.nf_flowtable_udp_timeout",
				"netfilter.nf_hooks_lwtunnel",
				"ipv4.conf.*.arp_evict_nocarrier",
				"ipv4.icmp_echo_enable_probe",
				"ipv4.neigh.*.interval_probe_time_ms",
			],
			"6.1": NONE,
			"6.12": NONE,
			"7.2": [
				"netfilter.nf_conntrack_dccp_loose",
				"netfilter.nf_conntrack_dccp_timeout_*",
			],
		},
		{
			title: "settings that are not there",
			says: (value) =>
				value.length === 0
					? "all settings of Linux 6.1 are there"
					: `there is no ${value.map((name) => `net.${name}`).join(", ")}`,
			source:
				"`nf_ct_sysctl_table` (net/netfilter/nf_conntrack_standalone.c), /proc/sys/net of each kernel",
			matters:
				"A file for sysctl(8) that writes a setting which is gone, or not there yet, fails at that line.",
			scenario: "settings-of-linux-6-1",
		},
	),
};
