import {
	at,
	clientAt,
	conntrack,
	counter,
	INSIDE,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	race,
	scenario,
} from "../../language/build/build.ts";
import { byHand, client } from "./by-hand.ts";

const suite = "races";

const TURNS = `*nat
-A PREROUTING -i bond0.204 -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -i bond0.204 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2
-A PREROUTING -i bond0.204 -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -i bond0.204 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const ONE = `*nat
-A PREROUTING -i bond0.204 -d 10.0.0.1 -j DNAT --to-destination 192.168.0.1
COMMIT
`;

const MASQUERADE = `*nat
-A PREROUTING -i bond0.204 -d 10.0.0.1 -j DNAT --to-destination 192.168.0.1
-A POSTROUTING -o bond0.205 -j MASQUERADE
COMMIT
`;

const TRACKED = `*filter
-A INPUT -m conntrack --ctstate NEW
-A INPUT -m conntrack --ctstate ESTABLISHED
COMMIT
`;

/** Both queries of a resolver come from one socket. */
const A = "udp 10.0.0.10:40000 > 10.0.0.1:53 len 30";
const AAAA = "udp 10.0.0.10:40000 > 10.0.0.1:53 len 31";

function answer(backend: 1 | 2, octets: number, to = "10.0.0.10:40000") {
	return packet(INSIDE, `udp 192.168.0.${backend}:53 > ${to} len ${octets}`);
}

function named(name: string, text: string) {
	return byHand({ ruleset: { name: `${name}.rules`, text } });
}

const twoClients = {
	clients: [clientAt("c1", "10.0.0.10"), clientAt("c2", "10.0.0.11")],
};

/** Packets that are in the router at once, before the first of them is confirmed. */
export const races = [
	scenario({
		name: "race-dns-two-backends",
		suite,
		title:
			"Two queries of one socket at once go to two name servers, and the answer of the second passes for a second",
		story:
			"A resolver asks for A and AAAA from one socket, at once, and each query is a first packet: each begins an entry, and nth sends them to two name servers. The entry of the first is confirmed. That of the second is kept for its replies alone, for a second and in no list (`nf_ct_resolve_clash_harder`); older kernels dropped the query, and the resolver waited 5 s. What the socket sends later goes to the first server. An answer of the second server that takes longer than a second comes from an address that the client never asked.",
		setup: named("turns", TURNS),
		steps: [
			race([OUTSIDE, A], [OUTSIDE, AAAA]),
			observe("asked"),
			at(100, answer(1, 100)),
			at(200, answer(2, 101)),
			at(300, packet(OUTSIDE, A)),
			at(1500, answer(2, 102)),
			at(1600, observe("after")),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"udp 10.0.0.10:40000 > 192.168.0.1:53 * len 30*",
					"udp 10.0.0.10:40000 > 192.168.0.2:53 * len 31*",
					"udp 10.0.0.10:40000 > 192.168.0.1:53 * len 30*",
				],
				{ exactly: true, because: "the second query is not lost" },
			),
			packetsOut(
				OUTSIDE,
				[
					"udp 10.0.0.1:53 > 10.0.0.10:40000 * len 100*",
					"udp 10.0.0.1:53 > 10.0.0.10:40000 * len 101*",
					"udp 192.168.0.2:53 > 10.0.0.10:40000 * len 102*",
				],
				{ exactly: true, because: "the entry of the second is gone after 1 s" },
			),
			conntrack({ protocol: "udp" }, 1, { at: "asked" }),
			counter("nat:PREROUTING:rule:1", 1, { at: "after" }),
			counter("nat:PREROUTING:rule:2", 1, { at: "after" }),
		],
	}),
	scenario({
		name: "race-dns-one-backend",
		suite,
		title:
			"Two queries of one socket at once share one entry where both go to one server",
		story:
			"Both queries are translated alike, so the second gives its own entry up and takes that of the first (`__nf_ct_resolve_clash`): as if it had come later, but for the rules of nat, which have counted both.",
		setup: named("one", ONE),
		steps: [
			race([OUTSIDE, A], [OUTSIDE, AAAA]),
			observe("asked"),
			at(100, answer(1, 100)),
			at(200, answer(1, 101)),
		],
		expect: [
			packetsOut(
				INSIDE,
				["* > 192.168.0.1:53 * len 30*", "* > 192.168.0.1:53 * len 31*"],
				{ exactly: true },
			),
			packetsOut(
				OUTSIDE,
				["udp 10.0.0.1:53 > * len 100*", "udp 10.0.0.1:53 > * len 101*"],
				{ exactly: true },
			),
			conntrack({ protocol: "udp" }, 1, { at: "asked" }),
			counter("nat:PREROUTING:rule:1", 2, { at: "asked" }),
		],
	}),
	scenario({
		name: "race-tcp-one-port",
		suite,
		title:
			"Two clients whose SYNs are masqueraded with one port at once: the second SYN is lost",
		story:
			"Both clients call from port 40000, and NAT keeps the port of either: the other one's connection is not confirmed yet, so its port is free (`nf_nat_used_tuple`). The second to be confirmed finds the replies taken, and its SYN is dropped (`nf_ct_resolve_clash`; `insert_failed` in `conntrack -S`). A second later its retransmission gets another port.",
		setup: byHand({
			ruleset: { name: "masquerade.rules", text: MASQUERADE },
			...twoClients,
		}),
		steps: [
			race(
				[OUTSIDE, "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000"],
				[OUTSIDE, "tcp 10.0.0.11:40000 > 10.0.0.1:25 S seq 2000"],
			),
			observe("at once"),
			at(1000, packet(OUTSIDE, "tcp 10.0.0.11:40000 > 10.0.0.1:25 S seq 2000")),
			at(1001, observe("again")),
		],
		expect: [
			packetsOut(
				INSIDE,
				["tcp 192.168.0.254:40000 > 192.168.0.1:25 S seq 1000*"],
				{ exactly: true, toMs: 999 },
			),
			packetsOut(INSIDE, ["tcp 192.168.0.254:* > 192.168.0.1:25 S seq 2000*"], {
				exactly: true,
				fromMs: 1000,
			}),
			conntrack({ protocol: "tcp" }, 1, { at: "at once" }),
			conntrack({ protocol: "tcp" }, 2, { at: "again" }),
		],
	}),
	scenario({
		name: "race-udp-one-port",
		suite,
		title:
			"Two clients whose datagrams are masqueraded with one port at once: the second is lost",
		story:
			"As with TCP: replies to either would look the same, so neither way to keep two UDP entries is left.",
		setup: byHand({
			ruleset: { name: "masquerade.rules", text: MASQUERADE },
			...twoClients,
		}),
		steps: [
			race(
				[OUTSIDE, "udp 10.0.0.10:40000 > 10.0.0.1:53 len 30"],
				[OUTSIDE, "udp 10.0.0.11:40000 > 10.0.0.1:53 len 31"],
			),
			observe("at once"),
			at(100, answer(1, 100, "192.168.0.254:40000")),
		],
		expect: [
			packetsOut(INSIDE, ["udp 192.168.0.254:40000 > * len 30*"], {
				exactly: true,
			}),
			packetsOut(OUTSIDE, ["* > 10.0.0.10:40000 * len 100*"], {
				exactly: true,
			}),
			conntrack({ protocol: "udp" }, 1, { at: "at once" }),
		],
	}),
	scenario({
		name: "race-syn-twice",
		suite,
		title:
			"A SYN and its copy at once: the copy is lost, and has taken a turn of nth",
		story:
			"A link that duplicates, or a retransmission that catches up: both SYNs walk through the rules as first packets, and nth sends the second to the other backend. It is dropped when it is to be confirmed, since TCP's tracker allows no clash. Its turn is taken: the next connection goes to backend 1 again.",
		setup: named("turns", TURNS),
		steps: [
			race(
				[OUTSIDE, "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000"],
				[OUTSIDE, "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000"],
			),
			observe("at once"),
			at(10, client(40_001, "S", 1000)),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"tcp 10.0.0.10:40000 > 192.168.0.1:25 S*",
					"tcp 10.0.0.10:40001 > 192.168.0.1:25 S*",
				],
				{ exactly: true },
			),
			conntrack({ protocol: "tcp" }, 1, { at: "at once" }),
			counter("nat:PREROUTING:rule:4", 1, { at: "at once" }),
		],
	}),
	scenario({
		name: "race-own-answers",
		suite,
		title: "Echo requests and datagrams that come to the router itself at once",
		story:
			"Two echo requests with one identifier are one connection: the second is dropped at the end of INPUT, and only the first is answered. Of two datagrams to a closed port, from one socket, both are answered.",
		setup: named("tracked", TRACKED),
		steps: [
			race(
				[OUTSIDE, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1"],
				[OUTSIDE, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 2"],
			),
			at(10, race([OUTSIDE, A], [OUTSIDE, AAAA])),
			at(20, observe("after")),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				[
					"icmp 10.0.0.1 > 10.0.0.10 echo-reply id 7 seq 1*",
					"icmp 10.0.0.1 > 10.0.0.10 port-unreachable*",
					"icmp 10.0.0.1 > 10.0.0.10 port-unreachable*",
				],
				{ exactly: true },
			),
			counter("filter:INPUT:rule:1", 4, { at: "after" }),
		],
	}),
];
