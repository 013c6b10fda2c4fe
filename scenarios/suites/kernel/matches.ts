/** What a router's own things and a packet's octets are to matches, and how SCTP is tracked and translated. */
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

const suite = "matches";

const ASSOCIATION = `*nat
-A PREROUTING -d 10.0.0.1/32 -p sctp -m sctp --dport 36412 -j DNAT --to-destination 192.168.0.1:2905
COMMIT
*filter
-A FORWARD -p sctp -m sctp --chunk-types any INIT
-A FORWARD -p sctp -m sctp --chunk-types only DATA,SACK
-A FORWARD -p sctp -m sctp ! --chunk-types all ABORT:t
-A FORWARD -m conntrack --ctstate INVALID -j DROP
COMMIT
`;
const fromClient = (chunks: string) =>
	packet(OUTSIDE, `sctp 10.0.0.10:40000 > 10.0.0.1:36412 ${chunks}`);
const fromServer = (chunks: string) =>
	packet(INSIDE, `sctp 192.168.0.1:2905 > 10.0.0.10:40000 ${chunks}`);

const OWN_THINGS = `*raw
-A PREROUTING -m rpfilter -j ACCEPT
-A PREROUTING -m rpfilter --loose
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
*filter
-A FORWARD -m physdev ! --physdev-is-bridged
-A FORWARD -m policy --dir in --pol none
-A FORWARD -m policy --dir in --pol ipsec
-A FORWARD -m cpu --cpu 0
-A FORWARD -m helper ! --helper ftp
-A FORWARD -m quota --quota 100
-A FORWARD -m string --algo bm --string QUIT -j REJECT
-A FORWARD -m string --algo kmp --icase --string quit --to 41
-A FORWARD -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef
-A OUTPUT -m owner --uid-owner 0
-A OUTPUT -m owner ! --uid-owner 0
-A OUTPUT -m owner --socket-exists
-A OUTPUT -m cgroup --cgroup 0
-A INPUT -m socket
COMMIT
`;

const SYSTEMS = `*filter
-A FORWARD -p tcp ! --syn -m osf --genre Linux
-A FORWARD -p tcp ! --syn -m osf ! --genre Linux
-A FORWARD -p tcp ! --syn
-A OUTPUT -m cgroup --path ""
-A OUTPUT -m cgroup ! --path ""
COMMIT
`;

export const matchFacts = [
	scenario({
		name: "osf-behind-the-first-packet",
		suite,
		title:
			"Nothing but a SYN looks like an operating system, whatever a `!` says",
		story:
			"osf looks at SYNs alone: a segment that is none does not match, and the rule with ! --genre is the same rule to the kernel. An empty path of a control group is the root, in which the kernel's own sockets are.",
		trap: "`! --genre Linux` does not stand for all other systems: the kernel never asks for the `!`.",
		setup: byHand({ ruleset: { name: "systems.rules", text: SYSTEMS } }),
		steps: [
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 192.168.0.1:80 A seq 7 ack 1"),
			packet(
				INSIDE,
				"tcp 192.168.0.1:80 > 10.0.0.10:40000 PA seq 1 ack 7 len 4",
			),
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 192.168.0.1:80 FA seq 7 ack 5"),
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 10.0.0.1:80 A seq 7 ack 5"),
			observe("end"),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 0, { at: "end" }),
			counter("filter:FORWARD:rule:2", 0, { at: "end" }),
			counter("filter:FORWARD:rule:3", 3, { at: "end" }),
		],
	}),
	scenario({
		name: "sctp-association",
		suite,
		title: "An association of SCTP is translated, and followed by its chunks",
		story:
			"The port of INIT is changed, and so is its checksum. The cookie that is echoed and acknowledged makes the connection ESTABLISHED and ASSURED. DATA with a tag that is not the association's is INVALID, and so is a packet whose checksum is wrong; SHUTDOWN ends it.",
		setup: byHand({
			ruleset: { name: "association.rules", text: ASSOCIATION },
		}),
		steps: [
			fromClient("INIT itag 7"),
			fromServer("INIT_ACK vtag 7 itag 9"),
			fromClient("COOKIE_ECHO DATA vtag 9"),
			fromServer("COOKIE_ACK vtag 7"),
			observe("established"),
			fromClient("DATA vtag 9"),
			fromClient("DATA vtag 8"),
			fromClient("DATA vtag 9 badsum"),
			fromClient("SHUTDOWN vtag 9"),
			fromServer("SHUTDOWN_ACK vtag 7"),
			fromClient("SHUTDOWN_COMPLETE vtag 9"),
			observe("closed"),
			fromClient("ABORT/1 vtag 1"),
			observe("end"),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"sctp 10.0.0.10:40000 > 192.168.0.1:2905 INIT itag 7*",
					"sctp 10.0.0.10:40000 > 192.168.0.1:2905 COOKIE_ECHO DATA vtag 9*",
					"sctp 10.0.0.10:40000 > 192.168.0.1:2905 DATA vtag 9*",
					"sctp 10.0.0.10:40000 > 192.168.0.1:2905 SHUTDOWN vtag 9*",
					"sctp 10.0.0.10:40000 > 192.168.0.1:2905 SHUTDOWN_COMPLETE vtag 9*",
				],
				{ exactly: true },
			),
			conntrack({ protocol: "sctp", state: "ESTABLISHED" }, 1, {
				at: "established",
			}),
			conntrack({ protocol: "sctp", state: "CLOSED" }, 1, { at: "closed" }),
			counter("filter:FORWARD:rule:1", 1, { at: "end" }),
			counter("filter:FORWARD:rule:2", 1, { at: "end" }),
		],
	}),
	scenario({
		name: "matches-of-the-router",
		suite,
		title: "What the router has not, matches do not find",
		story:
			"There is no bridge, no policy of IPsec, no helper and one processor. What comes in by an interface by which no route leads back is no answer to anything. What a process of the router sends is root's; what its kernel answers by itself has a socket, and no owner.",
		setup: byHand({ ruleset: { name: "own-things.rules", text: OWN_THINGS } }),
		steps: [
			packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 len 40"),
			packet(OUTSIDE, "udp 10.0.0.11:40000 > 192.168.0.1:53 len 40"),
			packet(OUTSIDE, "udp 192.168.0.77:40000 > 192.168.0.1:53 len 4"),
			packet(
				OUTSIDE,
				'tcp 10.0.0.10:40000 > 192.168.0.1:25 PA seq 1 ack 1 data "QUIT\\r\\n"',
			),
			packet(
				OUTSIDE,
				'tcp 10.0.0.10:40000 > 192.168.0.1:25 PA seq 1 ack 1 data "quit\\r\\n"',
			),
			packet(OUTSIDE, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 seq 1"),
			packet("lo", "udp 10.0.0.1:40000 > 10.0.0.10:53 len 4"),
			observe("after"),
		],
		expect: [
			counter("raw:PREROUTING:rule:2", 1, { at: "after" }),
			counter("raw:PREROUTING:rule:3", 1, { at: "after" }),
			counter("filter:FORWARD:rule:1", 4, { at: "after" }),
			counter("filter:FORWARD:rule:2", 4, { at: "after" }),
			counter("filter:FORWARD:rule:3", 0, { at: "after" }),
			counter("filter:FORWARD:rule:4", 4, { at: "after" }),
			counter("filter:FORWARD:rule:5", 4, { at: "after" }),
			counter("filter:FORWARD:rule:6", 1, {
				at: "after",
				because: "two of 68 octets do not fit, and what is left is lost",
			}),
			counter("filter:FORWARD:rule:7", 1, { at: "after" }),
			counter("filter:OUTPUT:rule:1", 1, { at: "after" }),
			counter("filter:INPUT:rule:1", 0, { at: "after" }),
		],
	}),
];
