import {
	affinity,
	clientAt,
	connect,
	counter,
	evenSplit,
	gatewayAnswered,
	order,
	outcomes,
	pattern,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";

const suite = "split";

/** New connections go to both backends, half and half. */
export const split = [
	scenario({
		name: "split-alternates",
		suite,
		title: "New connections alternate between the two backends",
		story:
			"Both backends are alive. The first SYN matches `nth --every 2 --packet 0` and is marked 1, the second does not and is marked 2, and so on. Every later packet of a connection gets its mark back from the connmark before the counter is reached, so only SYNs are counted.",
		setup: recipeSetup(),
		steps: [connect(10, { everyMs: 50 })],
		expect: [
			pattern(["b1", "b2"], 10),
			affinity({ because: "the mark is restored for every later packet" }),
			outcomes("completed", 10),
			outcomes("accepted", 10),
			gatewayAnswered("*", 0),
			counter("mangle:MAILMARK:rule:2", 5, {
				because: "rule 2 marks every second new connection, and nothing else",
			}),
			counter("mangle:MAILMARK:rule:3", 5),
			counter("mangle:MAILMARK:rule:4", 0, {
				because: "nothing is left for the fallback while both are alive",
			}),
			counter("nat:PREROUTING:rule:1", 5, {
				because: "the nat table sees the first packet of a connection alone",
			}),
		],
	}),
	scenario({
		name: "split-at-random-times",
		suite,
		title: "The split is exact whenever connections arrive",
		story:
			"Clients come by chance, 200 a second on average, and their dialogues overlap. A counter does not care: of 400 connections exactly 200 go to each backend.",
		setup: recipeSetup(),
		steps: [connect(400, { perSecond: 200 })],
		expect: [
			evenSplit(["b1", "b2"]),
			pattern(["b1", "b2"], 400),
			affinity(),
			outcomes("completed", 400),
		],
	}),
	scenario({
		name: "split-all-at-once",
		suite,
		title: "A hundred SYNs in one moment are split as well",
		story:
			"All SYNs arrive before the first answer. The counter moves with each of them; nothing has to be known of the others.",
		setup: recipeSetup(),
		steps: [connect(100)],
		expect: [evenSplit(["b1", "b2"]), outcomes("completed", 100)],
	}),
	scenario({
		name: "split-two-clients-in-step",
		suite,
		title: "Two clients in step: each of them always meets the same backend",
		story:
			"The counter belongs to the rule, not to a client. Two clients that take turns see no balancing at all: one always gets backend 1, the other always backend 2. Should one of them send the heavy mail, one backend gets all of it.",
		trap: "The split is even over all connections, not for each client: a client that comes in step with another always meets the same backend.",
		setup: recipeSetup({
			clients: [clientAt("c1", "10.0.0.10"), clientAt("c2", "10.0.0.11")],
		}),
		steps: [
			connect(6, { client: "c1", everyMs: 100 }),
			{ ...connect(6, { client: "c2", everyMs: 100 }), atMs: 50 },
		],
		expect: [
			evenSplit(["b1", "b2"]),
			order(["b1", "b1", "b1", "b1", "b1", "b1"], { client: "c1" }),
			order(["b2", "b2", "b2", "b2", "b2", "b2"], { client: "c2" }),
		],
	}),
];
