/**
 * In what the programs differ: what iptables takes, prints and says, by its version and by its backend.
 * What changed with 1.8.10 is seen with 1.8.11.
 */
import { byBackend, byIptables, byNft } from "./difference.ts";

export const PROGRAM_DIFFERENCES = {
	words: byIptables<"of 1.8.9" | "of 1.8.10">(
		{
			"1.8.7": "of 1.8.9",
			"1.8.9": "of 1.8.9",
			"1.8.11": "of 1.8.10",
			"1.8.13": "of 1.8.10",
		},
		{
			title: "how iptables names an option that it refuses",
			says: (value) =>
				value === "of 1.8.9"
					? "by its letter: `Can't use -i with POSTROUTING`"
					: "by its long name: `Can't use --in-interface with POSTROUTING`",
			source:
				"`opt2char` of 1.8.9, `ip46t_option_name` of 1.8.10 (iptables/xshared.c)",
			matters: "Scripts that look for the words of a refusal miss them.",
			scenario: "refused-option-has-its-letter",
		},
	),
	tableInFile: byIptables<"by itself" | "with its line">(
		{
			"1.8.7": "with its line",
			"1.8.9": "by itself",
			"1.8.11": "by itself",
			"1.8.13": "by itself",
		},
		{
			title: "how a -t is refused in a file",
			says: (value) =>
				`\`The -t option${value === "by itself" ? "" : " (seen in line 2)"} cannot be used in iptables-restore\``,
			source:
				"`do_command4` (iptables/iptables.c), `do_commandx` (iptables/xtables.c) of 1.8.8",
			matters: "Scripts that look for the words of a refusal miss them.",
			scenario: "table-in-a-file-is-refused",
		},
	),
	attachedArgument: byIptables<"with its option" | "alone">(
		{
			"1.8.7": "alone",
			"1.8.9": "with its option",
			"1.8.11": "alone",
			"1.8.13": "alone",
		},
		{
			title:
				"an address or interface that is attached to its option, -s10.0.0.1",
			says: (value) =>
				value === "with its option"
					? "the option is taken for a part of it, and the address is not found"
					: "it is read like one behind a blank",
			source:
				"`do_parse`: `argv[optind - 1]` in 1.8.9, `optarg` in 1.8.10 (iptables/xshared.c); `do_command4` of 1.8.7: `optarg` (iptables/iptables.c)",
			matters: "Rules without the blank do not load with 1.8.9.",
			scenario: "attached-address-is-refused",
		},
	),
	emptyRanges: byIptables<"accepted" | "refused">(
		{
			"1.8.7": "accepted",
			"1.8.9": "accepted",
			"1.8.11": "refused",
			"1.8.13": "refused",
		},
		{
			title: "ranges that descend, and --ctproto 0",
			says: (value) =>
				value === "accepted"
					? "they are taken, and no packet matches"
					: "they are refused",
			source:
				"`xtopt_parse_mint`, `xtopt_parse_mport` (libxtables/xtoptions.c), `conntrack_mt_parse` (extensions/libxt_conntrack.c) of 1.8.10",
			matters: "A ruleset with such a rule no longer loads, all of its table.",
			scenario: "descending-range-is-accepted",
		},
	),
	oddPolicyCounters: byIptables<"with -c alone" | "always">(
		{
			"1.8.7": "with -c alone",
			"1.8.9": "with -c alone",
			"1.8.11": "always",
			"1.8.13": "always",
		},
		{
			title: "malformed counters behind a policy",
			says: (value) =>
				value === "with -c alone"
					? "they are passed over unless iptables-restore has -c"
					: "they are refused: `invalid policy counters for chain`",
			source:
				"`ip46tables_restore_main` (iptables/iptables-restore.c), `xtables_restore_parse_line` (iptables/xtables-restore.c) of 1.8.10",
			matters:
				"A ruleset with `:INPUT ACCEPT [0: 0]` or a remark there no longer loads.",
			scenario: "odd-policy-counters-are-passed-over",
		},
	),
	listAndZero: byIptables<"options of either" | "options of both">(
		{
			"1.8.7": "options of either",
			"1.8.9": "options of either",
			"1.8.11": "options of both",
			"1.8.13": "options of either",
		},
		{
			title: "iptables -L -Z with -n, -x or --line-numbers",
			says: (value) =>
				value === "options of either"
					? "the rules are listed, and their counters begin anew"
					: "the command is refused, with exit code 2: `Illegal option `--numeric' with this command`",
			source:
				"9c09d281 of 1.8.10, `generic_opt_check` (iptables/xshared.c), which 1.8.13 has right again",
			matters:
				"Scripts that read and zero counters in one command fail with 1.8.11 alone.",
			scenario: "list-and-zero-take-numeric",
		},
	),
	maskWithGaps: byIptables<"one address" | "a mask">(
		{
			"1.8.7": "one address",
			"1.8.9": "one address",
			"1.8.11": "a mask",
			"1.8.13": "a mask",
		},
		{
			title:
				"masks with gaps, as 255.0.255.0, of conntrack, policy, ipvs, connlimit, HMARK and NETMAP",
			says: (value) =>
				value === "one address"
					? "all of the address is meant, and no mask is printed"
					: "they are masks, as those of -s and -d always were",
			source:
				"`xtopt_parse_plenmask` (libxtables/xtoptions.c), changed in 1.8.10",
			matters:
				"A rule such as `--ctorigsrc 10.0.0.1/255.0.255.0` meets other connections than before.",
			scenario: "mask-with-gaps-is-one-address",
		},
	),
	gapsInAddress: byNft<"asked for" | "cut off">(
		"asked for",
		{
			"1.8.7": "cut off",
			"1.8.9": "asked for",
			"1.8.11": "asked for",
			"1.8.13": "asked for",
		},
		{
			title:
				"masks of -s and -d with a gap behind whole octets, as 255.0.255.0",
			says: (value) =>
				value === "asked for"
					? "the rule asks for all that the mask leaves"
					: "the rule asks for the octets in front of the gap alone: 255.0.255.0 is /8; one that begins with 0 is refused",
			source: "`add_addr` (iptables/nft-shared.c), mended in 1.8.8",
			matters: "Such a rule meets more addresses than it names.",
			scenario: "gap-in-a-source-is-asked-for",
		},
	),
	wholeInterface: byNft<"all or none" | "all">(
		"all or none",
		{
			"1.8.7": "all",
			"1.8.9": "all or none",
			"1.8.11": "all or none",
			"1.8.13": "all or none",
		},
		{
			title: "the interface `+`: `-i +` and `! -i +`",
			says: (value) =>
				value === "all or none"
					? "a packet of any interface matches `-i +`, and none matches `! -i +`"
					: "either matches any packet, and iptables-save takes the octets of the address behind it for the interface's name: `-i + -s 65.66.67.68` is printed with `-i ABCD+`, and with -f it is `! -i `",
			source:
				"`add_iniface` (iptables/nft-shared.c), which compares nothing, and `nft_parse_cmp`, which takes the next comparison for that of the name; mended in 1.8.8",
			matters:
				"A rule that is to match no packet matches all of them, and what is saved of others is restored as a rule for an interface that is not there.",
			scenario: "interface-of-no-packet",
		},
	),
	replacementAddresses: byIptables<"one" | "the first">(
		{
			"1.8.7": "one",
			"1.8.9": "one",
			"1.8.11": "the first",
			"1.8.13": "the first",
		},
		{
			title: "-R with a list of addresses behind -s or -d",
			says: (value) =>
				value === "one"
					? "it is refused: `Replacement rule does not specify a unique address`"
					: "the first address counts, and the others are lost without a word",
			source:
				"`do_command4` (iptables/iptables.c), `do_parse` (iptables/xshared.c) of 1.8.10",
			matters:
				"A rule that is replaced so meets fewer addresses than it names.",
			scenario: "replacement-has-one-address",
		},
	),
	unendedCommit: byBackend<"a command" | "the end of the table">(
		{ legacy: "a command", nft: "the end of the table" },
		{
			title: "a COMMIT without a newline behind it, at the end of a file",
			says: (value) =>
				value === "a command"
					? "iptables-restore does not know it for one: ``Bad argument `COMMIT'``, and the last table is not loaded"
					: "it closes the table like any other",
			source:
				"`ip46tables_restore_main` (iptables/iptables-restore.c); `xtables_restore_parse_line` (iptables/xtables-restore.c)",
			matters:
				"A file without its last newline loads under iptables-nft, and all but its last table under iptables-legacy.",
			scenario: "commit-without-newline-is-no-commit",
		},
	),
	commands: byBackend<"at once" | "with COMMIT">(
		{ legacy: "at once", nft: "with COMMIT" },
		{
			title: "when iptables-restore carries out the commands of a table",
			says: (value) =>
				value === "at once"
					? "as it reads them: the first that fails ends it, a policy of a user's chain is refused, a jump to a chain that is not there is a target that is not there. iptables-save prints the table that was made last first"
					: "with the COMMIT, so what its parser refuses below comes first, and --test finds no missing chain; policies of users' chains are passed over. iptables-save prints mangle, security, raw, filter, nat",
			source:
				"`ip46tables_restore_main` (iptables/iptables-restore.c); `xtables_restore_parse_line` (iptables/xtables-restore.c), `nft_prepare`, `nft_strerror` (iptables/nft.c)",
			matters:
				"Words, lines and exit codes of a refused ruleset are others, and --test accepts what does not load.",
			scenario: "jump-to-no-chain-is-no-target",
		},
	),
	refusedRule: byNft<"the COMMIT" | "the rule" | "the rule, at COMMIT">(
		"the COMMIT",
		{
			"1.8.7": "the rule, at COMMIT",
			"1.8.9": "the rule",
			"1.8.11": "the rule",
			"1.8.13": "the rule",
		},
		{
			title: "what is named when the kernel refuses a rule",
			says: (value) =>
				value === "the COMMIT"
					? "the line of the COMMIT, with exit code 1; built-in chains may lead as many jumps deep as one likes"
					: `each rule, as \`RULE_APPEND failed (Invalid argument): rule in chain INPUT\`, with exit code 4${value === "the rule" ? "" : ", and with the line of the COMMIT; of a command that fails no reason is given"}; a chain more than 15 jumps below a built-in one is refused`,
			source:
				"`mark_source_chains` (net/ipv4/netfilter/ip_tables.c); `nft_chain_validate`, `NFT_JUMP_STACK_SIZE` (net/netfilter/nf_tables_api.c), `mnl_append_error` (iptables/nft.c)",
			matters:
				"Deeply nested rulesets do not load under iptables-nft, and scripts look for other words and exit codes.",
			scenario: "refused-rule-has-the-line-of-commit",
		},
	),
	ownWords: byNft<"xtables" | "nf_tables">(
		"xtables",
		{
			"1.8.7": "xtables",
			"1.8.9": "nf_tables",
			"1.8.11": "nf_tables",
			"1.8.13": "nf_tables",
		},
		{
			title: "rules that iptables-nft writes in nf_tables' own words",
			says: (value) =>
				value === "xtables"
					? "ports, limits and NFLOG are those of xtables, checked and printed as they were given"
					: "`! --dport 0:1023` is printed as `--dport 1024:65535`, --nflog-range is lost, and limit takes a burst of 0",
			source:
				"`add_nft_tcpudp`, `add_nft_limit`, `add_log` (iptables/nft.c, nft-shared.c) of 1.8.8",
			matters: "Saved texts differ where no rule does.",
			scenario: null,
			saved: {
				rules: "-A INPUT -p tcp -m tcp ! --dport 0:1023 -j DROP",
				as: "-A INPUT -p tcp -m tcp ! --dport 0:1023 -j DROP",
			},
		},
	),
	invertedPorts: byNft<"each is asked" | "some are not asked">(
		"each is asked",
		{
			"1.8.7": "each is asked",
			"1.8.9": "some are not asked",
			"1.8.11": "each is asked",
			"1.8.13": "each is asked",
		},
		{
			title: "inverted ports of -m tcp and -m udp",
			says: (value) =>
				value === "each is asked"
					? "each is asked: `! --sport 1 ! --dport 2` matches where neither port is so, `! --dport 0:65535` never"
					: "`! --sport 1 ! --dport 2` matches where either port differs, and `! --dport 0:65535` always",
			source:
				"`add_nft_tcpudp` (iptables/nft.c) of 1.8.8 and 1.8.9, mended in 1.8.10",
			matters:
				"A rule with two inverted ports matches packets under iptables-nft 1.8.9 that it is to leave alone.",
			scenario: "inverted-ports-are-each-asked",
		},
	),
	flagsOfNone: byNft<"asked" | "not asked">(
		"asked",
		{
			"1.8.7": "asked",
			"1.8.9": "not asked",
			"1.8.11": "not asked",
			"1.8.13": "not asked",
		},
		{
			title: "--tcp-flags with NONE for a mask",
			says: (value) =>
				value === "asked"
					? "`--tcp-flags NONE SYN` and `! --tcp-flags NONE NONE` match no segment"
					: "they match every segment, and iptables-save does not print them",
			source: "`add_nft_tcp`: `flg_mask` (iptables/nft.c) of 1.8.8",
			matters: "A rule that did nothing matches everything.",
			scenario: "flags-of-none-never-match",
		},
	),
	twoMatches: byNft<"stay two" | "are read as one" | "are read into the first">(
		"stay two",
		{
			"1.8.7": "stay two",
			"1.8.9": "are read as one",
			"1.8.11": "are read into the first",
			"1.8.13": "are read into the first",
		},
		{
			title: "two -m tcp, or two -m udp, in one rule",
			says: (value) =>
				value === "stay two"
					? "both are printed"
					: `both are asked, and one is printed: of a port that both ask for, the second one's${value === "are read as one" ? "" : "; so is one with --tcp-option, or nothing, in front of another"}`,
			source:
				"`nft_tcp_match`, `nft_parse_tcp` (iptables/nft-shared.c) of 1.8.8",
			matters:
				"A rule with two of them says less once it is saved and restored.",
			scenario: null,
			saved: {
				rules: "-A INPUT -p tcp -m tcp --dport 25:80 -m tcp --dport 79 -j DROP",
				as: "-A INPUT -p tcp -m tcp --dport 25:80 -m tcp --dport 79 -j DROP",
			},
		},
	),
	missingNumberToZero: byNft<"refused" | "passed over">(
		"refused",
		{
			"1.8.7": "passed over",
			"1.8.9": "passed over",
			"1.8.11": "refused",
			"1.8.13": "refused",
		},
		{
			title: "the number of a rule that is not there, for -Z",
			says: (value) =>
				value === "refused"
					? "the command is refused"
					: "nothing is done, and the command succeeds if the chain is there",
			source:
				"`nft_rule_zero_counters` (iptables/nft.c), changed by 79816721 of 1.8.10",
			matters: "Scripts with a wrong number fail where nothing was said.",
			scenario: "missing-number-to-zero-is-refused",
		},
	),
	replacedAtOnce: byNft<"takes its place" | "is lost sight of" | "dies">(
		"takes its place",
		{
			"1.8.7": "dies",
			"1.8.9": "dies",
			"1.8.11": "dies",
			"1.8.13": "is lost sight of",
		},
		{
			title:
				"-R, or -Z with its number, of a rule that the same file has put in",
			says: (value) =>
				value === "dies"
					? "iptables-restore dies of a segmentation fault, and nothing of the table is loaded"
					: value === "takes its place"
						? "the new rule takes its place"
						: "the new rule is sent in its place, and commands behind it neither count nor find it; of a rule that was there before, iptables-restore dies when it is replaced twice",
			source:
				"`nft_rule_append`: the old rule is freed, and still to be sent (iptables/nft.c)",
			matters:
				"A file with such a line loads under iptables-legacy alone; all of its table is missing.",
			scenario: "replaced-at-once",
		},
	),
	countersOfPolicy: byBackend<"taken" | "passed over">(
		{ legacy: "taken", nft: "passed over" },
		{
			title: "iptables -P with counters, -c PACKETS BYTES",
			says: (value) =>
				value === "taken"
					? "the policy's counters are those that -c gives"
					: "the policy begins with 0, as it does without -c",
			source: "`nft_cmd_chain_set` in `do_commandx` (iptables/xtables.c)",
			matters: "Scripts that give counters back lose them.",
			scenario: "policy-takes-counters",
		},
	),
	flushOfRestored: byBackend<"flushed" | "passed over">(
		{ legacy: "flushed", nft: "passed over" },
		{
			title: "-F without a chain, in a file that makes its table anew",
			says: (value) =>
				value === "flushed"
					? "the rules that stand above it in the file are gone"
					: "nothing is flushed: the rules above it stay",
			source:
				"`nft_table_find` in `nft_rule_flush`: the old table is thrown away, and the new one not there yet (iptables/nft.c)",
			matters:
				"A file with -F below some of its rules loads these as well under iptables-nft.",
			scenario: "flush-in-a-file-flushes",
		},
	),
	usedBaseChain: byNft<"kept" | "built-in" | "in use">(
		"kept",
		{
			"1.8.7": "built-in",
			"1.8.9": "in use",
			"1.8.11": "in use",
			"1.8.13": "in use",
		},
		{
			title: "-X of a built-in chain",
			says: (value) =>
				value === "kept"
					? "it is refused: `Invalid argument`"
					: value === "built-in"
						? "it is refused: `Can't delete built-in chain`; a chain of one's own that rules jump to by the kernel, with `CHAIN_USER_DEL failed`"
						: "one that nothing is in is taken out of the kernel; one with rules is refused by the kernel (`CHAIN_DEL failed (Device or resource busy)`), one with another policy than ACCEPT by iptables (`Directory not empty`)",
			source: "`__nft_chain_del`, `nft_may_delete_chain` (iptables/nft.c)",
			matters:
				"Scripts that delete built-in chains end with other words and exit codes.",
			scenario: "built-in-chains-are-kept",
		},
	),
	missingRule: byNft<"index" | "name">(
		"index",
		{
			"1.8.7": "index",
			"1.8.9": "name",
			"1.8.11": "name",
			"1.8.13": "name",
		},
		{
			title:
				"the number of a rule in a built-in chain that nothing was put into, for -D and -R",
			says: (value) =>
				value === "index"
					? "`Index of deletion too big`, `Index of replacement too big`"
					: "`No chain/target/match by that name`",
			source: "`nft_rule_delete_num`, `nft_rule_replace` (iptables/nft.c)",
			matters: "Scripts that look for the words of a refusal miss them.",
			scenario: "missing-number-is-too-big",
		},
	),
	limitClock: byNft<"ticks" | "nanoseconds">(
		"ticks",
		{
			"1.8.7": "ticks",
			"1.8.9": "nanoseconds",
			"1.8.11": "nanoseconds",
			"1.8.13": "nanoseconds",
		},
		{
			title: "how -m limit counts time",
			says: (value) =>
				value === "ticks"
					? "in ticks of the kernel, of 4 ms: packets that come closer together wait for the next one; gaps of more than 37 hours earn less"
					: "in nanoseconds, at the rate as iptables-save prints it",
			source:
				"`limit_mt` (net/netfilter/xt_limit.c); `nft_limit_eval` (net/netfilter/nft_limit.c), used by `add_nft_limit` (iptables/nft.c) from 1.8.8 on",
			matters: "Rates of hundreds of packets a second let others through.",
			scenario: "limit-counts-in-ticks",
		},
	),
	clampWithoutSyn: byBackend<"refused" | "accepted">(
		{ legacy: "refused", nft: "accepted" },
		{
			title: "TCPMSS in a rule that does not ask for SYN packets",
			says: (value) =>
				value === "refused"
					? "the kernel refuses the rule"
					: "the rule is loaded, and meets segments without an MSS option as well",
			source:
				"`tcpmss_tg4_check`: `par->nft_compat` (net/netfilter/xt_TCPMSS.c)",
			matters: "A ruleset of iptables-nft may not load under iptables-legacy.",
			scenario: "clamp-without-syn-is-refused",
		},
	),
};
