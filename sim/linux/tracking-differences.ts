/** In what kernels differ when they follow connections and translate them. */
import { byIptables, byKernel, NOT_FOLLOWED } from "./difference.ts";

export const TRACKING_DIFFERENCES = {
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
	portOfClosing: byKernel<"stays taken" | "is taken over">(
		{
			"5.10": "stays taken",
			"6.1": "stays taken",
			"6.12": "is taken over",
			"7.2": "is taken over",
		},
		{
			title: "SNAT to a port whose last connection is over",
			says: (value) =>
				value === "stays taken"
					? "the port stays taken until the entry is gone, 120 s after a connection was closed"
					: "where ports run short, a new connection ends an entry in TIME_WAIT or CLOSE and takes its port, if its sequence number is beyond that of the last one",
			source:
				"`nf_nat_used_tuple_harder` of 6.12 (net/netfilter/nf_nat_core.c)",
			matters:
				"Many short connections to one server, behind one address, are no longer lost for want of a port.",
			scenario: "closed-port-stays-taken",
		},
	),
	clashOfOthers: byKernel<"dropped" | "resolved">(
		{
			"5.10": "dropped",
			"6.1": "resolved",
			"6.12": "resolved",
			"7.2": "resolved",
		},
		{
			title: "two first packets at once of a protocol without ports",
			says: (value) =>
				value === "dropped"
					? "the second is dropped, as with TCP"
					: "the second takes the entry of the first, as with UDP",
			source:
				"`allow_clash` of `nf_conntrack_l4proto_generic` (net/netfilter/nf_conntrack_proto_generic.c)",
			matters: "Tunnels such as ESP lose no packet when they begin.",
			scenario: "race-of-a-tunnel",
		},
	),
	clashOfEchoes: byKernel<"dropped" | "resolved">(
		{
			"5.10": "dropped",
			"6.1": "dropped",
			"6.12": "dropped",
			"7.2": "resolved",
		},
		{
			title: "two first echo requests of one identifier at once",
			says: (value) =>
				value === "dropped"
					? "the second is dropped, as with TCP"
					: "the second takes the entry of the first, as with UDP",
			source:
				"`allow_clash` of `nf_conntrack_l4proto_icmp` (net/netfilter/nf_conntrack_proto_icmp.c)",
			matters: "A flood of pings loses no request when it begins.",
			scenario: "race-of-echoes",
		},
	),
	clashOfOpposites: byKernel<"dropped" | "resolved">(
		{
			"5.10": "dropped",
			"6.1": "dropped",
			"6.12": "resolved",
			"7.2": "resolved",
		},
		{
			title: "first datagrams of both sides at once",
			says: (value) =>
				value === "dropped"
					? "where the nat table is loaded, the second is dropped"
					: "the second takes the entry of the first, unless either is translated",
			source:
				"`nf_ct_match_reverse`, `__nf_ct_resolve_clash` (net/netfilter/nf_conntrack_core.c), `nf_nat_used_tuple_new` (nf_nat_core.c) of 6.12",
			matters:
				"Programs that talk to each other by UDP lose no first datagram.",
			scenario: "race-of-both-sides",
		},
	),
	repeatedInit: byKernel<"counts" | "does not count">(
		{
			"5.10": "counts",
			"6.1": "does not count",
			"6.12": "does not count",
			"7.2": "does not count",
		},
		{
			title:
				"an INIT of SCTP that is sent again where both sides have sent one",
			says: (value) =>
				value === "counts"
					? "the other side's INIT is forgotten over it, and any tag of its INIT ACK is taken"
					: "it changes nothing: the other side's INIT ACK has to have the tag of its INIT",
			source:
				"`nf_conntrack_sctp_packet` (net/netfilter/nf_conntrack_proto_sctp.c)",
			matters:
				"Associations that both sides begin at once are followed by their tags, and answers with others are INVALID.",
			scenario: "repeated-init-changes-nothing",
		},
	),
	evictedOther: byIptables<"takes all" | "goes alone">(
		{
			"1.8.7": "takes all",
			"1.8.9": "goes alone",
			"1.8.11": "goes alone",
			"1.8.13": "goes alone",
		},
		{
			title: "conntrack -D that meets a connection without ports",
			says: (value) =>
				value === "takes all"
					? "with one of a protocol such as ESP or IPIP that fits, all connections go"
					: "connections that fit go, and no others",
			source:
				"conntrack 1.4.6 and libnetfilter_conntrack 1.0.8 (`__build_tuple`), which name no connection of such a protocol to the kernel: `ctnetlink_del_conntrack` (net/netfilter/nf_conntrack_netlink.c) takes that for all",
			matters:
				"A health checker that deletes a backend's entries no longer breaks connections of others.",
			scenario: "evicted-tunnel-goes-alone",
		},
	),
	zonesInHashes: byKernel<"hashed" | "not hashed">(
		{
			"5.10": "not hashed",
			"6.1": "hashed",
			"6.12": "hashed",
			"7.2": "hashed",
		},
		{
			title: "connections whose zone is that of one direction",
			says: (value) =>
				value === "hashed"
					? "what stands in the way of a new connection's answers is looked for in the zone of answers alone"
					: "connections that were begun the other way round are found as well, whatever their zone of answers: the new one gets another port",
			source:
				"`hash_conntrack_raw` (net/netfilter/nf_conntrack_core.c), which hashes the zone from 5.15 on",
			matters:
				"With --zone-orig or --zone-reply, connections keep ports that were changed before.",
			scenario: "zone-of-answers-keeps-the-port",
		},
	),
	crowdedTable: byKernel<typeof NOT_FOLLOWED | "looked after">(
		{
			"5.10": NOT_FOLLOWED,
			"6.1": "looked after",
			"6.12": "looked after",
			"7.2": "looked after",
		},
		{
			title: "a table of conntrack that is full, or has long chains",
			says: (value) =>
				value === NOT_FOLLOWED
					? "closing connections are looked for every two minutes, and chains have no greatest length"
					: "closing connections are looked for within a minute, and a chain of more than some fifty entries takes no more",
			source:
				"`gc_worker`, `__nf_conntrack_confirm` (net/netfilter/nf_conntrack_core.c)",
			matters: "A table that was full has room again sooner.",
			scenario: "full-table-stays-full",
		},
	),
};
