import {
	affinity,
	at,
	backend,
	backendAt,
	clientAt,
	conntrack,
	counter,
	evenSplit,
	OUTSIDE,
	observe,
	order,
	outcomes,
	packetsOut,
	recipeSetup,
	scenario,
	send,
	service,
} from "../../language/build/build.ts";
import { nat, onlyTo, turns, udpSetup } from "./udp-setup.ts";

const suite = "udp-dns";
const DNS = { name: "dns", port: 53 };

const LOCAL = nat(
	"-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 5301",
	"-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j REDIRECT --to-ports 5302",
	"-A OUTPUT -d 10.96.0.10/32 -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1",
	"-A OUTPUT -d 10.96.0.10/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2",
);

/** Queries from a new socket each, of a client of that service. */
const ask = (name: "local" | "behind", count: number, label: string) =>
	send(count, {
		label,
		client: name === "local" ? "c1" : "resolver",
		service: name,
		sockets: "each",
		everyMs: 100,
		reply: { timeoutMs: 1_000, attempts: 2 },
	});

/** Name servers: a socket is a flow, and a flow has one server. */
export const dns = [
	scenario({
		name: "dns-new-sockets",
		suite,
		title: "A resolver with a new socket for each query is balanced",
		story:
			"Each query comes from a port of its own, so each is a new connection to conntrack and meets the rules of nat: the two name servers get every other one. Their answers make each entry live for another 30 s, and no longer: an entry is ASSURED when it has seen packets both ways and the last one more than 2 s after its first.",
		setup: udpSetup(DNS, turns(53)),
		steps: [
			send(12, { sockets: "each", everyMs: 100 }),
			at(2_000, observe("asked")),
		],
		expect: [
			evenSplit(["b1", "b2"]),
			outcomes("answered", 12),
			conntrack({ protocol: "udp" }, 12, {
				at: "asked",
				assured: false,
				unreplied: false,
			}),
		],
	}),
	scenario({
		name: "dns-one-socket",
		suite,
		title: "A resolver that asks from one port has one name server",
		story:
			"A forwarder with a fixed source port sends all queries from one socket. To conntrack that is one connection: its first datagram meets the rules of nat, and every later one follows the entry. After 2 s of it the entry is ASSURED and lives for 120 s, which every query renews.",
		trap: "The rules balance connections, and a forwarder with one socket is one: the second name server gets none of its queries.",
		setup: udpSetup(DNS, turns(53)),
		steps: [
			send(40, { label: "forwarder", port: 5353, everyMs: 100 }),
			at(3_950, observe("asked")),
		],
		expect: [
			order(["b1"]),
			outcomes("answered", 1),
			counter("nat:PREROUTING:rule:1", 1),
			counter("nat:PREROUTING:rule:2", 0),
			conntrack({ protocol: "udp", originalSourcePort: 5353 }, 1, {
				at: "asked",
				assured: true,
			}),
		],
	}),
	scenario({
		name: "dns-dead-server",
		suite,
		title: "A query that is sent again goes to the same dead server",
		story:
			"Name server 1 says nothing. glibc's resolver waits 5 s and sends the query again from the same socket, so the entry leads it to the dead server once more. Every other query is lost, after 10 s.",
		trap: "Sending again helps only from a new source port.",
		setup: udpSetup(DNS, turns(53), {
			behaviour: { b1: { kind: "silent" } },
		}),
		steps: [send(6, { sockets: "each", everyMs: 100 })],
		expect: [
			affinity(),
			outcomes("unanswered", 3),
			outcomes("answered", 3),
			counter("nat:PREROUTING:rule:1", 3),
		],
	}),
	scenario({
		name: "dns-late-answer",
		suite,
		title: "An answer after 30 s is not translated any more",
		story:
			"A server takes 31 s. Until a datagram comes back an entry lives for 30 s (`nf_conntrack_udp_timeout`), so the answer finds none: it is a new connection from the server, and leaves as from 192.168.0.1. The client's socket is connected to 10.0.0.1 and has nothing to do with it.",
		trap: "A service that thinks for longer than the UNREPLIED timeout needs a longer one.",
		setup: udpSetup(DNS, nat(onlyTo(1, 53)), {
			behaviour: { b1: { kind: "slow", delayMs: 31_000 } },
		}),
		steps: [
			send(1, { port: 40_000, reply: { timeoutMs: 40_000, attempts: 1 } }),
		],
		expect: [
			outcomes("unanswered", 1),
			packetsOut(OUTSIDE, ["udp 192.168.0.1:53 > 10.0.0.10:40000 *"], {
				exactly: true,
				because: "the entry is gone",
			}),
		],
	}),
	scenario({
		name: "dns-on-the-gateway",
		suite,
		title: "Name servers on the gateway itself, and a resolver there",
		story:
			"Two name servers run on the gateway, on ports 5301 and 5302, and REDIRECT leads every other query to each. A resolver on the gateway asks two others behind it: its queries are translated in OUTPUT. A server that is killed refuses, and one that hangs leaves its queries in its socket; a query that is sent again goes to the same one.",
		setup: recipeSetup({
			ruleset: { name: "local-dns.rules", text: LOCAL },
			services: [
				service("local", {
					protocol: "udp",
					address: "10.0.0.1",
					port: 53,
					backends: [
						{ backend: "w1", port: 5301 },
						{ backend: "w2", port: 5302 },
					],
				}),
				service("behind", {
					protocol: "udp",
					address: "10.96.0.10",
					port: 53,
					backends: ["b1", "b2"],
				}),
			],
			clients: [
				clientAt("c1", "10.0.0.10"),
				clientAt("resolver", "192.168.0.254", { interface: "lo" }),
			],
			backends: [
				backendAt("w1", "10.0.0.1", { interface: "lo" }),
				backendAt("w2", "10.0.0.1", { interface: "lo" }),
				backendAt("b1", "192.168.0.1"),
				backendAt("b2", "192.168.0.2"),
			],
		}),
		steps: [
			ask("local", 6, "up"),
			at(1_000, ask("behind", 6, "own")),
			at(2_000, backend("w1", "refuse"), ask("local", 4, "killed")),
			at(
				3_000,
				backend("w1", "up"),
				backend("w2", { kind: "hang", accept: true }),
				ask("local", 4, "hangs"),
			),
		],
		expect: [
			order(["w1", "w2", "w1", "w2", "w1", "w2"], { step: "up" }),
			order(["b1", "b2", "b1", "b2", "b1", "b2"], { step: "own" }),
			outcomes("answered", 12, { toMs: 2_000 }),
			outcomes("refused", 2, { step: "killed" }),
			outcomes("unanswered", 2, { step: "hangs" }),
			affinity(),
		],
	}),
];
