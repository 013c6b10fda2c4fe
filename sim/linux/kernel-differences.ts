/** What kernels do in different ways, besides tracking and settings, whichever iptables loads the rules. */
import { byKernel, byKernelAndBackend, NOT_FOLLOWED } from "./difference.ts";

/** Differences between kernels. */
export const KERNEL_DIFFERENCES = {
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
	redirectsFromBeyond: byKernel<"are sent" | "are not sent">(
		{
			"5.10": "are sent",
			"6.1": "are not sent",
			"6.12": "are not sent",
			"7.2": "are not sent",
		},
		{
			title:
				"ICMP redirects for packets that come by another router of the link",
			says: (value) =>
				value === "are sent"
					? "a packet that leaves by where it came in brings its sender a redirect, though the sender be behind another router"
					: "only a sender on the link itself is sent a redirect",
			source:
				"`__fib_validate_source` (net/ipv4/fib_frontend.c): `nhc_scope >= RT_SCOPE_LINK`, `RT_SCOPE_HOST` in other kernels",
			matters:
				"Hosts beyond the other router no longer hear redirects, which named a next hop that is not on their link.",
			scenario: "senders-beyond-a-router-hear-no-redirect",
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
	rulesWithoutAdded: byKernel<"are asked" | "are not asked">(
		{
			"5.10": "are asked",
			"6.1": "are asked",
			"6.12": "are asked",
			"7.2": "are not asked",
		},
		{
			title: "`ip rule` of a network namespace to which no rule was ever added",
			says: (value) =>
				value === "are asked"
					? "rules are asked from the first change on: without the rule for main there is no route"
					: "rules are asked once one was added: until then tables local, main and default are, though their rules be deleted",
			source:
				"`fib_has_custom_rules`, which `fib4_rule_delete` no longer sets (net/ipv4/fib_rules.c)",
			matters:
				"`ip rule del` or `ip rule flush` alone no longer cuts a router off.",
			scenario: "deleted-rule-for-main-is-missed",
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
	defragEnds: byKernel<"with its rules" | "never">(
		{
			"5.10": "never",
			"6.1": "with its rules",
			"6.12": "with its rules",
			"7.2": "with its rules",
		},
		{
			title: "fragments when no rule asks for tracking any more",
			says: (value) =>
				value === "never"
					? "once a rule has asked for tracking, fragments are put together for good"
					: "fragments walk through the rules one by one again",
			source:
				"`nf_defrag_ipv4_disable` of 6.1 (net/ipv4/netfilter/nf_defrag_ipv4.c)",
			matters:
				"Rules with -f, and limits that count packets, see fragments again after the last rule that tracks is gone.",
			scenario: "fragments-when-nothing-is-tracked",
		},
	),
	endOfText: byKernel<"its beginning" | "its end">(
		{
			"5.10": "its beginning",
			"6.1": "its end",
			"6.12": "its end",
			"7.2": "its end",
		},
		{
			title: "string --to",
			says: (value) =>
				value === "its beginning"
					? "the text that is looked for has to begin at this offset or before"
					: "the text that is looked for has to end at this offset or before",
			source: "`skb_find_text` (net/core/skbuff.c)",
			matters:
				"A rule whose --to counts up to the beginning of its text no longer matches.",
			scenario: "text-ends-before-to",
		},
	),
	errorBucket: byKernel<typeof NOT_FOLLOWED | "when it is empty">(
		{
			"5.10": NOT_FOLLOWED,
			"6.1": "when it is empty",
			"6.12": "when it is empty",
			"7.2": "when it is empty",
		},
		{
			title: "the limit of all ICMP errors",
			says: (value) =>
				value === NOT_FOLLOWED
					? "it is filled up with each error, 20 ms after the last time at the earliest, and an error that is held back for its destination takes from it as well"
					: "it is filled up when it is used up, and takes no account of errors that are held back for their destination",
			source: "`icmp_global_allow`, `icmp_global_consume` (net/ipv4/icmp.c)",
			matters:
				"When many clients are refused at once, more of them hear of it.",
			scenario: "limit-of-errors-is-filled-up",
		},
	),
	setBuckets: byKernel<typeof NOT_FOLLOWED | "have a size">(
		{
			"5.10": NOT_FOLLOWED,
			"6.1": "have a size",
			"6.12": "have a size",
			"7.2": "have a size",
		},
		{
			title: "bucketsize of a set",
			says: (value) =>
				value === NOT_FOLLOWED
					? "sets have no bucketsize, and none is printed"
					: "sets of hashes have a bucketsize, 12 unless it is given",
			source: "`IPSET_ATTR_BUCKETSIZE` (net/netfilter/ipset/ip_set_hash_gen.h)",
			matters:
				"What ipset save prints can be restored on a kernel of 5.11 and later alone.",
			scenario: "sets-have-buckets",
		},
	),
	setMasks: byKernel<typeof NOT_FOLLOWED | "of hash:ip alone">(
		{
			"5.10": "of hash:ip alone",
			"6.1": "of hash:ip alone",
			"6.12": NOT_FOLLOWED,
			"7.2": NOT_FOLLOWED,
		},
		{
			title: "masks of sets of hashes",
			says: (value) =>
				value === NOT_FOLLOWED
					? "hash:ip,port and hash:net,net have a netmask as well, and all three a bitmask"
					: "hash:ip has a netmask; other types have none, and there is no bitmask",
			source:
				"`IPSET_ATTR_BITMASK` (net/netfilter/ipset/ip_set_hash_gen.h) of 6.2",
			matters:
				"What ipset save prints of such sets loads on newer kernels alone.",
			scenario: "other-masks-are-refused",
		},
	),
	ownersOfFragments: byKernel<"forgotten" | "kept">(
		{ "5.10": "forgotten", "6.1": "kept", "6.12": "kept", "7.2": "kept" },
		{
			title: "whose socket sent fragments that OUTPUT puts together",
			says: (value) =>
				value === "kept"
					? "a packet of fragments belongs to the program that sent them"
					: "a packet of fragments belongs to no program: no `-m owner` meets it",
			source:
				"`ip_defrag` (net/ipv4/ip_fragment.c), which calls skb_orphan in other kernels",
			matters:
				"Rules by owner meet large datagrams of raw sockets that they did not meet before.",
			scenario: "fragments-have-an-owner",
		},
	),
	lowestAddress: byKernel<"broadcast" | "unicast">(
		{
			"5.10": "broadcast",
			"6.1": "unicast",
			"6.12": "unicast",
			"7.2": "unicast",
		},
		{
			title: "the lowest address of a network (10.0.0.0 of 10.0.0.0/8)",
			says: (value) =>
				value === "broadcast"
					? "it is a broadcast address, as the highest one is: no host can have it"
					: "it is the address of a host, as others are",
			source:
				"`fib_add_ifaddr` (net/ipv4/fib_frontend.c), which adds no route to it from 5.14 on",
			matters:
				"A host can have it, and NETMAP may lead connections to it, which were dropped before.",
			scenario: "lowest-address-is-a-host",
		},
	),
	destroyedAnyway: byKernel<"refused" | "nothing is wrong">(
		{
			"5.10": "refused",
			"6.1": "nothing is wrong",
			"6.12": "nothing is wrong",
			"7.2": "nothing is wrong",
		},
		{
			title: "ipset destroy -exist of a set that is not there",
			says: (value) =>
				value === "refused"
					? "it fails: `The set with the given name does not exist`"
					: "nothing is done, and nothing said",
			source: "`ip_set_destroy` (net/netfilter/ipset/ip_set_core.c)",
			matters: "A script that destroys its sets at first no longer fails.",
			scenario: "missing-set-is-destroyed",
		},
	),
	nullAddresses: byKernel<"of hash:ip alone" | "of hash:ip,port as well">(
		{
			"5.10": "of hash:ip alone",
			"6.1": "of hash:ip alone",
			"6.12": "of hash:ip,port as well",
			"7.2": "of hash:ip,port as well",
		},
		{
			title: "null addresses in sets of hashes",
			says: (value) =>
				value === "of hash:ip alone"
					? "an element of 0.0.0.0 and a port is stored; sets of type hash:ip alone refuse it"
					: "hash:ip,port stores no element of 0.0.0.0 (or ::), and hash:net,net none whose first address is ::, as hash:ip does not",
			source:
				"`hash_ipport4_kadt`, `hash_ipport4_uadt` (net/netfilter/ipset/ip_set_hash_ipport.c) and `hash_netnet6_uadt` (ip_set_hash_netnet.c) of 6.2",
			matters:
				"What ipset save prints of such an element no longer loads, and rules add none for packets from 0.0.0.0, as those of DHCP clients are.",
			scenario: "nobodys-ports-are-stored",
		},
	),
	loops: byKernelAndBackend<"those that a hook reaches" | "all are refused">(
		{
			legacy: {
				"5.10": "those that a hook reaches",
				"6.1": "those that a hook reaches",
				"6.12": "those that a hook reaches",
				"7.2": "those that a hook reaches",
			},
			nft: {
				"5.10": "all are refused",
				"6.1": "those that a hook reaches",
				"6.12": "those that a hook reaches",
				"7.2": "those that a hook reaches",
			},
		},
		{
			title: "chains that jump in a circle",
			says: (value) =>
				value === "all are refused"
					? "each rule that closes a circle is refused: `Too many levels of symbolic links`"
					: "a circle is refused where a built-in chain leads into it",
			source:
				"`nf_tables_check_loops` of 5.10 (net/netfilter/nf_tables_api.c), `mark_source_chains` (net/ipv4/netfilter/ip_tables.c)",
			matters: "Chains that are not used yet may be wrong.",
			scenario: "unused-circle-loads",
		},
	),
	savedTimeout: byKernel<"four characters" | "whole">(
		{
			"5.10": "four characters",
			"6.1": "four characters",
			"6.12": "four characters",
			"7.2": "whole",
		},
		{
			title: "CT --timeout in the text of iptables-save",
			says: (value) =>
				value === "whole"
					? "the name of the policy is printed"
					: "the first four characters of the policy's name are printed",
			source: "`usersize` of `xt_ct_tg_reg` (net/netfilter/xt_CT.c)",
			matters: "A saved text with such a rule can be restored.",
			scenario: null,
			saved: {
				table: "raw",
				rules: "-A PREROUTING -j CT --notrack --timeout patient",
				as: "-A PREROUTING -j CT --notrack --timeout pati",
			},
		},
	),
	clusterIp: byKernelAndBackend<"is there" | "refuses nft" | "is gone">(
		{
			legacy: {
				"5.10": "is there",
				"6.1": "is there",
				"6.12": "is gone",
				"7.2": "is gone",
			},
			nft: {
				"5.10": "refuses nft",
				"6.1": "refuses nft",
				"6.12": "is gone",
				"7.2": "is gone",
			},
		},
		{
			title: "the target CLUSTERIP",
			says: (value) =>
				value === "is there"
					? "the kernel has it"
					: value === "is gone"
						? "the kernel has it no more, and refuses rules with it"
						: "the kernel has it, and refuses rules with it that iptables-nft loads",
			source:
				"`clusterip_tg_check` (`nft_compat`), net/ipv4/netfilter/ipt_CLUSTERIP.c, removed in 6.2",
			matters:
				"A ruleset with CLUSTERIP no longer loads, all of its table; `-m cluster` takes its place.",
			scenario: "clusterip-loads",
		},
	),
};
