/**
 * In what iptables-nft differs from iptables-legacy, and their versions from each other, once rules are
 * loaded: what each operation keeps and begins anew.
 */
import {
	byBackend,
	byKernelAndBackend,
	byNft,
	byProgram,
	type Difference,
} from "./difference.ts";
import type { KernelSeries } from "./linux.ts";

const SHORT_HEADERS = byNft<"dropped" | "read">(
	"dropped",
	{
		"1.8.7": "dropped",
		"1.8.9": "read",
		"1.8.11": "read",
		"1.8.13": "read",
	},
	{
		title: "fragments that end within a TCP or UDP header",
		says: (value) =>
			value === "dropped"
				? "a rule with --dport, --sport or --tcp-flags drops them, and TCP fragments that overwrite flags"
				: "such a rule compares the octets that are there, and matches no fragment that lacks them: nothing is dropped",
		source:
			"`tcp_mt`, `udp_mt` (net/netfilter/xt_tcpudp.c); `nft_payload_eval` (net/netfilter/nft_payload.c), used by `add_nft_tcp`, `add_nft_udp` (iptables/nft.c) from 1.8.8 on",
		matters:
			"Without connection tracking, fragments that evade port rules are no longer dropped by them.",
		scenario: "short-headers-are-dropped",
	},
);

const BY_KERNEL: Readonly<Record<KernelSeries, "read" | "not read">> = {
	"5.10": "read",
	"6.1": "read",
	"6.12": "read",
	"7.2": "not read",
};

/** Where nf_tables itself compares ports and flags (`shortHeaders`), it is the kernel's. */
const OCTETS_OF_FRAGMENTS: Difference<"read" | "not read"> = {
	of: "kernel and backend",
	valueOn: (linux) =>
		SHORT_HEADERS.valueOn(linux) === "read"
			? BY_KERNEL[linux.kernel]
			: "not read",
	title: "ports and flags of further fragments",
	says: (value) =>
		value === "read"
			? "a rule with --dport, --sport or --tcp-flags takes the first octets of a further fragment for a header: it matches by what the sender has put there, and `! --dport 53` matches nearly always"
			: "further fragments match no such rule",
	source:
		"`nft_payload_fast_eval` (net/netfilter/nf_tables_core.c), which asks for `pkt->fragoff` from 7.2 on at the latest; `udp_mt`, `tcp_mt` (net/netfilter/xt_tcpudp.c)",
	matters:
		"Without connection tracking, further fragments met rules by their contents under iptables-nft, and no longer do.",
	scenario: "further-fragments-have-no-ports",
};

export const BACKEND_DIFFERENCES = {
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
	countsInOptions: byKernelAndBackend<"shown" | "not shown">(
		{
			legacy: {
				"5.10": "shown",
				"6.1": "shown",
				"6.12": "shown",
				"7.2": "shown",
			},
			nft: {
				"5.10": "shown",
				"6.1": "not shown",
				"6.12": "not shown",
				"7.2": "not shown",
			},
		},
		{
			title: "what is left of a quota2",
			says: (value) =>
				value === "shown"
					? "iptables-save prints what is left, and who restores that goes on with it"
					: "iptables-save prints the quota as it was given: restored, it is full again",
			source:
				"`quota_mt2` (xtables-addons, xt_quota2.c), which writes into its rule; `nf_tables_commit_chain_prepare` (net/netfilter/nf_tables_api.c), which has packets walk a copy from 5.17 on",
			matters: "A router that takes over fills the quotas.",
			scenario: "quota-goes-on-when-taken-over",
		},
	),
	zeroing: byNft<"all" | "counted" | "none">(
		"all",
		{
			"1.8.7": "none",
			"1.8.9": "counted",
			"1.8.11": "counted",
			"1.8.13": "counted",
		},
		{
			title: "what iptables -Z of a table or chain begins anew",
			says: (value) =>
				value === "all"
					? "the counters of the rules that it names, and all that rules of the table remember"
					: value === "counted"
						? "rules whose packet counter is not 0, with what they remember; other rules keep their nth counters"
						: "no rule: their counters go on; the number of a rule (-Z CHAIN 1) has to be given",
			source:
				"`__nft_chain_zero_counters` (iptables/nft.c); `nft_cmd_chain_zero_counters` of 1.8.7 does not ask for rules (iptables/nft-cmd.c)",
			matters:
				"Statistics that are read with -Z disturb a split that they did not disturb before, or the other way round.",
			scenario: "zero-begins-uncounted-rules-anew",
		},
	),
	policyCountersOnEdit: byProgram<"restart" | "kept">(
		{
			legacy: {
				"1.8.7": "restart",
				"1.8.9": "restart",
				"1.8.11": "kept",
				"1.8.13": "kept",
			},
			nft: {
				"1.8.7": "kept",
				"1.8.9": "kept",
				"1.8.11": "kept",
				"1.8.13": "kept",
			},
		},
		{
			title: "the counters of policies when a table is edited",
			says: (value) =>
				value === "restart"
					? "any edit of a table begins the counters of all of its policies anew"
					: "they are kept, but for those of a policy that is set",
			source:
				"`__iptcc_p_del_policy` (libiptc/libiptc.c), changed by 43f78733 of 1.8.10",
			matters: "Counters of policies that are watched grow where they fell.",
			scenario: "policy-counters-begin-anew",
		},
	),
	policyOnRestore: byBackend<"stays" | "ACCEPT">(
		{ legacy: "stays", nft: "ACCEPT" },
		{
			title:
				"the policy of a built-in chain that a restored file does not declare",
			says: (value) =>
				value === "stays"
					? "it stays as it was"
					: "it is ACCEPT: the table is deleted and made anew",
			source:
				"`iptc_flush_entries` (libiptc/libiptc.c); `nft_table_flush` (iptables/nft.c)",
			matters:
				"A file without :INPUT DROP opens under iptables-nft what -P INPUT DROP had closed.",
			scenario: "policy-stays-without-a-line",
		},
	),
	tablesOfTrace: byBackend<"raw" | "all">(
		{ legacy: "raw", nft: "all" },
		{
			title: "tables in which -j TRACE may stand",
			says: (value) =>
				value === "raw"
					? "raw alone: the kernel refuses the rule elsewhere"
					: "all of them: packets are traced from the rule on",
			source:
				"`trace_tg_reg` (net/netfilter/xt_TRACE.c); `add_meta_nftrace` in `add_action` (iptables/nft-shared.c)",
			matters: "Such a rule no longer loads under iptables-legacy.",
			scenario: "trace-is-for-raw",
		},
	),
	baseChains: byNft<"all" | "used" | "used-uncounted">(
		"all",
		{
			"1.8.7": "used-uncounted",
			"1.8.9": "used-uncounted",
			"1.8.11": "used",
			"1.8.13": "used",
		},
		{
			title: "built-in chains that nothing was put into",
			says: (value) =>
				value === "all"
					? "they are there with their table, and their policies count packets"
					: value === "used"
						? "they are not there and count nothing until a rule is put into them or their policy is set"
						: "they are not there until a rule is put into them, and count nothing until their policy is set or -Z",
			source:
				"`nft_xt_builtin_init`, `nft_chain_builtin_alloc` (iptables/nft.c), changed by 39a067bb of 1.8.10",
			matters:
				"iptables-save prints [0:0] for policies that packets passed, so such counters show nothing.",
			scenario: "unused-chains-count",
		},
	),
	shortHeaders: SHORT_HEADERS,
	octetsOfFragments: OCTETS_OF_FRAGMENTS,
	trace: byNft<"log" | "monitor of 1.8.9" | "monitor">(
		"log",
		{
			"1.8.7": "monitor of 1.8.9",
			"1.8.9": "monitor of 1.8.9",
			"1.8.11": "monitor",
			"1.8.13": "monitor",
		},
		{
			title: "where TRACE tells of rules, and how",
			says: (value) =>
				value === "log"
					? "in the kernel's log, by their numbers: `TRACE: filter:INPUT:rule:1 IN=…`. A rule of nothing but a verdict is named as the end of its chain (`filter:INPUT:policy:1`), and one whose match drops the packet is not named"
					: `xtables-monitor --trace prints them, by their handles: \`TRACE: 2 0000beef filter:INPUT:rule:0x4:DROP\`, and the rule behind it${value === "monitor" ? " as a command" : " as `-4 -t filter -A INPUT …`"}. Rules of a verdict alone are named as rules, and so is one whose match drops the packet`,
			source:
				"`trace_packet`, `get_chainname_rulenum` (net/ipv4/netfilter/ip_tables.c); `nft_trace_notify` (net/netfilter/nf_tables_trace.c), `trace_cb`, `rule_cb` (iptables/xtables-monitor.c)",
			matters:
				"Scripts that look for TRACE in the kernel's log find nothing there, and the lines have another form.",
			scenario: null,
			traced: {
				rules: "-A INPUT -j ACCEPT",
				as: "TRACE: filter:INPUT:policy:1 IN=in OUT= ",
			},
		},
	),
	tracedReturns: byKernelAndBackend<"told" | "not told">(
		{
			legacy: { "5.10": "told", "6.1": "told", "6.12": "told", "7.2": "told" },
			nft: {
				"5.10": "told",
				"6.1": "told",
				"6.12": "not told",
				"7.2": "not told",
			},
		},
		{
			title: "what TRACE tells of the ends of chains",
			says: (value) =>
				value === "told"
					? "each end of a chain that leads back has a line of its own (`filter:MINE:return:`)"
					: "ends of chains that lead back have no line under iptables-nft; -j RETURN has a line as any other rule",
			source:
				"`__nft_trace_verdict`: `verdict.code & NF_VERDICT_MASK` is never NFT_CONTINUE (net/netfilter/nf_tables_core.c)",
			matters: "Programs that follow a trace do not see where a chain ends.",
			scenario: null,
			traced: {
				rules: ":MINE -\n-A INPUT -j MINE",
				as: "filter:MINE:return:",
			},
		},
	),
	hooksOfCalled: byKernelAndBackend<"asked" | "not asked">(
		{
			legacy: {
				"5.10": "asked",
				"6.1": "asked",
				"6.12": "asked",
				"7.2": "asked",
			},
			nft: {
				"5.10": "not asked",
				"6.1": "not asked",
				"6.12": "not asked",
				"7.2": "asked",
			},
		},
		{
			title: "a chain that is called from where one of its rules has no sense",
			says: (value) =>
				value === "asked"
					? "TCPMSS --clamp-mss-to-pmtu, physdev --physdev-out, policy --dir, devgroup, addrtype --limit-iface-… and SET --map-set are refused also where a chain of the user's leads to them"
					: "they are refused in a built-in chain alone; a chain of the user's that leads to them is loaded",
			source:
				"`xt_check_hooks_match`, `xt_check_hooks_target` in `nft_match_validate`, `nft_target_validate` (net/netfilter/nft_compat.c)",
			matters:
				"A ruleset that loads under iptables-nft up to Linux 6.12 is refused as a whole by Linux 7.2.",
			scenario: "clamp-in-a-called-chain-is-refused",
		},
	),
};
