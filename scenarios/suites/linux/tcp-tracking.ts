import {
	at,
	clientAt,
	conntrack,
	evict,
	INSIDE,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	race,
	scenario,
} from "../../language/build/build.ts";
import {
	byHand,
	client,
	fromBackend,
	handshake,
	syn,
} from "../kernel/by-hand.ts";
import { table } from "../local/programs-setup.ts";

const suite = "linux";

/** How kernels differ in following connections and in translating them. */
export const trackingDifferences = [
	scenario({
		name: "repeated-init-changes-nothing",
		suite,
		title: "An INIT that is sent again does not make another INIT forgotten",
		story:
			"Both sides of an association send an INIT, and the client sends its own once more. The server's INIT ACK has another tag than its INIT: it is INVALID. Linux 5.10 has forgotten the server's INIT by then and takes any tag.",
		setup: byHand({
			ruleset: {
				name: "invalid.rules",
				text: "*filter\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n",
			},
		}),
		steps: [
			packet(OUTSIDE, "sctp 10.0.0.10:40000 > 192.168.0.1:25 INIT itag 1"),
			packet(INSIDE, "sctp 192.168.0.1:25 > 10.0.0.10:40000 INIT itag 2"),
			packet(OUTSIDE, "sctp 10.0.0.10:40000 > 192.168.0.1:25 INIT itag 1"),
			at(
				100,
				packet(
					INSIDE,
					"sctp 192.168.0.1:25 > 10.0.0.10:40000 INIT_ACK vtag 1 itag 3",
				),
			),
		],
		expect: [packetsOut(OUTSIDE, [], { fromMs: 100, exactly: true })],
	}),
	scenario({
		name: "old-data-is-ignored",
		suite,
		title: "Data far behind the window passes, and changes nothing",
		story:
			"A segment of the backend's comes late: all of it is older than a window. Conntrack ignores it, and it goes to the client as from the service (`tcp_in_window`). To Linux 5.10 it is INVALID: it is not translated, and the client sees the backend's own address.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				fromBackend(1, 40_000, "PA seq 4294867296 ack 1001 len 5 win 502"),
			),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 PA *"], {
				fromMs: 100,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "late-ends-shorten",
		suite,
		title: "A FIN of each side outside of the window leaves an entry 300 s",
		story:
			"Conntrack has lost track of a connection: each side ends it with numbers that conntrack does not expect. The entry stays ESTABLISHED, but for nf_conntrack_tcp_timeout_unacknowledged (`nf_tcp_handle_invalid`). Linux 5.10 leaves it five days.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				client(40_000, "FA", 3_000_001, "ack 5001"),
				fromBackend(1, 40_000, "FA seq 3005001 ack 1001"),
				observe("ended"),
			),
		],
		expect: [
			conntrack({ state: "ESTABLISHED", mark: 1 }, 1, {
				at: "ended",
				timeoutS: 300,
			}),
		],
	}),
	scenario({
		name: "reset-behind-the-end",
		suite,
		title:
			"A reset of a closed connection reaches its backend, whatever its numbers",
		story:
			"The connection is closed by both sides when the client resets it with a number that is out of place. The ports may belong to another connection already, so conntrack asks nothing, and translates the reset (`nf_conntrack_tcp_packet`). To Linux 5.10 it is INVALID, and goes to the gateway itself.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				client(40_000, "FA", 1001, "ack 5001"),
				fromBackend(1, 40_000, "FA seq 5001 ack 1002"),
				client(40_000, "A", 1002, "ack 5002"),
			),
			at(200, client(40_000, "R", 900, "ack 0")),
		],
		expect: [
			packetsOut(INSIDE, ["tcp 10.0.0.10:40000 > 192.168.0.1:25 R *"], {
				fromMs: 200,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "far-ahead-in-the-handshake",
		suite,
		title: "A segment far ahead in the handshake is INVALID",
		story:
			"The backend has answered the SYN, and sends a segment with numbers far beyond before the client has acknowledged. It is INVALID and is not translated (`tcp_in_window`). In Linux 5.10 any segment begins the window of its side anew, and it goes to the client as from the service.",
		setup: byHand(),
		steps: [
			syn(40_000),
			fromBackend(1, 40_000, "SA seq 5000 ack 1001"),
			at(100, fromBackend(1, 40_000, "A seq 3005001 ack 1001")),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 192.168.0.1:25 > 10.0.0.10:40000 A *"], {
				fromMs: 100,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "closed-port-stays-taken",
		suite,
		title: "The port of a connection that is closed stays taken",
		story:
			"SNAT has one port for all clients. The first client's connection is closed, and its entry is there for 120 s more: the second client's SYN finds no port, and is lost. From Linux 6.12 on it ends the old entry and takes its port, since its sequence number is beyond the old one's (`nf_nat_used_tuple_harder`).",
		setup: byHand({
			ruleset: {
				name: "one-port.rules",
				text: table(
					"nat",
					"-A POSTROUTING -o bond0.205 -p tcp -j SNAT --to-source 192.168.0.254:5000",
				),
			},
			clients: [clientAt("c1", "10.0.0.10"), clientAt("c2", "10.0.0.11")],
		}),
		steps: [
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000"),
			packet(
				INSIDE,
				"tcp 192.168.0.1:25 > 192.168.0.254:5000 SA seq 5000 ack 1001",
			),
			packet(
				OUTSIDE,
				"tcp 10.0.0.10:40000 > 192.168.0.1:25 FA seq 1001 ack 5001",
			),
			packet(
				INSIDE,
				"tcp 192.168.0.1:25 > 192.168.0.254:5000 FA seq 5001 ack 1002",
			),
			packet(
				OUTSIDE,
				"tcp 10.0.0.10:40000 > 192.168.0.1:25 A seq 1002 ack 5002",
			),
			at(
				100,
				packet(OUTSIDE, "tcp 10.0.0.11:40000 > 192.168.0.1:25 S seq 9000000"),
				observe("again"),
			),
		],
		expect: [
			packetsOut(INSIDE, [], { fromMs: 100, exactly: true }),
			conntrack({ state: "TIME_WAIT" }, 1, { at: "again" }),
		],
	}),
	scenario({
		name: "race-of-a-tunnel",
		suite,
		title: "Two first packets of a tunnel at once come through",
		story:
			"Protocol 99 has no ports, and conntrack follows it by its addresses. The second packet gives its own entry up and takes that of the first (`nf_ct_resolve_clash`). Linux 5.10 does this for UDP alone, and drops the second packet.",
		setup: byHand(),
		steps: [
			race(
				[OUTSIDE, "proto 99 10.0.0.10 > 192.168.0.1 len 30"],
				[OUTSIDE, "proto 99 10.0.0.10 > 192.168.0.1 len 31"],
			),
		],
		expect: [
			packetsOut(INSIDE, ["proto 99 * len 30*", "proto 99 * len 31*"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "race-of-echoes",
		suite,
		title: "Of two first echo requests at once the second is lost",
		story:
			"Two echo requests of one identifier are in the router at once, and each begins an entry. The second is dropped (`nf_ct_resolve_clash`); from Linux 7.2 on it takes the entry of the first.",
		setup: byHand(),
		steps: [
			race(
				[OUTSIDE, "icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1"],
				[OUTSIDE, "icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 2"],
			),
		],
		expect: [
			packetsOut(
				INSIDE,
				["icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1*"],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "race-of-both-sides",
		suite,
		title: "Of two first datagrams of both sides at once the second is lost",
		story:
			"Each side sends its first datagram before the other's has come, as peers that both call do. Each begins an entry, and each entry's replies are the other's packets. The second is dropped where the nat table is loaded (`__nf_ct_resolve_clash`); from Linux 6.12 on it takes the entry of the first (`nf_ct_match_reverse`).",
		setup: byHand(),
		steps: [
			race(
				[OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:5060 len 30"],
				[INSIDE, "udp 192.168.0.1:5060 > 10.0.0.10:40000 len 31"],
			),
		],
		expect: [
			packetsOut(INSIDE, ["udp * len 30*"], { exactly: true }),
			packetsOut(OUTSIDE, [], { exactly: true }),
		],
	}),
	scenario({
		name: "full-table-stays-full",
		suite,
		title: "A full table of established connections takes no other one",
		story:
			"There is room for one connection, which stands. Another client's SYN is dropped, and a minute later again: what the collector looks for meanwhile, connections that are closing, is not there (`gc_worker`). Linux 5.10 looks at other times, and the model says that it does not know what it finds.",
		setup: byHand({ sysctls: { "netfilter.nf_conntrack_max": 1 } }),
		steps: [
			...handshake(1, 40_000),
			at(100, syn(40_001)),
			at(62_000, syn(40_001), observe("after")),
		],
		expect: [
			packetsOut(INSIDE, [], { fromMs: 100, exactly: true }),
			conntrack({ state: "ESTABLISHED" }, 1, { at: "after" }),
		],
	}),
	scenario({
		name: "zone-of-answers-keeps-the-port",
		suite,
		title: "A connection in a zone for answers keeps its port",
		story:
			"A client has begun a connection. The segment that comes back is led into a zone for answers, so it begins a connection of its own, whose answers look like the first one. They would be in zone 2, where nothing is in their way: NAT leaves the port. Linux 5.10 looks in one chain for all zones, finds the first connection and changes the port (`nf_conntrack_tuple_taken`).",
		setup: byHand({
			ruleset: {
				name: "zones.rules",
				text: `*raw
-A PREROUTING -i bond0.205 -p tcp -j CT --zone-reply 2
COMMIT
*nat
-A POSTROUTING -p udp -j MASQUERADE
COMMIT
`,
			},
		}),
		steps: [
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000"),
			packet(
				INSIDE,
				"tcp 192.168.0.1:25 > 10.0.0.10:40000 A seq 5000 ack 1001",
			),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 192.168.0.1:25 > 10.0.0.10:40000 A *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "evicted-tunnel-goes-alone",
		suite,
		title: "An evicted connection without ports takes no other one with it",
		story:
			"One client sends through a tunnel (IPIP), and another one speaks to a backend. `conntrack -D` deletes what the first one sends; the other connection stays. The program of Debian 11 cannot name a connection of such a protocol to the kernel, which takes that for all of them.",
		setup: byHand(),
		steps: [
			packet(OUTSIDE, "proto 4 10.0.0.11 > 192.168.0.1 len 20"),
			...handshake(1, 40_000),
			at(100, evict({ originalSource: "10.0.0.11" })),
			at(200, observe("evicted")),
		],
		expect: [conntrack({ protocol: "tcp" }, 1, { at: "evicted" })],
	}),
];
