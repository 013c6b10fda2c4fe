import {
	at,
	counter,
	iptables,
	observe,
	operationFails,
	restore,
	scenario,
	setCondition,
} from "../../language/build/build.ts";
import type { ScenarioStep } from "../../language/scenario.ts";
import { byHand, chosen, syn, syns } from "./by-hand.ts";

const suite = "kernel-statistic";

/** A balancer whose first rule takes what this match takes; the second backend gets the rest. */
function first(match: string) {
	const text = `*mangle
:MAILMARK - [0:0]
-A MAILMARK -j CONNMARK --restore-mark
-A MAILMARK -m mark --mark 0x0 ${match} -j MARK --set-mark 1
-A MAILMARK -m mark --mark 0x0 -j MARK --set-mark 2
-A MAILMARK -j CONNMARK --save-mark
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j MAILMARK
COMMIT
*nat
-A PREROUTING -i bond0.204 -m mark --mark 1 -p tcp -j DNAT --to-destination 192.168.0.1
-A PREROUTING -i bond0.204 -m mark --mark 2 -p tcp -j DNAT --to-destination 192.168.0.2
COMMIT
`;
	return byHand({ ruleset: { name: "first-rule.rules", text } });
}

const nth = (every: number, packet: number) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;

/** Six connections through a counter, and which backends they get. */
function turns(every: number, packet: number, backends: string) {
	return scenario({
		name: `nth-every-${every}-packet-${packet}`,
		suite,
		title: `--every ${every} --packet ${packet} begins with ${backends}`,
		story: `The counter starts so that packet number ${packet} of each ${every} matches, counted from 0. What does not match goes to backend 2.`,
		setup: first(nth(every, packet)),
		steps: [...syns(6)],
		expect: [chosen(backends)],
	});
}

/** Eight connections, and this between every two of them. */
function between(
	change: {
		readonly name: string;
		readonly title: string;
		readonly story: string;
		readonly step: (index: number) => ScenarioStep;
	},
	backends: string,
) {
	const count = backends.split(" ").length;
	return scenario({
		name: change.name,
		suite,
		title: change.title,
		story: change.story,
		setup: byHand(),
		steps: [
			...syns(count),
			...Array.from({ length: count }, (_, index) =>
				at(index * 10 + 5, change.step(index)),
			),
		],
		expect: [chosen(backends)],
	});
}

const ALL_FIRST = "1 1 1 1 1 1 1 1";

/** What a kernel does with `statistic --mode nth`. */
export const statisticFacts = [
	turns(2, 0, "1 2 1 2 1 2"),
	turns(2, 1, "2 1 2 1 2 1"),
	turns(3, 0, "1 2 2 1 2 2"),
	turns(3, 1, "2 1 2 2 1 2"),
	turns(3, 2, "2 2 1 2 2 1"),
	scenario({
		name: "nth-counts-what-reaches-it",
		suite,
		title:
			"Matches left of the counter decide what is counted, matches right of it do not",
		story:
			"In the recipe the condition stands right of the counter. While mail1up is 1, three SYNs are counted and not marked by rule 2. With 0 again, the fourth is an even one: backend 2.",
		setup: byHand({ conditions: { mail1up: "1" } }),
		steps: [
			...syns(3),
			at(100, setCondition("mail1up", "0")),
			at(200, ...syns(3, 41_000)),
		],
		expect: [chosen("2 2 2 2 1 2")],
	}),
	scenario({
		name: "nth-left-match-is-not-counted",
		suite,
		title: "What a match left of the counter turns away is not counted",
		story:
			"Here the condition stands left of the counter. While it is set nothing reaches the counter, so after three SYNs the next one is still the first.",
		setup: first(`-m condition ! --condition off ${nth(2, 0)}`),
		steps: [
			setCondition("off", "1"),
			...syns(3),
			at(100, setCondition("off", "0")),
			at(200, ...syns(3, 41_000)),
		],
		expect: [chosen("2 2 2 1 2 1")],
	}),
	between(
		{
			name: "nth-starts-anew-on-append",
			title: "Appending any rule to mangle starts its counters anew",
			story:
				"`iptables -t mangle -A` of an unrelated rule replaces the whole table, with new counters in it. Between every two connections: all go to backend 1.",
			step: (index) =>
				iptables(`-t mangle -A FORWARD -s 172.16.${index}.0/24 -j ACCEPT`),
		},
		ALL_FIRST,
	),
	between(
		{
			name: "nth-starts-anew-on-restore",
			title: "iptables-restore starts the counters anew",
			story:
				"The same ruleset is loaded between every two connections: all go to backend 1.",
			step: () => restore("recipe.rules"),
		},
		ALL_FIRST,
	),
	between(
		{
			name: "nth-starts-anew-on-noflush",
			title: "… with --noflush as well",
			story:
				"`iptables-restore --noflush` adds one unrelated rule and leaves the others as they are; their counters all start anew.",
			step: (index) =>
				restore(
					{
						name: "one-more.rules",
						text: `*mangle\n-A FORWARD -s 172.16.${index}.0/24 -j ACCEPT\nCOMMIT\n`,
					},
					{ noflush: true },
				),
		},
		ALL_FIRST,
	),
	between(
		{
			name: "nth-survives-empty-noflush",
			title: "A load that changes nothing is not carried out at all",
			story:
				"`iptables-restore --noflush` of a mangle table with no line in it gives libiptc nothing to do, and it does not even ask the kernel (`TC_COMMIT`, iptables 1.8.9): the counters go on.",
			step: () =>
				restore(
					{ name: "empty.rules", text: "*mangle\nCOMMIT\n" },
					{ noflush: true },
				),
		},
		"1 2 1 2 1 2",
	),
	between(
		{
			name: "nth-starts-anew-on-zero",
			title: "… and even on iptables -Z",
			story:
				"Zeroing the packet counters of mangle for a statistic is a change to the table like any other.",
			step: () => iptables("-t mangle -Z"),
		},
		ALL_FIRST,
	),
	between(
		{
			name: "nth-survives-change-to-nat",
			title: "A change to the nat table does not touch them",
			story: "Tables are replaced one at a time, and nat is not mangle.",
			step: (index) =>
				iptables(`-t nat -A POSTROUTING -s 172.16.${index}.0/24 -j ACCEPT`),
		},
		"1 2 1 2 1 2",
	),
	scenario({
		name: "nth-retransmission-not-counted",
		suite,
		title: "A retransmitted SYN is not counted again",
		story:
			"Each SYN is sent twice. The second one finds the entry of the first and gets its mark from there, so it never reaches the counter.",
		setup: byHand(),
		steps: [0, 1, 2, 3].map((index) =>
			at(index * 2000, syn(40_000 + index), at(1000, syn(40_000 + index))),
		),
		expect: [
			chosen("1 1 2 2 1 1 2 2"),
			counter("mangle:MAILMARK:rule:2", 2),
			counter("mangle:MAILMARK:rule:3", 2),
		],
	}),
	scenario({
		name: "nth-refused-options",
		suite,
		title: "nth wants --every and --packet, and --packet below --every",
		story:
			"Old iptables took `--every N` alone as `--packet 0`; today's refuses it, which is why the recipe as people find it does not load. What is refused changes nothing: the counter goes on.",
		setup: byHand(),
		steps: [
			...syns(2),
			at(
				100,
				iptables(
					"-t mangle -A FORWARD -m statistic --mode nth --every 2",
					"no packet",
				),
				iptables(
					"-t mangle -A FORWARD -m statistic --mode nth --every 0 --packet 0",
					"every 0",
				),
				iptables(
					"-t mangle -A FORWARD -m statistic --mode nth --every 2 --packet 2",
					"packet 2 of 2",
				),
				observe("refused"),
			),
			at(200, ...syns(2, 41_000)),
		],
		expect: [
			operationFails("no packet", 'option "--every" also requires "--packet"'),
			operationFails("every 0", "out of range"),
			operationFails("packet 2 of 2", "the --packet p must be 0 <= p <= n-1"),
			chosen("1 2 1 2"),
		],
	}),
];
