/** In what the settings of kernels differ: which are there, their defaults, and what they take. */
import { byKernel } from "./difference.ts";

const NONE: readonly string[] = [];

/** One for all kernels, since values are compared. */
const NO_OTHERS = {};

/** Least and most. */
type Bounds = readonly [number, number];

/** With the values that leave the model right; none where they are not known. */
const ADDED_IN_5_10 = { "netfilter.nf_conntrack_helper": [0] };
const ADDED_IN_6_12 = {
	"core.rps_default_mask": [],
	"ipv4.fib_multipath_hash_seed": [0],
	"ipv4.tcp_backlog_ack_defer": [0, 1],
	"ipv4.tcp_pingpong_thresh": [],
	"ipv4.tcp_plb_cong_thresh": [],
	"ipv4.tcp_plb_enabled": [0],
	"ipv4.tcp_plb_idle_rehash_rounds": [],
	"ipv4.tcp_plb_rehash_rounds": [],
	"ipv4.tcp_plb_suspend_rto_sec": [],
	"ipv4.tcp_rto_min_us": [],
	"ipv4.tcp_syn_linear_timeouts": [],
	"ipv4.udp_child_hash_entries": [],
	"ipv4.udp_hash_entries": [],
};
const ADDED_IN_7_2 = {
	...ADDED_IN_6_12,
	"core.bypass_prot_mem": [],
	"core.qdisc_max_burst": [],
	"core.txq_reselection_ms": [],
	"ipv4.icmp_errors_extension_mask": [0],
	"ipv4.ip_local_port_step_width": [0],
	"ipv4.tcp_comp_sack_rtt_percent": [],
	"ipv4.tcp_ecn_option": [2],
	"ipv4.tcp_ecn_option_beacon": [3],
	"ipv4.tcp_rcvbuf_low_rtt": [],
	"ipv4.tcp_rto_max_ms": [],
	"ipv4.tcp_tw_reuse_delay": [],
};

export const SETTING_DIFFERENCES = {
	linkDownOfAll: byKernel<"counts" | "does not count">(
		{
			"5.10": "does not count",
			"6.1": "counts",
			"6.12": "counts",
			"7.2": "counts",
		},
		{
			title: "`net.ipv4.conf.all.ignore_routes_with_linkdown`",
			says: (value) =>
				value === "counts"
					? "`all` or the interface's own: either one is enough"
					: "only the interface's own counts, and `all` does nothing",
			source:
				"`IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN` (include/linux/inetdevice.h)",
			matters:
				"A router that sets `all` alone begins to move connections to another uplink when a carrier is lost.",
			scenario: "routing-carrier-ignored",
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
				"ipv4.fib_multipath_hash_fields",
				"ipv4.fib_notify_on_flag_change",
				"ipv4.tcp_child_ehash_entries",
				"ipv4.tcp_ehash_entries",
				"ipv4.tcp_shrink_window",
				"core.mem_pcpu_rsv",
				"core.netdev_unregister_timeout_secs",
				"core.skb_defer_max",
				"core.txrehash",
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
	addedSettings: byKernel<Readonly<Record<string, readonly number[]>>>(
		{
			"5.10": ADDED_IN_5_10,
			"6.1": NO_OTHERS,
			"6.12": ADDED_IN_6_12,
			"7.2": ADDED_IN_7_2,
		},
		{
			title: "settings that Linux 6.1 does not have",
			says: (value) =>
				Object.keys(value).length === 0
					? "there is none"
					: `there is ${Object.keys(value)
							.map((name) => `net.${name}`)
							.join(", ")}`,
			source:
				"`nf_ct_sysctl_table` (net/netfilter/nf_conntrack_standalone.c), `ipv4_net_table` (net/ipv4/sysctl_net_ipv4.c), `netns_core_table` (net/core/sysctl_net_core.c)",
			matters:
				"A file for sysctl(8) that writes a setting which is not there fails at that line.",
			scenario: "settings-of-other-kernels",
		},
	),
	settingDefaults: byKernel<Readonly<Record<string, number>>>(
		{
			"5.10": NO_OTHERS,
			"6.1": NO_OTHERS,
			"6.12": NO_OTHERS,
			"7.2": {
				"ipv4.icmp_msgs_per_sec": 10_000,
				"ipv4.icmp_msgs_burst": 10_000,
			},
		},
		{
			title: "how many ICMP errors a gateway sends",
			says: (value) =>
				Object.keys(value).length === 0
					? "1,000 a second, in bursts of 50 (icmp_msgs_per_sec, icmp_msgs_burst)"
					: "10,000 a second, in bursts of 10,000 (icmp_msgs_per_sec, icmp_msgs_burst)",
			source: "`icmp_sk_init` (net/ipv4/icmp.c)",
			matters:
				"When many clients are refused at once, each of them hears of it; before, all but some fifty waited for their own time-out.",
			scenario: null,
			setting: { name: "ipv4.icmp_msgs_burst", value: 50 },
		},
	),
	settingBounds: byKernel<Readonly<Record<string, Bounds>>>(
		{
			"5.10": { "ipv4.fib_multipath_hash_policy": [0, 2] },
			"6.1": NO_OTHERS,
			"6.12": NO_OTHERS,
			"7.2": { "netfilter.nf_conntrack_max": [1, 0x7fffffff] },
		},
		{
			title: "what settings take",
			says: (value) =>
				Object.keys(value).length === 0
					? "nf_conntrack_max=0 takes the limit of conntrack's table away, and fib_multipath_hash_policy=3 is there"
					: Object.entries(value)
							.map(([name, [least, most]]) =>
								least > 0
									? `net.${name} takes ${least} and more`
									: `net.${name} takes ${least} to ${most}`,
							)
							.join(", "),
			source:
				"`nf_ct_sysctl_table` (net/netfilter/nf_conntrack_standalone.c), `ipv4_net_table` (net/ipv4/sysctl_net_ipv4.c)",
			matters:
				"A router whose configuration takes the limit of connections away has the default one; a file for sysctl(8) fails at that line.",
			scenario: "what-settings-take",
		},
	),
};
