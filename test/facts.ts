/**
 * What a real kernel was measured to do (6.1.192, iptables 1.8.9, xt_condition 3.23), fact by fact,
 * and where the project shows that the model does it too.
 */

/** A built-in scenario by its name, or a test by its file and a part of its title. */
type Proof =
	| { readonly scenario: string }
	| { readonly file: string; readonly test: string };

export interface Fact {
	readonly id: string;
	readonly says: string;
	readonly shownBy: readonly Proof[];
}

const scenarios = (...names: readonly string[]): readonly Proof[] =>
	names.map((scenario) => ({ scenario }));
const ruleset = (...titles: readonly string[]): readonly Proof[] =>
	titles.map((test) => ({ file: "sim/ruleset/facts.test.ts", test }));

const STATISTIC: readonly Fact[] = [
	{
		id: "nth-every-2",
		says: "Every second packet, from the first or from the second one on: 1 2 1 2 …, 2 1 2 1 ….",
		shownBy: scenarios("nth-every-2-packet-0", "nth-every-2-packet-1"),
	},
	{
		id: "nth-every-3",
		says: "Every third packet: 1 2 2, 2 1 2 or 2 2 1, again and again.",
		shownBy: scenarios(
			"nth-every-3-packet-0",
			"nth-every-3-packet-1",
			"nth-every-3-packet-2",
		),
	},
	{
		id: "nth-position",
		says: "The counter is the rule's own and counts what gets as far as it: matches on its left decide, those on its right do not.",
		shownBy: scenarios(
			"nth-counts-what-reaches-it",
			"nth-left-match-is-not-counted",
			"failover-recovery",
		),
	},
	{
		id: "nth-reset",
		says: "Any change to its table starts a counter anew: append, restore with and without --noflush, zero. In between any two connections, all go to b1.",
		shownBy: [
			...scenarios(
				"nth-starts-anew-on-append",
				"nth-starts-anew-on-restore",
				"nth-starts-anew-on-noflush",
				"nth-starts-anew-on-zero",
				"reload-between-connections",
			),
			...ruleset("touches it"),
		],
	},
	{
		id: "nth-empty-load",
		says: "A load with --noflush that has nothing to do is not carried out, and the counter goes on.",
		shownBy: scenarios("nth-survives-empty-noflush"),
	},
	{
		id: "nth-other-table",
		says: "A change to another table leaves it alone.",
		shownBy: [
			...scenarios("nth-survives-change-to-nat", "reload-nat-only"),
			...ruleset("A change to the nat table does not touch them"),
		],
	},
	{
		id: "nth-retransmission",
		says: "A retransmitted SYN has its mark from the connection and is not counted: 1 1 2 2 1 1 2 2.",
		shownBy: scenarios(
			"nth-retransmission-not-counted",
			"affinity-retransmitted-syn",
		),
	},
	{
		id: "nth-options",
		says: "--every needs --packet, is at least 1, and --packet is below it.",
		shownBy: [
			...scenarios("nth-refused-options"),
			...ruleset("`--packet` must be below `--every`"),
		],
	},
];

const CONDITION: readonly Fact[] = [
	{
		id: "condition-life",
		says: "A condition comes with the first rule that names it, with 0; without a rule it cannot be written.",
		shownBy: scenarios(
			"condition-begins-with-its-rule",
			"conditions-unknown-name",
		),
	},
	{
		id: "condition-write",
		says: "A write is read by its first character: 1 sets, 0 clears, everything else and nothing at all leave it as it is, without an error.",
		shownBy: scenarios("conditions-odd-writes"),
	},
	{
		id: "condition-restore",
		says: "A load over rules that name it keeps its value.",
		shownBy: scenarios("condition-kept-by-restore", "reload-keeps-conditions"),
	},
	{
		id: "condition-flush-and-load",
		says: "Flush and load, or delete the rule and add it again, and it is 0: what was dead is taken for alive.",
		shownBy: scenarios(
			"condition-lost-by-flush",
			"condition-lost-with-its-rule",
			"reload-after-flush",
		),
	},
	{
		id: "condition-delete",
		says: "-D and -C by specification never find a rule with a condition; -D by number does.",
		shownBy: [
			...scenarios("condition-rule-not-found-by-specification"),
			...ruleset(
				"never find a rule that has `-m condition`",
				"Delete by number, or restore the whole chain",
			),
		],
	},
	{
		id: "condition-file",
		says: "After a flush the file is gone at once, and a write fails. (Its mode and owner, which module parameters set, and other network namespaces are no part of a gateway's doings.)",
		shownBy: scenarios("condition-lost-by-flush"),
	},
	{
		id: "condition-names",
		says: "The kernel refuses a/b and .., iptables refuses more than 30 characters.",
		shownBy: [
			...scenarios("condition-names"),
			...ruleset("more than 30 characters by iptables"),
		],
	},
];

const CONNTRACK: readonly Fact[] = [
	{
		id: "entry-syn-sent",
		says: "A SYN: SYN_SENT, 120 s, the mark visible at once; retransmissions stay with it, also when the condition has flipped.",
		shownBy: scenarios("conntrack-syn-sent", "stuck-syn", "stuck-same-port"),
	},
	{
		id: "entry-established",
		says: "A handshake: ESTABLISHED [ASSURED], 432000 s; a backend marked dead keeps its connections.",
		shownBy: scenarios(
			"conntrack-established",
			"affinity-while-conditions-flip",
		),
	},
	{
		id: "entry-time-wait",
		says: "FIN both ways: TIME_WAIT, 120 s; a SYN with the same ports ends it and is chosen anew.",
		shownBy: scenarios(
			"conntrack-time-wait",
			"affinity-port-reuse-in-time-wait",
		),
	},
	{
		id: "backend-refuses",
		says: "A backend's RST on SYN_SENT is passed on as from the service, and the entry is gone at once.",
		shownBy: scenarios("conntrack-backend-refuses"),
	},
	{
		id: "both-dead",
		says: "Both dead: the router answers RST and keeps no entry; with INPUT DROP nobody answers and no entry is confirmed; after the recovery the same ports are balanced.",
		shownBy: scenarios(
			"conntrack-both-dead",
			"conntrack-both-dead-dropped",
			"failover-both-dead",
			"failover-both-dead-dropped",
		),
	},
	{
		id: "evicted",
		says: "Evicted and picked up mid-stream: NEW, the other backend, 300 s, [UNREPLIED], and its RST tells the client; with tcp_loose=0 INVALID, and the router's RST does.",
		shownBy: scenarios(
			"conntrack-evicted-picked-up",
			"conntrack-evicted-strict",
			"stuck-established-evicted",
			"stuck-established-evicted-strict",
		),
	},
	{
		id: "take-over",
		says: "On a second router the client's packet gets the next turn, and a backend's goes out untranslated and makes the client's next one clash: another source port.",
		shownBy: scenarios(
			"conntrack-take-over-client-first",
			"conntrack-take-over-backend-first",
			"take-over-client-first",
			"take-over-backend-first",
		),
	},
	{
		id: "invalid",
		says: "SYN|FIN and no flags at all are INVALID and for the router itself; TTL 1 is answered by ICMP 11/0 and leaves no entry.",
		shownBy: scenarios("conntrack-invalid-flags", "conntrack-ttl-exceeded"),
	},
	{
		id: "no-neighbour",
		says: "A backend without ARP: ICMP 3/1 after three seconds, and the SYN_SENT entry stays.",
		shownBy: scenarios("conntrack-no-neighbour", "stuck-same-port"),
	},
	{
		id: "table-size",
		says: "The table has a size, by the machine's memory or as it is set.",
		shownBy: scenarios("conntrack-max", "table-full-of-established"),
	},
];

const REFUSALS: readonly Fact[] = [
	"`* mangle`, `: MAILMARK - [0: 0]` | accepted",
	"Couldn't load match `condition!'",
	"Bad argument `-'",
	"COMMIT expected at line N",
	"Couldn't load target `NOPE'",
	"Can't use -i with POSTROUTING",
	"`--dport` without `-p`",
	"chain name of more than 28 characters",
	"host/network not found / invalid mask",
	"`--set-mark 0x10/0xf0`, `--mark 1/0xff` | accepted",
	"invalid portrange (min > max)",
	"a policy on a user-defined chain",
	"a jump loop",
].map((title, index) => ({
	id: `refusal-${index + 1}`,
	says: title,
	shownBy: ruleset(title),
}));

const SPEED: readonly Fact[] = [
	{
		id: "speed",
		says: "A kernel makes about 190,000 new connections and forwards 280,000 known packets a second on one core; `make bench` measures the model.",
		shownBy: [{ file: "bench/gateway-bench.ts", test: "new connections" }],
	},
];

export const FACTS: readonly Fact[] = [
	...STATISTIC,
	...CONDITION,
	...CONNTRACK,
	...REFUSALS,
	...SPEED,
];
