import {
	connect,
	iptables,
	operationFails,
	operationSucceeds,
	restore,
	scenario,
} from "../../language/build/build.ts";
import { recipeSetup } from "../../language/build/build-recipe.ts";

const suite = "linux";

/** A command or two, and a connection that goes on as before. */
const shown = (
	about: Pick<Parameters<typeof scenario>[0], "name" | "title" | "story">,
	steps: Parameters<typeof scenario>[0]["steps"],
	expect: Parameters<typeof scenario>[0]["expect"],
) =>
	scenario({
		...about,
		suite,
		setup: recipeSetup(),
		steps: [...steps, connect(1)],
		expect,
	});

/** What versions and backends of iptables do in different ways. */
export const programDifferences = [
	shown(
		{
			name: "refused-option-has-its-letter",
			title: "A refused option is named by its letter",
			story:
				"iptables 1.8.9 names an option that it refuses by its letter, and versions from 1.8.10 on by its long name. Nothing is loaded.",
		},
		[
			iptables("-t mangle -A POSTROUTING -i eth0 -j ACCEPT", "way-in"),
			iptables("-A INPUT -s 10.0.0.9 -s 10.0.0.10 -j DROP", "twice"),
			iptables("-F INPUT -d 10.0.0.9", "illegal"),
		],
		[
			operationFails("way-in", "Can't use -i with POSTROUTING"),
			operationFails("twice", "multiple -s flags not allowed"),
			operationFails("illegal", "Illegal option `-d' with this command"),
		],
	),
	shown(
		{
			name: "table-in-a-file-is-refused",
			title: "A -t in a file is refused",
			story:
				"The line `*TABLE` names the table of a file, and no rule can name another one. iptables 1.8.7 says as well in which line the -t was seen.",
		},
		[
			restore(
				{
					name: "tables.rules",
					text: "*filter\n-A INPUT -t mangle -j ACCEPT\nCOMMIT\n",
				},
				{ label: "restored" },
			),
		],
		[
			operationFails(
				"restored",
				"The -t option cannot be used in iptables-restore",
			),
		],
	),
	shown(
		{
			name: "missing-number-is-too-big",
			title: "The number of a rule that is not there is too big",
			story:
				"INPUT has no rule. iptables-legacy calls the number 5 too big for -D and -R; iptables-nft, from 1.8.8 on, does not find the chain, which is not in the kernel yet.",
		},
		[
			iptables("-D INPUT 5", "deleted"),
			iptables("-R INPUT 5 -j ACCEPT", "replaced"),
		],
		[
			operationFails("deleted", "Index of deletion too big"),
			operationFails("replaced", "Index of replacement too big"),
		],
	),
	shown(
		{
			name: "missing-number-to-zero-is-refused",
			title: "The counters of a rule that is not there do not begin anew",
			story:
				"INPUT has one rule. `-Z INPUT 9` is refused by both programs; iptables-nft up to 1.8.9 passes it over, once the chain is there.",
		},
		[
			iptables("-A INPUT -s 10.0.0.9 -j DROP"),
			iptables("-Z INPUT 9", "zeroed"),
		],
		[operationFails("zeroed", "")],
	),
	shown(
		{
			name: "replaced-at-once",
			title: "A file may replace a rule that it has put in itself",
			story:
				"The rule is appended and replaced twice in the same table of the same file. iptables-legacy changes a copy of the table. iptables-nft up to 1.8.11 frees the first rule, which it has yet to send to the kernel, and dies; 1.8.13 sends the second one in its place, and has no rule 1 any more.",
		},
		[
			restore(
				{
					name: "replaced.rules",
					text: "*filter\n-A INPUT -s 10.0.0.9 -j DROP\n-R INPUT 1 -s 10.0.0.8 -j DROP\n-R INPUT 1 -s 10.0.0.7 -j DROP\nCOMMIT\n",
				},
				{ label: "replaced" },
			),
		],
		[operationSucceeds("replaced")],
	),
	shown(
		{
			name: "replacement-has-one-address",
			title: "A rule is not replaced by one of two addresses",
			story:
				"-R with two addresses behind -s. Up to 1.8.9 the command is refused. From 1.8.10 on the rule has the first of the two.",
		},
		[
			iptables("-A INPUT -s 10.0.0.9 -j DROP"),
			iptables("-R INPUT 1 -s 10.0.0.8,10.0.0.7 -j DROP", "replaced"),
		],
		[
			operationFails(
				"replaced",
				"Replacement rule does not specify a unique address",
			),
		],
	),
	shown(
		{
			name: "trace-is-for-raw",
			title: "Packets cannot be traced from the table filter on",
			story:
				"The kernel takes TRACE in raw alone. iptables-nft writes it as a mark of nf_tables' own, which any table may set.",
		},
		[iptables("-A INPUT -s 10.0.0.9 -j TRACE", "traced")],
		[operationFails("traced", "Invalid argument")],
	),
	shown(
		{
			name: "verdict-is-no-name-of-a-chain",
			title: "A chain cannot be renamed to ACCEPT",
			story:
				"iptables-legacy finds a target of that name. iptables-nft up to 1.8.9 renames the chain.",
		},
		[iptables("-N ONE"), iptables("-E ONE ACCEPT", "renamed")],
		[operationFails("renamed", "")],
	),
	shown(
		{
			name: "chain-has-a-targets-name",
			title: "A chain that is called like a target is a chain",
			story:
				"The file declares a chain MARK, and a rule jumps to it. iptables 1.8.7 takes the name for the target, which needs an option, and refuses the file.",
		},
		[
			restore(
				{
					name: "mark.rules",
					text: "*filter\n:MARK - [0:0]\n-A INPUT -j MARK\nCOMMIT\n",
				},
				{ label: "declared" },
			),
		],
		[operationSucceeds("declared")],
	),
	shown(
		{
			name: "chain-hides-a-target",
			title: "A chain hides the target of its name",
			story:
				"A chain of filter is called SNAT, and a later command names the target SNAT. iptables-legacy jumps to the chain. iptables-nft takes the target, which is none of this table.",
		},
		[
			restore({
				name: "snat.rules",
				text: "*filter\n:SNAT - [0:0]\nCOMMIT\n",
			}),
			iptables("-A INPUT -j SNAT --to-source 10.0.0.1", "appended"),
		],
		[operationSucceeds("appended")],
	),
	shown(
		{
			name: "goto-has-a-targets-name",
			title: "A goto leads to a chain that is called like a target",
			story:
				"The file declares a chain LOG, and a rule goes there. iptables-nft 1.8.7 saves the rule as the target LOG.",
		},
		[
			restore(
				{
					name: "goto.rules",
					text: "*filter\n:LOG - [0:0]\n-A INPUT -g LOG\nCOMMIT\n",
				},
				{ label: "declared" },
			),
		],
		[operationSucceeds("declared")],
	),
	shown(
		{
			name: "verdict-is-not-declared",
			title: "A file cannot declare a chain called ACCEPT",
			story:
				"iptables-legacy finds a chain of that name, and iptables-nft refuses the name from 1.8.8 on. 1.8.7 makes the chain.",
		},
		[
			restore(
				{
					name: "declared.rules",
					text: "*filter\n:ACCEPT - [0:0]\nCOMMIT\n",
				},
				{ label: "declared" },
			),
		],
		[operationFails("declared", "")],
	),
	shown(
		{
			name: "flush-in-a-file-flushes",
			title: "-F within a file takes the rules above it away",
			story:
				"A rule of OUTPUT stands above -F, one of INPUT below it. iptables-legacy changes a copy of the table, in which both are. iptables-nft throws the old table away first, does not find it at -F and flushes nothing: the number 1 of OUTPUT is there.",
		},
		[
			restore({
				name: "flushed.rules",
				text: "*filter\n-A OUTPUT -d 10.0.0.9 -j DROP\n-F\n-A INPUT -s 10.0.0.9 -j DROP\nCOMMIT\n",
			}),
			iptables("-D OUTPUT 1", "deleted"),
		],
		[operationFails("deleted", "Index of deletion too big")],
	),
	shown(
		{
			name: "built-in-chains-are-kept",
			title: "A built-in chain cannot be deleted",
			story:
				"One built-in chain has a rule, one another policy than ACCEPT. iptables-legacy calls `-X` of either an invalid argument. Under iptables-nft the kernel finds the first one in use, and iptables the second one.",
		},
		[
			iptables("-A INPUT -s 10.0.0.9 -j DROP"),
			iptables("-X INPUT", "with a rule"),
			iptables("-P FORWARD DROP"),
			iptables("-X FORWARD", "with a policy"),
			iptables("-P FORWARD ACCEPT"),
		],
		[
			operationFails("with a rule", "Invalid argument"),
			operationFails("with a policy", "Invalid argument"),
		],
	),
	shown(
		{
			name: "unused-circle-loads",
			title: "Chains that nothing leads to may jump in a circle",
			story:
				"ONE jumps to TWO and TWO to ONE; no built-in chain jumps to either. Linux 5.10 follows the jump of each rule that iptables-nft adds and refuses the circle. Other kernels walk from the built-in chains.",
		},
		[
			restore(
				{
					name: "circle.rules",
					text: "*filter\n:ONE - [0:0]\n:TWO - [0:0]\n-A ONE -j TWO\n-A TWO -j ONE\nCOMMIT\n",
				},
				{ label: "circle" },
			),
		],
		[operationSucceeds("circle")],
	),
	shown(
		{
			name: "attached-address-is-refused",
			title: "What is attached to its option is read with the option in front",
			story:
				"iptables 1.8.9 reads -ieth012345678901 with the option in front, and finds the name of the interface too long. From 1.8.10 on the rule is loaded.",
		},
		[iptables("-A INPUT -ieth012345678901 -j DROP", "attached")],
		[
			operationFails(
				"attached",
				"interface name `-ieth012345678901' must be shorter than IFNAMSIZ (15)",
			),
		],
	),
	shown(
		{
			name: "descending-range-is-accepted",
			title: "A range that descends is accepted, and matches nothing",
			story:
				"iptables 1.8.9 takes -m length --length 30:20 and -m conntrack --ctproto 0. From 1.8.10 on it refuses both, and with them all of a file's table.",
		},
		[
			iptables("-A INPUT -m length --length 30:20 -j DROP", "length"),
			iptables("-A INPUT -m conntrack --ctproto 0 -j DROP", "ctproto"),
		],
		[operationSucceeds("length"), operationSucceeds("ctproto")],
	),
	shown(
		{
			name: "odd-policy-counters-are-passed-over",
			title:
				"Counters of a policy that are not written as such are passed over",
			story:
				"Behind a policy stands [0: 0] instead of [0:0]. iptables-restore 1.8.9 passes over it unless it is called with -c. From 1.8.10 on it refuses the file.",
		},
		[
			restore(
				{
					name: "odd.rules",
					text: "*filter\n:INPUT ACCEPT [0: 0]\nCOMMIT\n",
				},
				"odd",
			),
		],
		[operationSucceeds("odd")],
	),
	shown(
		{
			name: "commit-without-newline-is-no-commit",
			title: "A COMMIT without a newline behind it is no COMMIT",
			story:
				"The file ends with its last letter, the T of COMMIT. iptables-legacy takes the line for a command that it does not know and refuses the table. iptables-nft closes the table.",
		},
		[
			restore(
				{
					name: "unended.rules",
					text: "*filter\n-A INPUT -s 10.0.0.9 -j DROP\nCOMMIT",
				},
				{ label: "unended" },
			),
		],
		[operationFails("unended", "Bad argument `COMMIT'")],
	),
	shown(
		{
			name: "jump-to-no-chain-is-no-target",
			title:
				"A jump to a chain that is not there is a target that is not there",
			story:
				"iptables-legacy looks for a target of that name when it reads the rule. iptables-nft looks for a chain once it comes to the COMMIT, and passes over policies of users' chains.",
		},
		[
			restore(
				{
					name: "nowhere.rules",
					text: "*filter\n-A INPUT -j NOWHERE\nCOMMIT\n",
				},
				{ label: "nowhere", noflush: true },
			),
			restore(
				{ name: "policy.rules", text: "*filter\n:OWN DROP [0:0]\nCOMMIT\n" },
				{ label: "policy", noflush: true },
			),
		],
		[
			operationFails("nowhere", "Couldn't load target `NOWHERE'", {
				exitCode: 2,
			}),
			operationFails("policy", "Can't set policy `DROP' on `OWN'", {
				exitCode: 1,
			}),
		],
	),
	shown(
		{
			name: "refused-rule-has-the-line-of-commit",
			title: "Of a rule that the kernel refuses, the COMMIT's line is named",
			story:
				"DNAT is for the table nat. iptables-legacy sends the table as a whole, and names the line of its COMMIT. iptables-nft names the rule and its chain.",
		},
		[
			restore(
				{
					name: "dnat.rules",
					text: "*mangle\n-A PREROUTING -p tcp -j DNAT --to-destination 192.168.0.1\nCOMMIT\n",
				},
				{ label: "dnat", noflush: true },
			),
		],
		[operationFails("dnat", "line 3 failed", { exitCode: 1 })],
	),
	shown(
		{
			name: "list-and-zero-take-numeric",
			title: "Rules are listed with numbers and zeroed in one command",
			story:
				"iptables -n -L -Z shows what rules have counted, and begins anew. 1.8.11 alone refuses -n, and zeroes nothing.",
		},
		[iptables("-t mangle -n -L PREROUTING -Z", "listed")],
		[operationSucceeds("listed")],
	),
	shown(
		{
			name: "long-chain-name-is-invalid",
			title: "A chain's name of 29 characters is invalid",
			story:
				"A file declares a chain of 29 characters. All versions refuse it, iptables-nft in the words that iptables -N has.",
		},
		[
			restore(
				{
					name: "long.rules",
					text: "*filter\n:A2345678901234567890123456789 - [0:0]\nCOMMIT\n",
				},
				{ label: "long", noflush: true },
			),
		],
		[
			operationFails(
				"long",
				"Invalid chain name `A2345678901234567890123456789'",
			),
		],
	),
	shown(
		{
			name: "clamp-without-syn-is-refused",
			title: "TCPMSS without --syn is refused",
			story:
				"The rule clamps the MSS and does not ask for SYN packets. The kernel refuses it from iptables-legacy, and takes it from iptables-nft.",
		},
		[
			iptables(
				"-t mangle -A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu",
				"clamp",
			),
		],
		[operationFails("clamp", "Invalid argument")],
	),
	shown(
		{
			name: "name-of-29-is-too-long",
			title: "A command that names a chain of 29 characters is refused",
			story:
				"No chain can be called so, and iptables says that the name is too long. Version 1.8.7 with legacy looks for the chain and finds none.",
		},
		[iptables("-A A2345678901234567890123456789 -j DROP", "long")],
		[operationFails("long", "too long (must be under 29 chars)")],
	),
	shown(
		{
			name: "name-with-a-blank-is-refused",
			title: "A chain's name with a blank is refused",
			story:
				"A script makes a chain of two words. iptables-nft 1.8.7 makes it, and what iptables-save prints then cannot be restored.",
		},
		[iptables('-N "A B"', "blank")],
		[operationFails("blank", "Invalid chain name `A B'")],
	),
	shown(
		{
			name: "clamp-in-a-called-chain-is-refused",
			title: "A chain that clamps the MSS cannot be called from INPUT",
			story:
				"A chain of the user's clamps the MSS to the path, which is known of packets that go out alone. INPUT calls it. The kernel refuses that from iptables-legacy; from iptables-nft it looks at what called chains lead to from Linux 7.2 on.",
		},
		[
			restore(
				{
					name: "clamp.rules",
					text: "*mangle\n:CLAMP - [0:0]\n-A INPUT -j CLAMP\n-A CLAMP -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\nCOMMIT\n",
				},
				{ label: "clamp", noflush: true },
			),
		],
		[operationFails("clamp", "failed")],
	),
];
