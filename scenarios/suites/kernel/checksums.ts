import {
	at,
	conntrack,
	counter,
	INSIDE,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	scenario,
	sysctl,
} from "../../language/build/build.ts";
import { byHand } from "./by-hand.ts";

const suite = "checksums";

const RULES = `*mangle
-A PREROUTING -m conntrack --ctstate INVALID
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000
COMMIT
*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 5353 -j DNAT --to-destination 192.168.0.1:53
COMMIT
*filter
-A FORWARD -p udp --dport 99 -j REJECT
COMMIT
`;

const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000";

/** What becomes of packets whose TCP, UDP or ICMP checksum is not right. */
export const checksums = [
	scenario({
		name: "checksum-wrong",
		suite,
		title:
			"A wrong checksum makes a packet INVALID, unless a setting says otherwise",
		story:
			"INVALID packets are not translated, so the SYN and the ping come to the router itself. Its stack drops packets with a wrong checksum without an answer. Without `nf_conntrack_checksum` the SYN is translated, its segment size is clamped, and its checksum is as wrong as it was.",
		setup: byHand({ ruleset: { name: "sums.rules", text: RULES } }),
		steps: [
			packet(OUTSIDE, `${SYN} badsum <mss 1460>`),
			packet(OUTSIDE, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 badsum"),
			observe("checked"),
			at(10, sysctl("netfilter.nf_conntrack_checksum", 0)),
			at(10, packet(OUTSIDE, `${SYN} badsum <mss 1460>`)),
			at(20, observe("unchecked")),
		],
		expect: [
			counter("mangle:PREROUTING:rule:1", 2, { at: "checked" }),
			conntrack({}, 0, { at: "checked" }),
			packetsOut(OUTSIDE, [], { exactly: true }),
			packetsOut(
				INSIDE,
				["tcp 10.0.0.10:40000 > 192.168.0.1:25 S * badsum <mss 1000>"],
				{ exactly: true },
			),
			conntrack({ state: "SYN_SENT" }, 1, { at: "unchecked" }),
		],
	}),
	scenario({
		name: "checksum-none",
		suite,
		title:
			"A datagram may go without a checksum; a broken one is never answered",
		story:
			"A checksum of zero means that none was computed: such a datagram is tracked and translated, and keeps its zero. REJECT answers it, but not a datagram whose checksum is wrong. A router that drops a broken packet for its TTL still sends the ICMP error.",
		setup: byHand({ ruleset: { name: "sums.rules", text: RULES } }),
		steps: [
			packet(OUTSIDE, "udp 10.0.0.10:40000 > 10.0.0.1:5353 nosum len 4"),
			packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.2:99 nosum len 4"),
			packet(OUTSIDE, "udp 10.0.0.10:40001 > 192.168.0.2:99 badsum len 4"),
			packet(OUTSIDE, "udp 10.0.0.10:40002 > 192.168.0.2:98 ttl 1 badsum"),
		],
		expect: [
			packetsOut(INSIDE, ["udp 10.0.0.10:40000 > 192.168.0.1:53 * nosum *"], {
				exactly: true,
			}),
			packetsOut(
				OUTSIDE,
				[
					"icmp 10.0.0.1 > 10.0.0.10 port-unreachable * (udp *:99 * nosum len 4)",
					"icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-transit * (udp *:98 ttl 1 badsum)",
				],
				{ exactly: true },
			),
		],
	}),
];
