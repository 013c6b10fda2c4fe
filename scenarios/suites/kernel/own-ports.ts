import {
	at,
	conntrack,
	counter,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	scenario,
	takeOver,
} from "../../language/build/build.ts";
import { byHand, client } from "./by-hand.ts";

const suite = "own-ports";

const DNS = `*nat
-A PREROUTING -i bond0.204 -p udp --dport 5353 -j REDIRECT --to-ports 53
COMMIT
*filter
-A INPUT -p udp --dport 53
-A INPUT -p udp -m socket
-A INPUT -p udp -m socket --nowildcard
COMMIT
`;

function datagram(from: number, to: string) {
	return packet(OUTSIDE, `udp 10.0.0.10:${from} > ${to} len 12`);
}

/** Ports of the router's own on which somebody listens (`gateway.listeners`). */
export const ownPorts = [
	scenario({
		name: "own-port-takes-datagrams",
		suite,
		title: "A UDP port with a listener takes datagrams without an answer",
		story:
			"A name server on the router itself, on port 53 of all its addresses. A datagram for it is taken, whichever address it names and whether it came for port 53 or was redirected there; what the server would say to it is not played. Port 54 is closed: port-unreachable. `-m socket` finds the server's socket, which is bound to no address, with `--nowildcard` alone. On the router that takes over, the server listens as well.",
		setup: byHand({
			ruleset: { name: "name-server.rules", text: DNS },
			gateway: { listeners: [{ protocol: "udp", port: 53 }] },
		}),
		steps: [
			datagram(40_000, "10.0.0.1:53"),
			datagram(40_001, "10.0.0.1:5353"),
			datagram(40_002, "192.168.0.254:53"),
			datagram(40_003, "10.255.255.255:53"),
			datagram(40_004, "10.0.0.1:54"),
			observe("taken"),
			at(1000, takeOver()),
			at(
				2000,
				datagram(40_001, "10.0.0.1:5353"),
				datagram(40_004, "10.0.0.1:54"),
				observe("taken over"),
			),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				[
					"icmp 10.0.0.1 > 10.0.0.10 port-unreachable*:54 *",
					"icmp 10.0.0.1 > 10.0.0.10 port-unreachable*:54 *",
				],
				{ exactly: true, because: "the others found a listener" },
			),
			counter("filter:INPUT:rule:1", 4, { at: "taken" }),
			counter("filter:INPUT:rule:2", 0, { at: "taken" }),
			counter("filter:INPUT:rule:3", 4, { at: "taken" }),
			conntrack({ protocol: "udp" }, 5, {
				at: "taken",
				unreplied: true,
				timeoutS: 30,
			}),
			counter("filter:INPUT:rule:1", 1, { at: "taken over" }),
		],
	}),
	scenario({
		name: "own-port-ignores-nonsense",
		suite,
		title: "A listening TCP port ignores segments that open no connection",
		story:
			"With a mail server on the router itself, SYN|FIN and a segment without flags are dropped (`TCP_LISTEN` in `tcp_rcv_state_process`). They are INVALID, so they are not translated and come to it. Port 26 has no listener, and the router resets the same segments there.",
		setup: byHand({ gateway: { listeners: [{ protocol: "tcp", port: 25 }] } }),
		steps: [
			client(40_000, "SF", 1000),
			client(40_001, "none", 1000),
			client(40_002, "R", 1000),
			at(10, packet(OUTSIDE, "tcp 10.0.0.10:40000 > 10.0.0.1:26 SF seq 1000")),
			at(10, packet(OUTSIDE, "tcp 10.0.0.10:40001 > 10.0.0.1:26 none seq 1")),
			observe("after"),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				[
					"tcp 10.0.0.1:26 > 10.0.0.10:40000 RA *",
					"tcp 10.0.0.1:26 > 10.0.0.10:40001 RA *",
				],
				{ exactly: true },
			),
			conntrack({}, 0, { at: "after" }),
		],
	}),
];
