/** SYNPROXY in front of balanced services. */
import {
	at,
	backend,
	connect,
	conntrack,
	evenSplit,
	http,
	INSIDE,
	OUTSIDE,
	observe,
	outcomes,
	packet,
	packetsOut,
	type RecipeOverrides,
	recipeSetup,
	scenario,
	service,
} from "../../language/build/build.ts";
import type { Setup } from "../../language/scenario.ts";

const suite = "synproxy";

const UNTRACKED = `*raw
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j CT --notrack
COMMIT
`;
const PROXIED = `*filter
-A INPUT -d 10.0.0.1/32 -p tcp -m tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
-A INPUT -m conntrack --ctstate INVALID -j DROP
COMMIT
`;

/** Connections to a port of the gateway go to two backends in turn, from this chain of the nat table. */
function balanced(chain: string, port = 25): string {
	const rule = `-A ${chain} -d 10.0.0.1/32 -p tcp -m tcp --dport ${port}`;
	return `*nat
${rule} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
${rule} -j DNAT --to-destination 192.168.0.2
COMMIT
`;
}

function setup(
	nat: string,
	{
		loose = 0,
		...overrides
	}: RecipeOverrides & {
		/** Does conntrack take up connections whose beginning it has not seen? */
		readonly loose?: 0 | 1;
	} = {},
): Setup {
	return recipeSetup({
		...overrides,
		ruleset: {
			name: "synproxy.rules",
			text: `${UNTRACKED}${nat}${PROXIED}`,
		},
		sysctls: { "netfilter.nf_conntrack_tcp_loose": loose },
	});
}

const NOTHING_INSIDE = packetsOut(INSIDE, [], { exactly: true });
const SILENT = { kind: "silent" } as const;

/** Packets of a client that speaks by hand. */
function fromClient(port: number, segment: string) {
	return packet(OUTSIDE, `tcp 10.0.0.10:${port} > 10.0.0.1:25 ${segment}`);
}

export const synproxies = [
	scenario({
		name: "synproxy-balanced",
		suite,
		title: "SYNPROXY in front of two backends: connections take turns",
		story:
			"SYNs are not tracked, and SYNPROXY answers them with a cookie and a window of 0. The client's ACK belongs to no connection (`nf_conntrack_tcp_loose` is 0), so it is INVALID and comes to SYNPROXY as well: now the gateway itself sends a SYN to the server, through OUTPUT, where DNAT chooses a backend. The backend's answer opens the window, and from there on conntrack offsets its sequence numbers.",
		setup: setup(balanced("OUTPUT")),
		steps: [connect(8, { everyMs: 100 }), at(3_000, observe("idle"))],
		expect: [evenSplit(["b1", "b2"]), outcomes("completed", 8)],
	}),
	scenario({
		name: "synproxy-client-speaks-first",
		suite,
		title: "A client that speaks first waits for the window",
		story:
			"The answer of SYNPROXY grants a window of 0, so what the client wants to say waits until the backend has answered. Requests come through in order, and replies go back with the numbers that the client knows.",
		setup: setup(balanced("OUTPUT", 80), {
			services: [
				service("web", {
					address: "10.0.0.1",
					port: 80,
					speaks: "http",
					backends: ["b1", "b2"],
				}),
			],
		}),
		steps: [connect(4, { everyMs: 200, dialogue: http({ requests: 3 }) })],
		expect: [evenSplit(["b1", "b2"]), outcomes("completed", 4)],
	}),
	scenario({
		name: "synproxy-translated-in-prerouting",
		suite,
		title: "DNAT in PREROUTING alone is never asked",
		story:
			"Neither the SYN, which is not tracked, nor the ACK, which is INVALID, comes to the nat table. The SYN to the server is the gateway's own and passes OUTPUT. No rule of OUTPUT translates it, so the gateway sends it to itself, where no program listens: the client is connected and reset at once.",
		trap: "SYNPROXY is put in front of balancing that works, and every connection is reset: the rules of PREROUTING have to be repeated in OUTPUT.",
		setup: setup(balanced("PREROUTING")),
		steps: [connect(4, { everyMs: 100 })],
		expect: [outcomes("reset", 4), NOTHING_INSIDE],
	}),
	scenario({
		name: "synproxy-picked-up",
		suite,
		title: "With nf_conntrack_tcp_loose at 1 the ACK is NEW",
		story:
			"By default conntrack takes up a connection whose SYN it has not seen. The ACK with the cookie is NEW then, so the rule with INVALID and UNTRACKED does not match. The gateway's own stack knows no such connection and resets it.",
		trap: "The ruleset of the manual page without its sysctl: clients connect and are reset at once.",
		setup: setup(balanced("OUTPUT"), { loose: 1 }),
		steps: [connect(2, { everyMs: 100 })],
		expect: [outcomes("reset", 2), NOTHING_INSIDE],
	}),
	scenario({
		name: "synproxy-wrong-cookie",
		suite,
		title: "A flood of SYNs costs nothing, and a wrong cookie opens nothing",
		story:
			"Twenty SYNs are answered, and none of them is known to conntrack or to a backend. An ACK with a number that is no cookie is dropped without an answer, data on no connection as well.",
		setup: setup(balanced("OUTPUT"), {
			behaviour: { b1: SILENT, b2: SILENT },
		}),
		steps: [
			...Array.from({ length: 20 }, (_, index) => ({
				...fromClient(40_000 + index, "S seq 1000 <mss 1400,sackOK>"),
				atMs: index * 10,
			})),
			at(1_000, fromClient(40_000, "A seq 1001 ack 77")),
			at(1_000, fromClient(40_001, "PA seq 1001 ack 77 len 9")),
			at(1_100, fromClient(40_002, "R seq 1001")),
			at(1_200, fromClient(40_003, "SA seq 1001 ack 77")),
			at(1_300, observe("after")),
		],
		expect: [
			NOTHING_INSIDE,
			packetsOut(
				OUTSIDE,
				Array.from({ length: 20 }, () => "tcp 10.0.0.1:25 > * SA *"),
				{ exactly: true },
			),
			conntrack({}, 0, { at: "after" }),
		],
	}),
	scenario({
		name: "synproxy-dead-backend",
		suite,
		title: "Clients of SYNPROXY are connected to a backend that is dead",
		story:
			"A client is connected before any backend is asked. If its turn falls on one that refuses, it is reset, with the number that it expects. On one that does not answer it waits: the window stays 0, and nothing tells it why.",
		trap: "A client no longer sees that a backend refuses or is gone as a failure to connect, so it does not try the next address.",
		setup: setup(balanced("OUTPUT"), {
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [
			connect(4, { label: "refused", everyMs: 100 }),
			at(2_000, backend("b1", "vanish")),
			at(3_000, connect(4, { label: "vanished", everyMs: 100 })),
		],
		expect: [
			outcomes("reset", 2, { step: "refused" }),
			outcomes("completed", 2, { step: "refused" }),
			outcomes("completed", 2, { step: "vanished" }),
		],
	}),
];
