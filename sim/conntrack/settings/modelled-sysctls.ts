/** Kernel settings that the model heeds, with the values that a gateway starts with. */
import { INT_MAX, MAX_SECONDS } from "./sysctl-values.ts";

export interface SysctlDefinition {
	readonly name: string;
	readonly value: number;
	/** What the model can do. */
	readonly min: number;
	readonly max: number;
	/** What the kernel takes, where that is more. */
	readonly takes?: readonly [number, number];
	/** Symbol that holds the default (6.1). */
	readonly source: string;
}

/** The kernel takes negative times, and what follows from them is not modelled. */
const SECONDS = [-MAX_SECONDS, MAX_SECONDS] as const;
const sctp = "nf_conntrack_proto_sctp.c sctp_timeouts";
const tcp = "nf_conntrack_proto_tcp.c tcp_timeouts";
const timeout = (name: string, value: number, source: string) => ({
	name: `netfilter.nf_conntrack_${name}`,
	value,
	min: 0,
	max: MAX_SECONDS,
	takes: SECONDS,
	source,
});
const flag = (name: string, value: number, source: string) => ({
	name,
	value,
	min: 0,
	max: 1,
	source,
});
const number = (
	name: string,
	value: number,
	range: readonly [number, number],
	source: string,
) => ({ name, value, min: range[0], max: range[1], source });

/** Everything that the model heeds. Timeouts in seconds. */
export const SYSCTLS: readonly SysctlDefinition[] = [
	timeout("tcp_timeout_syn_sent", 120, tcp),
	timeout("tcp_timeout_syn_recv", 60, tcp),
	timeout("tcp_timeout_established", 432000, tcp),
	timeout("tcp_timeout_fin_wait", 120, tcp),
	timeout("tcp_timeout_close_wait", 60, tcp),
	timeout("tcp_timeout_last_ack", 30, tcp),
	timeout("tcp_timeout_time_wait", 120, tcp),
	timeout("tcp_timeout_close", 10, tcp),
	timeout("tcp_timeout_max_retrans", 300, tcp),
	timeout("tcp_timeout_unacknowledged", 300, tcp),
	timeout("sctp_timeout_closed", 10, sctp),
	timeout("sctp_timeout_cookie_wait", 3, sctp),
	timeout("sctp_timeout_cookie_echoed", 3, sctp),
	timeout("sctp_timeout_established", 210, sctp),
	timeout("sctp_timeout_shutdown_sent", 3, sctp),
	timeout("sctp_timeout_shutdown_recd", 3, sctp),
	timeout("sctp_timeout_shutdown_ack_sent", 3, sctp),
	timeout("sctp_timeout_heartbeat_sent", 30, sctp),
	timeout("udp_timeout", 30, "nf_conntrack_proto_udp.c udp_timeouts"),
	timeout("udp_timeout_stream", 120, "nf_conntrack_proto_udp.c udp_timeouts"),
	timeout("icmp_timeout", 30, "nf_conntrack_proto_icmp.c nf_ct_icmp_timeout"),
	timeout("generic_timeout", 600, "nf_conntrack_proto_generic.c"),
	flag(
		"netfilter.nf_conntrack_tcp_loose",
		1,
		"nf_conntrack_tcp_init_net tcp_loose",
	),
	flag(
		"netfilter.nf_conntrack_tcp_be_liberal",
		0,
		"nf_conntrack_tcp_init_net tcp_be_liberal",
	),
	flag(
		"netfilter.nf_conntrack_tcp_ignore_invalid_rst",
		0,
		"nf_conntrack_tcp_init_net tcp_ignore_invalid_rst",
	),
	number(
		"netfilter.nf_conntrack_tcp_max_retrans",
		3,
		[0, 255],
		"nf_conntrack_tcp_init_net tcp_max_retrans",
	),
	flag(
		"netfilter.nf_conntrack_checksum",
		1,
		"nf_conntrack_standalone.c nf_conntrack_pernet_init",
	),
	flag("netfilter.nf_conntrack_acct", 0, "nf_conntrack_acct.c nf_ct_acct"),
	// A machine with more than 4 GB of memory (nf_conntrack_init_start).
	number(
		"netfilter.nf_conntrack_max",
		262144,
		[0, INT_MAX],
		"nf_conntrack_init_start nf_conntrack_max",
	),
	{
		name: "netfilter.nf_conntrack_buckets",
		value: 262144,
		min: 1,
		max: 1 << 21,
		takes: [1, INT_MAX],
		source: "nf_conntrack_init_start nf_conntrack_htable_size",
	},
	number(
		"ipv4.icmp_ratelimit",
		1000,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init (milliseconds)",
	),
	number(
		"ipv4.icmp_msgs_per_sec",
		1000,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init",
	),
	number(
		"ipv4.icmp_msgs_burst",
		50,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init",
	),
	{
		name: "ipv4.ipfrag_time",
		value: 30,
		min: 0,
		max: MAX_SECONDS,
		takes: SECONDS,
		source: "net/ipv4/ip_fragment.c ipv4_frags_init_net (IP_FRAG_TIME)",
	},
	number(
		"ipv4.ipfrag_max_dist",
		64,
		[0, INT_MAX],
		"net/ipv4/ip_fragment.c ipv4_frags_init_net",
	),
	number(
		"ipv4.ip_default_ttl",
		64,
		[1, 255],
		"include/net/ip.h IPDEFTTL (inet_init_net)",
	),
	number(
		"ipv4.fib_multipath_hash_policy",
		0,
		[0, 3],
		"net/ipv4/route.c fib_multipath_hash",
	),
	number(
		"ipv4.fib_multipath_hash_fields",
		7,
		[1, 0xfff],
		"include/net/ip_fib.h FIB_MULTIPATH_HASH_FIELD_DEFAULT_MASK",
	),
	flag(
		"ipv4.fib_multipath_use_neigh",
		0,
		"net/ipv4/fib_semantics.c fib_select_multipath",
	),
	number("ipv4.fwmark_reflect", 0, [0, 255], "include/net/ip.h IP4_REPLY_MARK"),
];

/**
 * What each interface has, and `all` and `default` besides, with the least and the most of it that is modelled
 * (net/ipv4/devinet.c ipv4_devconf, 6.1). How `all` and an interface's own come together is in `sysctls.ts`.
 */
export const INTERFACE_SETTINGS: Readonly<
	Record<InterfaceSetting, InterfaceDefinition>
> = {
	accept_local: { value: 0 },
	accept_redirects: { value: 1 },
	arp_announce: { value: 0 },
	arp_evict_nocarrier: { value: 1 },
	forwarding: { value: 0 },
	ignore_routes_with_linkdown: { value: 0 },
	promote_secondaries: { value: 0 },
	route_localnet: { value: 0 },
	rp_filter: { value: 0 },
	send_redirects: { value: 1 },
	shared_media: { value: 1 },
	src_valid_mark: { value: 0 },
};

export type InterfaceSetting =
	| "accept_local"
	| "accept_redirects"
	| "arp_announce"
	| "arp_evict_nocarrier"
	| "forwarding"
	| "ignore_routes_with_linkdown"
	| "promote_secondaries"
	| "route_localnet"
	| "rp_filter"
	| "send_redirects"
	| "shared_media"
	| "src_valid_mark";

interface InterfaceDefinition {
	readonly value: number;
}

/** Second names of the same setting. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
	["nf_conntrack_max", "netfilter.nf_conntrack_max"],
	["ipv4.ip_forward", "ipv4.conf.all.forwarding"],
]);
