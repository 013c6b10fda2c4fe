import {
	conntrack,
	counter,
	INSIDE,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	scenario,
} from "../../language/build/build.ts";
import { byHand } from "./by-hand.ts";

const suite = "own-packets";

const REROUTED = `*nat
-A OUTPUT -d 10.0.0.99/32 -p tcp -j DNAT --to-destination 192.168.0.1:25
-A OUTPUT -d 10.0.0.98/32 -p udp -j REDIRECT --to-ports 53
-A OUTPUT -d 10.0.0.97/32 -j DNAT --to-destination 203.0.113.1
-A POSTROUTING -o bond0.205 -j MASQUERADE
COMMIT
*filter
-A OUTPUT -o bond0.204 -d 192.168.0.0/24
-A OUTPUT -o bond0.204 -d 203.0.113.1/32
COMMIT
`;

const REFUSED = `*mangle
-A OUTPUT -p tcp --dport 80 -j MARK --set-mark 1
COMMIT
*filter
-A INPUT -i lo -p icmp
-A OUTPUT -d 10.0.0.11/32 -p udp -j REJECT
-A OUTPUT -d 10.0.0.11/32 -p tcp -j REJECT --reject-with tcp-reset
COMMIT
`;

/** By the interface `lo`, the router itself sends. */
function own(line: string) {
	return packet("lo", line);
}

export const ownPackets = [
	scenario({
		name: "own-packets-rerouted",
		suite,
		title:
			"What the router itself sends is translated, and goes where it is for then",
		story:
			"A SYN to 10.0.0.99, outside, is for backend 1 once nat's OUTPUT has seen it: it leaves inside, masqueraded (`ip_route_me_harder`). To filter's OUTPUT it still leaves outside. A datagram that is redirected comes to the router itself, where port 53 is closed; what is sent to nowhere is gone before filter sees it.",
		setup: byHand({ ruleset: { name: "rerouted.rules", text: REROUTED } }),
		steps: [
			own("tcp 10.0.0.1:40000 > 10.0.0.99:2525 S seq 1000"),
			packet(INSIDE, "tcp 192.168.0.1:25 > 192.168.0.254:40000 SA ack 1001"),
			own("udp 10.0.0.1:40001 > 10.0.0.98:5353 len 4"),
			own("icmp 10.0.0.1 > 10.0.0.97 echo-request id 1 seq 1"),
			observe("after"),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"tcp 192.168.0.254:40000 > 192.168.0.1:25 S *",
					"tcp 192.168.0.254:40000 > 192.168.0.1:25 R *",
				],
				{ exactly: true, because: "no process waits for the SYN/ACK" },
			),
			packetsOut(OUTSIDE, [], { exactly: true }),
			counter("filter:OUTPUT:rule:1", 2, { at: "after" }),
			counter("filter:OUTPUT:rule:2", 0, { at: "after" }),
		],
	}),
	scenario({
		name: "own-packets-refused",
		suite,
		title: "The router tells itself that its packets are rejected",
		story:
			"REJECT in OUTPUT answers on lo: the error about a datagram is counted in INPUT, and the SYN's reset ends nothing, since no process has sent it. A packet from 127.0.0.1 leaves as it is, unless something has changed that a route could depend on: then there is none for it. The answer to an ARP request from 127.0.0.1 reaches no host.",
		setup: byHand({ ruleset: { name: "refused.rules", text: REFUSED } }),
		steps: [
			own("udp 10.0.0.1:40000 > 10.0.0.11:53 len 4"),
			own("tcp 10.0.0.1:40000 > 10.0.0.11:25 S seq 1000"),
			own("icmp 10.0.0.1 > 10.0.0.10 echo-request id 1 seq 1"),
			own("tcp 127.0.0.1:40000 > 10.0.0.10:25 S seq 1000"),
			own("tcp 127.0.0.1:40000 > 10.0.0.10:80 S seq 1000"),
			own("udp 127.0.0.1:40000 > 10.0.0.12:53 len 4"),
			own("udp 10.0.0.1:40000 > 10.255.255.255:53 len 4"),
			own("udp 10.0.0.1:40000 > 10.0.0.10:53 len 1473"),
			observe("after"),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				[
					"icmp 10.0.0.1 > 10.0.0.10 echo-request *",
					"tcp 127.0.0.1:40000 > 10.0.0.10:25 S *",
				],
				{ exactly: true },
			),
			counter("filter:INPUT:rule:1", 1, { at: "after" }),
			conntrack({}, 0, { at: "after" }),
		],
	}),
];
