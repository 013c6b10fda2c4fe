/** What each operation keeps of what rules remember: stories that are compared on every Linux. */
import {
	at,
	INSIDE,
	iptables,
	OUTSIDE,
	observe,
	operationFails,
	operationSucceeds,
	packet,
	packetsOut,
	restore,
	scenario,
	setCondition,
} from "../../language/build/build.ts";
import type { ScenarioStep, Setup } from "../../language/scenario.ts";
import { byHand, chosen, syn } from "../kernel/by-hand.ts";

const suite = "linux";

/** One SYN after each of these operations, 10 ms apart, and what is loaded in the end. */
function afterEach(
	operations: readonly ScenarioStep[],
): readonly ScenarioStep[] {
	return [
		syn(40_000),
		...operations.flatMap((operation, index) => [
			...at(10 + index * 10, operation),
			...at(15 + index * 10, syn(40_001 + index)),
		]),
		...at(20 + operations.length * 10, observe("at the end")),
	];
}

const mangle = (command: string) => iptables(`-t mangle ${command}`);
const noflush = (name: string, lines: string) =>
	restore(
		{ name: `${name}.rules`, text: `*mangle\n${lines}COMMIT\n` },
		{ noflush: true },
	);

const RULE_2 =
	"-m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition mail1up -j MARK --set-mark 0x1";

/** A balancer of two backends, whose turns are rule 2's. */
const TURNS = {
	name: "turns.rules",
	text: `*mangle
:MAILMARK - [0:0]
-A MAILMARK -j CONNMARK --restore-mark
-A MAILMARK ${RULE_2}
-A MAILMARK -m mark --mark 0x0 -j MARK --set-mark 0x2
-A MAILMARK -j CONNMARK --save-mark
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j MAILMARK
COMMIT
*nat
-A PREROUTING -p tcp -m mark --mark 0x1 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp -m mark --mark 0x2 -j DNAT --to-destination 192.168.0.2
COMMIT
`,
};

/** Operations that name other rules. */
const ELSEWHERE = [
	mangle("-A FORWARD -s 172.16.0.0/24 -j ACCEPT"),
	mangle("-I MAILMARK 1 -s 172.16.0.1/32"),
	mangle("-R MAILMARK 1 -s 172.16.0.2/32"),
	mangle("-D MAILMARK 1"),
	mangle("-N OTHER"),
	mangle("-A OTHER -s 172.16.0.3/32"),
	mangle("-E OTHER ANOTHER"),
	mangle("-F ANOTHER"),
	mangle("-X ANOTHER"),
	mangle("-P FORWARD ACCEPT"),
	mangle("-N EMPTY"),
	mangle("-Z EMPTY"),
	mangle("-Z MAILMARK 1"),
	mangle("-Z PREROUTING"),
	noflush("one-more", "-A FORWARD -s 172.16.1.0/24 -j ACCEPT\n"),
	noflush("chain-declared", ":OUTPUT ACCEPT [0:0]\n"),
	noflush("another-chain", ":EMPTY - [0:0]\n-A EMPTY -s 172.16.0.4/32\n"),
];

/** Operations that name the rule itself, or everything. */
const UPON_ITSELF = [
	mangle(`-R MAILMARK 2 ${RULE_2}`),
	mangle("-Z"),
	mangle("-Z MAILMARK"),
	mangle("-Z MAILMARK 2"),
	mangle("-L -Z"),
	restore(TURNS),
];

const turns = (count: number, more: string) =>
	Array.from({ length: count }, () => more).join(" ");

/** Three packets fill what the rule remembers; how many pass tells whether it forgot. */
function remembered(name: string, text: string): Setup {
	return byHand({ ruleset: { name: `${name}.rules`, text } });
}

const flow = (port: number) =>
	packet(OUTSIDE, `udp 10.0.0.10:${port} > 192.168.0.1:53`);

/** Two packets of each of these ports, an operation between every two. */
function story(facts: {
	readonly name: string;
	readonly title: string;
	readonly about: string;
	readonly match: string;
	/** Of the packets, those that pass where nothing is kept. */
	readonly passing: readonly number[];
}) {
	const rules = `*filter\n:OTHER - [0:0]\n-A FORWARD -s 172.16.9.9/32 -j OTHER\n-A FORWARD ${facts.match} -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT\n`;
	const operations = [
		iptables("-A INPUT -s 172.16.0.0/24 -j ACCEPT"),
		iptables("-Z OTHER"),
		restore(
			{
				name: "one-more.rules",
				text: "*filter\n-A OTHER -s 172.16.0.1/32\nCOMMIT\n",
			},
			{ noflush: true },
		),
		iptables(`-R FORWARD 2 ${facts.match} -j ACCEPT`),
		iptables("-Z FORWARD"),
	];
	return scenario({
		name: facts.name,
		suite,
		title: facts.title,
		story: facts.about,
		setup: remembered(facts.name, rules),
		steps: [
			...[0, 1].flatMap((n) => at(n, flow(40_000 + n))),
			...operations.flatMap((operation, index) =>
				at(
					10 + index * 10,
					operation,
					...[0, 1].map((n) => at(1 + n, flow(41_000 + index * 2 + n))),
				),
			),
			at(100, observe("at the end")),
		],
		expect: [
			packetsOut(
				INSIDE,
				facts.passing.map((port) => `udp 10.0.0.10:${port} > *`),
				{ exactly: true },
			),
		],
	});
}

/** The first of every two, in each piece between operations. */
const ONE_OF_TWO = [40_000, 41_000, 41_002, 41_004, 41_006, 41_008];

export const operationsOnRules = [
	scenario({
		name: "operations-elsewhere",
		suite,
		title: "Any operation on another rule begins the turns anew",
		story:
			"Seventeen operations that leave rule 2 alone, a SYN after each. iptables-legacy loads the whole of mangle anew for each of them: all go to backend 1. Under iptables-nft none of them touches the counter.",
		setup: byHand({ ruleset: TURNS }),
		steps: afterEach(ELSEWHERE),
		expect: [chosen(turns(ELSEWHERE.length + 1, "1"))],
	}),
	scenario({
		name: "operations-on-the-rule",
		suite,
		title: "Operations that name the rule begin its turns anew",
		story:
			"Replacing rule 2 by its own text, zeroing it alone, with its chain or its table, and restoring the file: each puts a new rule in its place, under iptables-nft as well.",
		setup: byHand({ ruleset: TURNS }),
		steps: afterEach(UPON_ITSELF),
		expect: [chosen(turns(UPON_ITSELF.length + 1, "1"))],
	}),
	scenario({
		name: "operations-zero-number",
		suite,
		title: "-Z with the rule's number begins turns anew, counted or not",
		story:
			"mail1up is 1: the SYN moves the turn and is not counted. -Z MAILMARK 2 replaces the rule all the same.",
		setup: byHand({ ruleset: TURNS, conditions: { mail1up: "1" } }),
		steps: [
			syn(40_000),
			at(10, mangle("-Z MAILMARK 2"), setCondition("mail1up", "0")),
			at(20, syn(40_001)),
			at(30, syn(40_002)),
			at(40, observe("at the end")),
		],
		expect: [chosen("2 1 2")],
	}),
	story({
		name: "operations-and-limit",
		title: "Any edit fills every limit of its table",
		about:
			"One packet an hour, and between every two packets an operation of filter. iptables-legacy fills the limit with each of them; iptables-nft with the last two alone, which name the rule.",
		match: "-m limit --limit 1/hour --limit-burst 1",
		passing: ONE_OF_TWO,
	}),
	story({
		name: "operations-and-quota",
		title: "Any edit fills every quota of its table",
		about:
			"A quota for one packet, and between every two packets an operation of filter. iptables-legacy fills it with each of them; iptables-nft with the last two alone.",
		match: "-m quota --quota 40",
		passing: ONE_OF_TWO,
	}),
	story({
		name: "operations-and-connlimit",
		title: "Any edit empties every connlimit of its table",
		about:
			"One connection at a time, and between every two an operation of filter. iptables-legacy begins to count anew with each of them; iptables-nft with the last two alone.",
		match:
			"-m connlimit --connlimit-upto 1 --connlimit-mask 32 --connlimit-saddr",
		passing: ONE_OF_TWO,
	}),
	scenario({
		name: "operations-on-chains",
		suite,
		title: "Built-in chains come and go",
		story:
			"Chains are used, declared, flushed and deleted, tables emptied, and a packet passes between every two of them. What iptables-save shows of policies tells which chains are there.",
		setup: remembered(
			"chains",
			"*filter\n-A INPUT -s 172.16.0.1/32 -j DROP\nCOMMIT\n",
		),
		steps: [
			...[
				iptables("-A FORWARD -s 172.16.0.2/32"),
				iptables("-Z"),
				iptables("-F"),
				iptables("-X", "delete all chains"),
				iptables("-t mangle -N OWN"),
				iptables("-t mangle -F POSTROUTING"),
				iptables("-t mangle -Z PREROUTING -L"),
				iptables("-t mangle -P FORWARD ACCEPT"),
				iptables("-t mangle -X FORWARD", "delete a built-in chain"),
				iptables("-t mangle -Z FORWARD", "zero a built-in chain"),
				restore({ name: "nothing.rules", text: "*mangle\nCOMMIT\n" }),
				iptables("-t raw -L"),
				iptables("-t raw -F PREROUTING"),
				restore(
					{
						name: "declared.rules",
						text: "*filter\n:FORWARD ACCEPT [3:300]\n:INPUT - [0:0]\nCOMMIT\n",
					},
					{ counters: true },
				),
				iptables("-A FORWARD -s 172.16.0.3/32"),
			].flatMap((operation, index) =>
				at(
					10 + index * 10,
					operation,
					at(1, flow(40_000 + index)),
					at(2, observe(`after operation ${index + 1}`)),
				),
			),
		],
		expect: [
			operationSucceeds("delete all chains", {
				because: "none is there that iptables-legacy would delete",
			}),
			operationFails("delete a built-in chain", "Invalid argument"),
			packetsOut(
				INSIDE,
				Array.from({ length: 15 }, () => "udp *"),
				{
					exactly: true,
				},
			),
		],
	}),
];
