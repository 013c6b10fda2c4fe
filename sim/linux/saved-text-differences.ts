/** In what the programs differ when iptables-save prints a rule, by their version and backend. */
import { byIptables, byNft, byProgram } from "./difference.ts";

export const SAVED_TEXT_DIFFERENCES = {
	libraries: byIptables<"of 1.8.7" | "of 1.8.9">(
		{
			"1.8.7": "of 1.8.7",
			"1.8.9": "of 1.8.9",
			"1.8.11": "of 1.8.9",
			"1.8.13": "of 1.8.9",
		},
		{
			title:
				"what the libraries of extensions of 1.8.7 read and print otherwise",
			says: (value) =>
				value === "of 1.8.7"
					? "NFLOG's prefix is printed behind two blanks, string's --to always, REDIRECT's --random behind ports alone; MASQUERADE, SNAT and DNAT take no names of services, SNAT and DNAT read the ports before the addresses, of which the last numbers may be missing, sctp no I_DATA, lscan no --mirai"
					: "names of services are taken for ports, and the others are printed as they were given",
			source:
				"extensions/libxt_NAT.c of 1.8.8, which took the place of libipt_SNAT.c, libipt_DNAT.c, libipt_MASQUERADE.c and libipt_REDIRECT.c; libxt_NFLOG.c, libxt_string.c, libxt_sctp.c",
			matters:
				"Rules of newer versions do not load with 1.8.7, and saved texts differ where no rule does.",
			scenario: null,
			saved: {
				rules: "-A INPUT -m string --string a --algo bm -j DROP",
				as: '-A INPUT -m string --string "a" --algo bm -j DROP',
			},
		},
	),
	persistentOfSource: byIptables<"kept" | "lost">(
		{
			"1.8.7": "lost",
			"1.8.9": "kept",
			"1.8.11": "kept",
			"1.8.13": "kept",
		},
		{
			title: "SNAT with --persistent in front of --to-source",
			says: (value) =>
				value === "kept"
					? "it counts, wherever it stands; a second --to-source is refused as that of any option"
					: "it is lost; behind --to-source it counts. A second one is refused with other words: `Multiple --to-source not supported`, and so is a second --to-destination",
			source:
				"`SNAT_parse`, `append_range` (extensions/libipt_SNAT.c), `DNAT_parse` (extensions/libipt_DNAT.c) of 1.8.7; libxt_NAT.c of 1.8.8",
			matters:
				"Clients that were to keep their address are given another one with each connection.",
			scenario: null,
			saved: {
				table: "nat",
				rules:
					"-A POSTROUTING -j SNAT --persistent --to-source 192.0.2.1-192.0.2.9",
				as: "-A POSTROUTING -j SNAT --to-source 192.0.2.1-192.0.2.9 --persistent",
			},
		},
	),
	protocolNames: byIptables<"of the machine" | "its own">(
		{
			"1.8.7": "of the machine",
			"1.8.9": "of the machine",
			"1.8.11": "its own",
			"1.8.13": "its own",
		},
		{
			title: "protocols in the text of iptables-save",
			says: (value) =>
				value === "of the machine"
					? "all that /etc/protocols knows are printed by name: `-p gre`"
					: "those alone that iptables knows by itself are printed by name; others are numbers: `-p 47`",
			source:
				"ff57cd48, a369c736: `proto_to_name`, `save_rule_details` (iptables/xshared.c) of 1.8.10",
			matters: "Saved texts differ where no rule does.",
			scenario: null,
			saved: { rules: "-A INPUT -p 47 -j DROP", as: "-A INPUT -p gre -j DROP" },
		},
	),
	noInterface: byProgram<"lost" | "as it was given">(
		{
			legacy: {
				"1.8.7": "lost",
				"1.8.9": "lost",
				"1.8.11": "as it was given",
				"1.8.13": "as it was given",
			},
			nft: {
				"1.8.7": "lost",
				"1.8.9": "as it was given",
				"1.8.11": "as it was given",
				"1.8.13": "as it was given",
			},
		},
		{
			title: "an interface that no packet has, `! -i +`, in a saved text",
			says: (value) =>
				value === "lost"
					? "iptables-save leaves it out"
					: "it is printed as it was given",
			source:
				"8696f659 of 1.8.10 for iptables-legacy; for iptables-nft `parse_invalid_iface` of 1.8.8, which knows that INVAL/D stands for it (iptables/nft-shared.c)",
			matters:
				"A rule that never matched matches every packet once it is saved and restored by iptables-legacy 1.8.9 or iptables-nft 1.8.7.",
			scenario: null,
			saved: { rules: "-A INPUT ! -i + -j DROP", as: "-A INPUT -j DROP" },
		},
	),
	savedText: byIptables<"loses some" | "as it was given">(
		{
			"1.8.7": "loses some",
			"1.8.9": "loses some",
			"1.8.11": "as it was given",
			"1.8.13": "as it was given",
		},
		{
			title: "what iptables-save loses",
			says: (value) =>
				value === "loses some"
					? "`! --dport 0:65535`, `! --espspi 0:4294967295` are left out, great numbers of recent are negative, ICMP's type 255 has no code"
					: "such rules are printed as they were given",
			source: "95cdf550, 4195a89a, 9d400db2, 5b5430d6 of 1.8.10 and 1.8.11",
			matters:
				"A rule that never matched matches every packet once it is saved and restored by 1.8.9 or before.",
			scenario: null,
			saved: {
				rules: "-A INPUT -p esp -m esp ! --espspi 0:4294967295 -j DROP",
				as: "-A INPUT -p esp -m esp -j DROP",
			},
		},
	),
	endOfRule: byNft<"nothing" | "a blank">(
		"nothing",
		{
			"1.8.7": "a blank",
			"1.8.9": "nothing",
			"1.8.11": "nothing",
			"1.8.13": "nothing",
		},
		{
			title: "a rule without a target in the text of iptables-save",
			says: (value) =>
				value === "a blank"
					? "it ends with a blank"
					: "it ends with its matches",
			source:
				"`nft_ipv4_save_rule`, `save_matches_and_target` (iptables/nft-shared.c)",
			matters: "Saved texts differ where no rule does.",
			scenario: null,
			saved: {
				rules: "-A INPUT -s 10.0.0.9/32",
				as: "-A INPUT -s 10.0.0.9/32",
			},
		},
	),
};
