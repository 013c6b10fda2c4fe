/**
 * Kernel settings that the model has not: their names, the values that they have when nobody touched
 * them, and the values that the kernel takes. Read from Debian's 6.1.192 in a virtual machine, by
 * listing /proc/sys/net and writing to each; those of br_netfilter follow br_netfilter_hooks.c.
 */
import { INT_MAX, INT_MIN, MAX_SECONDS } from "./sysctl-values.ts";

export interface NotModelled {
	/** Least and most; `null`: not known. "nothing": nobody may write it. */
	readonly takes: readonly [number, number] | "nothing" | null;
	/**
	 * A folder below `net.` on each line, and what stands in it, with the values that leave the model
	 * right (none where a setting is a text, or depends on the machine's memory). `*` is an interface,
	 * `all` or `default`; a line for one of those comes before it.
	 */
	readonly names: string;
}

export const NOT_MODELLED: readonly NotModelled[] = [
	{
		takes: [0, 1],
		names: `
core: bpf_jit_kallsyms=1 high_order_alloc_disable=0 tstamp_allow_data=1 txrehash=1
ipv4: icmp_echo_enable_probe=0 icmp_echo_ignore_all=0
  icmp_echo_ignore_broadcasts=1 icmp_errors_use_inbound_ifaddr=0 icmp_ignore_bogus_error_responses=1
  ip_autobind_reuse=0 ip_forward_update_priority=1 nexthop_compat_mode=1 raw_l3mdev_accept=1
  tcp_autocorking=1 tcp_ecn_fallback=1 tcp_l3mdev_accept=0 tcp_migrate_req=0
  tcp_no_ssthresh_metrics_save=1 tcp_reflect_tos=0 tcp_shrink_window=0 udp_l3mdev_accept=0
ipv6.conf.*: ioam6_enabled=0 ndisc_evict_nocarrier=1 rpl_seg_enabled=0
ipv6.route: skip_notify_on_dev_down=0
mptcp: allow_join_initial_addr_port=1 checksum_enabled=0 enabled=1 pm_type=0
netfilter: nf_conntrack_dccp_loose=1 nf_conntrack_timestamp=0
`,
	},
	{
		takes: [0, 2],
		names: `
core: bpf_jit_enable=1 bpf_jit_harden=0 fb_tunnels_only_for_init_net=0
ipv4: fib_notify_on_flag_change=0 tcp_ecn=2 tcp_tw_reuse=2
ipv6.conf.*: accept_untracked_na=0
ipv6: fib_notify_on_flag_change=0
netfilter: nf_conntrack_events=2
`,
	},
	{
		takes: [0, 3],
		names: `
ipv6: auto_flowlabels=1 fib_multipath_hash_policy=0
ipv6.conf.*: addr_gen_mode=0
`,
	},
	{
		takes: [0, 255],
		names: `
ipv4: igmp_link_local_mcast_reports=1 ip_dynaddr=0 ip_early_demux=1
  ip_forward_use_pmtu=0 ip_no_pmtu_disc=0 ip_nonlocal_bind=0/1 tcp_abort_on_overflow=0
  tcp_comp_sack_nr=44 tcp_dsack=1 tcp_early_demux=1 tcp_fack=0 tcp_frto=2 tcp_fwmark_accept=0
  tcp_keepalive_probes=9 tcp_moderate_rcvbuf=1 tcp_mtu_probing=0 tcp_no_metrics_save=0
  tcp_orphan_retries=0 tcp_recovery=1 tcp_retrans_collapse=1 tcp_retries1=3 tcp_retries2=15
  tcp_rfc1337=0 tcp_sack=1 tcp_slow_start_after_idle=1 tcp_stdurg=0 tcp_synack_retries=5
  tcp_syncookies=1 tcp_thin_linear_timeouts=0 tcp_timestamps=1 tcp_tso_rtt_log=9
  tcp_tso_win_divisor=3 tcp_window_scaling=1 tcp_workaround_signed_windows=0 udp_early_demux=1
ipv6: anycast_src_echo_reply=0 bindv6only=0 flowlabel_consistency=1 flowlabel_state_ranges=0
  fwmark_reflect=0 ip_nonlocal_bind=0
ipv6.conf.*: ndisc_tclass=0
ipv6.icmp: echo_ignore_all=0 echo_ignore_anycast=0 echo_ignore_multicast=0 ratemask
netfilter: nf_conntrack_log_invalid=0
`,
	},
	{
		takes: [0, INT_MAX],
		names: `
core: busy_poll=0 busy_read=0 skb_defer_max=64 somaxconn=4096
ipv4: tcp_fastopen_blackhole_timeout_sec=0
`,
	},
	{
		takes: [1, INT_MAX],
		names: `
core: dev_weight=64 dev_weight_rx_bias=1 dev_weight_tx_bias=1 gro_normal_batch=8
ipv4: igmp_qrv=2 tcp_max_reordering=300 tcp_wmem udp_rmem_min=4096 udp_wmem_min=4096
netfilter: nf_conntrack_expect_max=4096
`,
	},
	{
		takes: [INT_MIN, INT_MAX],
		names: `
bridge: bridge-nf-call-arptables=1 bridge-nf-call-ip6tables=1 bridge-nf-call-iptables=1
  bridge-nf-filter-pppoe-tagged=0 bridge-nf-filter-vlan-tagged=0 bridge-nf-pass-vlan-input-dev=0
core: message_burst=10 netdev_budget=300 netdev_max_backlog=1000 netdev_tstamp_prequeue=1
  optmem_max=20480 warnings=0 xfrm_acq_expires=30 xfrm_larval_drop=1
ipv4: cipso_cache_bucket_size=10 cipso_cache_enable=1 cipso_rbm_optfmt=0 cipso_rbm_strictvalid=1
  icmp_ratemask=6168 igmp_max_memberships=20 igmp_max_msf=10 inet_peer_threshold=17533
  tcp_base_mss=1024 tcp_challenge_ack_limit=2147483647 tcp_fastopen=1 tcp_limit_output_bytes=1048576
  tcp_low_latency=0 tcp_max_orphans=2048 tcp_max_syn_backlog=128 tcp_max_tw_buckets=2048
  tcp_probe_threshold=8 xfrm4_gc_thresh=32768
ipv4.conf.*: accept_source_route=0/1 arp_accept=0/1
  arp_filter=0/1 arp_ignore=0/1 arp_notify=0 bc_forwarding=0 bootp_relay=0
  disable_policy=0 disable_xfrm=0 drop_gratuitous_arp=0/1 drop_unicast_in_l2_multicast=0
  force_igmp_version=0 igmpv2_unsolicited_report_interval=10000
  igmpv3_unsolicited_report_interval=1000 log_martians=0/1 medium_id=0
  proxy_arp=0/1 proxy_arp_pvlan=0/1 secure_redirects=0/1 tag=0
ipv4.route: error_burst=1250 error_cost=250 gc_elasticity=8 gc_thresh=-1 max_size=2147483647
  min_adv_mss=256 redirect_load=5 redirect_number=9 redirect_silence=5120
ipv6.conf.*: accept_dad=0/1 accept_ra=1 accept_ra_defrtr=1 accept_ra_from_local=0
  accept_ra_min_hop_limit=1 accept_ra_min_lft=0 accept_ra_mtu=1 accept_ra_pinfo=1
  accept_ra_rt_info_max_plen=0 accept_ra_rt_info_min_plen=0 accept_ra_rtr_pref=1 accept_redirects=1
  accept_source_route=0 autoconf=1 dad_transmits=1 disable_ipv6=0 disable_policy=0
  drop_unicast_in_l2_multicast=0 drop_unsolicited_na=0 enhanced_dad=1 force_mld_version=0
  force_tllao=0 forwarding=0 ignore_routes_with_linkdown=0 keep_addr_on_down=0 max_addresses=16
  max_desync_factor=600 ndisc_notify=0 optimistic_dad=0 proxy_ndp=0 regen_max_retry=3 seg6_enabled=0
  seg6_require_hmac=0 suppress_frag_ndisc=1 temp_prefered_lft=86400 temp_valid_lft=604800
  use_oif_addrs_only=0 use_optimistic=0 use_tempaddr=0
ipv6: idgen_retries=3 max_dst_opts_length=2147483647 max_dst_opts_number=8 max_hbh_length=2147483647
  max_hbh_opts_number=8 seg6_flowlabel=0 xfrm6_gc_thresh=32768
ipv6.route: gc_elasticity=9 gc_thresh=1024 max_size=2147483647 min_adv_mss=1220
netfilter: nf_log_all_netns=0
unix: max_dgram_qlen=10
`,
	},
	{
		takes: [-MAX_SECONDS, MAX_SECONDS],
		names: `
core: message_cost=5
ipv4: inet_peer_maxttl=600 inet_peer_minttl=120 ipfrag_secret_interval=0 tcp_fin_timeout=60
  tcp_keepalive_intvl=75 tcp_keepalive_time=7200
ipv4.route: gc_interval=60 gc_min_interval=0 gc_timeout=300 mtu_expires=600
ipv6.conf.*: router_probe_interval=60 router_solicitation_delay=1 router_solicitation_interval=4
  router_solicitation_max_interval=3600
ipv6: idgen_delay=1 ip6frag_time=60
ipv6.route: gc_interval=30 gc_min_interval=0 gc_timeout=60 mtu_expires=600
mptcp: add_addr_timeout=120
netfilter: nf_conntrack_dccp_timeout_closereq=64 nf_conntrack_dccp_timeout_closing=64
  nf_conntrack_dccp_timeout_open=43200 nf_conntrack_dccp_timeout_partopen=480
  nf_conntrack_dccp_timeout_request=240 nf_conntrack_dccp_timeout_respond=480
  nf_conntrack_dccp_timeout_timewait=240 nf_conntrack_frag6_timeout=60 nf_conntrack_gre_timeout=30
  nf_conntrack_gre_timeout_stream=180 nf_conntrack_icmpv6_timeout=30
  nf_flowtable_tcp_timeout=30 nf_flowtable_udp_timeout=30
`,
	},
	{
		takes: "nothing",
		names: `
core: netdev_rss_key
ipv4.conf.*: mc_forwarding=0
ipv4: tcp_available_congestion_control tcp_available_ulp tcp_ehash_entries=4096
ipv6.conf.*: mc_forwarding=0
netfilter: nf_conntrack_count=0
`,
	},
	{
		takes: null,
		names: `
core: bpf_jit_limit=528482304 default_qdisc devconf_inherit_init_net=0 flow_limit_cpu_bitmap=0
  flow_limit_table_len=4096 max_skb_frags=17 mem_pcpu_rsv=256 netdev_budget_usecs=8000
  netdev_unregister_timeout_secs=10 rmem_default=212992 rmem_max=212992 rps_sock_flow_entries=0
  wmem_default=212992 wmem_max=212992 xfrm_aevent_etime=10 xfrm_aevent_rseqth=2
ipv4: fib_sync_mem=524288 ip_local_port_range ip_local_reserved_ports
  ip_unprivileged_port_start=1024 ipfrag_high_thresh=4194304 ipfrag_low_thresh=3145728
  ping_group_range tcp_adv_win_scale=1 tcp_allowed_congestion_control tcp_app_win=31
  tcp_child_ehash_entries=0 tcp_comp_sack_delay_ns=1000000 tcp_comp_sack_slack_ns=100000
  tcp_congestion_control tcp_early_retrans=3 tcp_fastopen_key tcp_invalid_ratelimit=500 tcp_mem
  tcp_min_rtt_wlen=300 tcp_min_snd_mss=48 tcp_min_tso_segs=2 tcp_mtu_probe_floor=48
  tcp_notsent_lowat=4294967295 tcp_pacing_ca_ratio=120 tcp_pacing_ss_ratio=200
  tcp_probe_interval=600 tcp_reordering=3 tcp_rmem tcp_syn_retries=6 udp_mem
ipv4.neigh.*: anycast_delay=100 app_solicit=0 base_reachable_time=30 base_reachable_time_ms=30000
  delay_first_probe_time=5 gc_stale_time=60 interval_probe_time_ms=5000 locktime=100
  mcast_resolicit=0 mcast_solicit=3 proxy_delay=80 proxy_qlen=64 retrans_time=100
  retrans_time_ms=1000 ucast_solicit=3 unres_qlen=101 unres_qlen_bytes=212992
ipv4.neigh.default: gc_interval=30 gc_thresh1=128 gc_thresh2=512 gc_thresh3=1024
ipv4.route: flush gc_min_interval_ms=0 min_pmtu=552
ipv6.conf.*: hop_limit=64 ioam6_id=65535 ioam6_id_wide=4294967295
  mldv1_unsolicited_report_interval=10000 mldv2_unsolicited_report_interval=1000 mtu=1280
  ra_defrtr_metric=1024 router_solicitations=-1
ipv6: fib_multipath_hash_fields=7 flowlabel_reflect=0 ioam6_id=16777215
  ioam6_id_wide=72057594037927935 ip6frag_high_thresh=4194304 ip6frag_low_thresh=3145728
ipv6.icmp: ratelimit=1000
ipv6.route: gc_min_interval_ms=0
mptcp: stale_loss_cnt=4
netfilter: nf_conntrack_frag6_high_thresh=4194304 nf_conntrack_frag6_low_thresh=3145728
  nf_hooks_lwtunnel=0
netfilter.nf_log: 0 1 10 2 3 4 5 6 7 8 9
`,
	},
];

/** Folders that come with a module: what stands in them is not known here. */
export const MODULE_FOLDERS: readonly string[] = [
	"appletalk",
	"ax25",
	"dccp",
	"ieee802154",
	"ipv4.vs",
	"iucv",
	"llc",
	"mpls",
	"netrom",
	"phonet",
	"rds",
	"rose",
	"sctp",
	"smc",
	"tipc",
	"x25",
];
