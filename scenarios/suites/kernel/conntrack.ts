import {
	at,
	connect,
	conntrack,
	hold,
	INSIDE,
	OUTSIDE,
	observe,
	outcomes,
	packetsOut,
	recipeSetup,
	scenario,
	setCondition,
} from "../../language/build/build.ts";
import {
	byHand,
	chosen,
	client,
	fromBackend,
	handshake,
	syn,
} from "./by-hand.ts";

const suite = "kernel-conntrack";
const BOTH_DEAD = { mail1up: "1", mail2up: "1" };
const bothAlive = [setCondition("mail1up", "0"), setCondition("mail2up", "0")];

/** How connections begin, stand and end. */
const lifeOfAnEntry = [
	scenario({
		name: "conntrack-syn-sent",
		suite,
		title: "A SYN makes an entry for 120 s, marked at once",
		story:
			"SYN_SENT [UNREPLIED], and `mark=1` is there as soon as the packet is through. Retransmissions go to the same backend while it lives, also when the condition has been written meanwhile: a client that met a dead host first stays with it.",
		setup: byHand(),
		steps: [
			syn(40_000),
			observe("sent"),
			at(1000, setCondition("mail1up", "1"), syn(40_000)),
			at(3000, syn(40_000)),
			at(3001, syn(40_001)),
		],
		expect: [
			conntrack({ state: "SYN_SENT", mark: 1 }, 1, {
				at: "sent",
				unreplied: true,
				assured: false,
				timeoutS: 120,
			}),
			chosen("1 1 1 2"),
		],
	}),
	scenario({
		name: "conntrack-established",
		suite,
		title: "SYN, SYN/ACK, ACK: ESTABLISHED [ASSURED] for five days",
		story:
			"432000 s. Its backend is marked dead then, and the connection goes on to it all the same.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			observe("established"),
			at(1000, setCondition("mail1up", "1")),
			at(2000, client(40_000, "PA", 1001, "ack 5001 len 6")),
		],
		expect: [
			conntrack({ state: "ESTABLISHED", mark: 1 }, 1, {
				at: "established",
				assured: true,
				unreplied: false,
				timeoutS: 432_000,
			}),
			packetsOut(INSIDE, ["tcp 10.0.0.10:40000 > 192.168.0.1:25 PA *"], {
				fromMs: 2000,
				exactly: true,
			}),
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 SA *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "conntrack-time-wait",
		suite,
		title: "FIN both ways: TIME_WAIT for 120 s, and a SYN ends it",
		story:
			"A new SYN with the same ports makes conntrack throw the entry away and begin anew: the counter moves, and where backend 1 was, backend 2 is now.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(10, client(40_000, "FA", 1001, "ack 5001")),
			at(20, fromBackend(1, 40_000, "FA seq 5001 ack 1002")),
			at(30, client(40_000, "A", 1002, "ack 5002"), observe("closed")),
			at(5000, client(40_000, "S", 900_000), observe("again")),
		],
		expect: [
			conntrack({ state: "TIME_WAIT", mark: 1 }, 1, {
				at: "closed",
				timeoutS: 120,
			}),
			chosen("2", { fromMs: 5000 }),
			conntrack({ state: "SYN_SENT", mark: 2 }, 1, { at: "again" }),
			conntrack({}, 1, { at: "again" }),
		],
	}),
	scenario({
		name: "conntrack-backend-refuses",
		suite,
		title: "A backend's RST ends an unanswered entry at once",
		story:
			"RST|ACK on SYN_SENT is passed to the client, as from 10.0.0.1, and since the entry was never assured it is gone with it. The next SYN with the same ports is a new connection with a new choice.",
		setup: byHand(),
		steps: [
			syn(40_000),
			at(10, fromBackend(1, 40_000, "RA seq 0 ack 1001"), observe("refused")),
			at(1000, syn(40_000)),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 RA *"], {
				exactly: true,
			}),
			conntrack({}, 0, { at: "refused" }),
			chosen("1 2"),
		],
	}),
	scenario({
		name: "conntrack-both-dead",
		suite,
		title: "Both dead: delivered to the router, RST, and nothing is left",
		story:
			"The next SYN with the same ports, after the recovery, is balanced like any other.",
		setup: byHand({ conditions: BOTH_DEAD }),
		steps: [
			syn(40_000),
			observe("refused"),
			at(1000, ...bothAlive),
			at(1010, syn(40_000)),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 RA *"], {
				exactly: true,
			}),
			conntrack({}, 0, { at: "refused" }),
			chosen("2", { because: "the first SYN was counted too" }),
		],
	}),
	scenario({
		name: "conntrack-both-dead-dropped",
		suite,
		title: "Both dead and INPUT drops: nothing is answered, nothing confirmed",
		story:
			"The entry of a packet that is dropped on its way never enters the table. The retransmission after the recovery is balanced.",
		setup: byHand({ ruleset: "recipe-drop.rules", conditions: BOTH_DEAD }),
		steps: [
			syn(40_000),
			observe("dropped"),
			at(1000, ...bothAlive),
			at(1010, syn(40_000)),
		],
		expect: [
			packetsOut(OUTSIDE, [], { exactly: true }),
			conntrack({}, 0, { at: "dropped" }),
			chosen("2"),
		],
	}),
];

/** Packets that do not arrive, and tables that are full. */
const noWayOn = [
	scenario({
		name: "conntrack-ttl-exceeded",
		suite,
		title: "TTL 1: ICMP time-exceeded to the client, and no entry is left",
		story:
			"The packet dies in the router before its entry is confirmed, and the counter has moved for nothing.",
		setup: byHand(),
		steps: [
			client(40_000, "S", 1000, "ttl 1"),
			observe("after"),
			at(10, syn(40_001)),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				["icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-transit*"],
				{
					exactly: true,
				},
			),
			conntrack({}, 0, { at: "after" }),
			chosen("2", { because: "the lost SYN was counted" }),
		],
	}),
	scenario({
		name: "conntrack-no-neighbour",
		suite,
		title: "The backend's host is gone: host-unreachable after three seconds",
		story:
			"ARP for 192.168.0.1 gets no answer. The router asks three times, a second apart, and then tells the client (ICMP 3/1, 3.1 s after the SYN on the kernel that was measured). The SYN_SENT entry stays.",
		setup: recipeSetup({ behaviour: { b1: { kind: "vanish" } } }),
		steps: [syn(40_000), at(5000, observe("after"))],
		expect: [
			packetsOut(OUTSIDE, [], { toMs: 2900, exactly: true }),
			packetsOut(OUTSIDE, ["icmp 10.0.0.1 > 10.0.0.10 host-unreachable*"], {
				fromMs: 2900,
				toMs: 3300,
				exactly: true,
			}),
			packetsOut(INSIDE, [], { exactly: true }),
			conntrack({ state: "SYN_SENT", mark: 1 }, 1, { at: "after" }),
		],
	}),
	scenario({
		name: "conntrack-max",
		suite,
		title: "nf_conntrack_max counts, and can be set",
		story:
			"A router of 384 MB has 3072 by default. A test with more connections sets its own limit. Here it is 20, with 20 connections that are answered: the twenty-first gets no entry, and without an entry there is no way through.",
		setup: recipeSetup({
			sysctls: { "netfilter.nf_conntrack_max": 20 },
		}),
		steps: [
			connect(20, { everyMs: 10, label: "standing", dialogue: hold() }),
			at(1000, syn(60_000)),
			at(1010, observe("after")),
		],
		expect: [
			conntrack({ state: "ESTABLISHED" }, 20, { at: "after" }),
			conntrack({}, 20, { at: "after" }),
			packetsOut(INSIDE, [], { fromMs: 1000, toMs: 1010, exactly: true }),
			outcomes("open", 20),
		],
	}),
];

export const conntrackFacts = [...lifeOfAnEntry, ...noWayOn];
