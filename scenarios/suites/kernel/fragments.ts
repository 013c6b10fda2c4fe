import {
	at,
	conntrack,
	counter,
	INSIDE,
	OUTSIDE,
	observe,
	packet,
	packetsOut,
	RECIPE_GATEWAY,
	scenario,
} from "../../language/build/build.ts";
import { byHand } from "./by-hand.ts";

const suite = "fragments";

const TRACKED = `*nat
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 5353 -j DNAT --to-destination 192.168.0.1:53
COMMIT
*filter
-A FORWARD -f
-A FORWARD -p udp --dport 53
COMMIT
`;

const UNTRACKED = `*filter
-A INPUT -p icmp
-A FORWARD -f
-A FORWARD -p udp -m udp --dport 53
-A FORWARD -p udp
COMMIT
`;

/** The octets of a packet behind its IPv4 header, cut at these places. */
function parts(line: string, ...cuts: number[]) {
	return cuts
		.slice(1)
		.map((to, index) => packet(OUTSIDE, `${line} part ${cuts[index]}-${to}`));
}

/** 1,008 octets behind its IPv4 header. */
const QUESTION = "udp 10.0.0.10:40000 > 10.0.0.1:5353 ipid 7 len 1000";

export const fragments = [
	scenario({
		name: "fragments-tracked",
		suite,
		title: "Where connections are tracked, no table sees fragments",
		story:
			"They wait until all are there, in whatever order they come (`nf_ct_ipv4_gather_frags`). The whole is translated, and goes on in the parts that it came in. A fragment that was there before is dropped; one that overlaps another takes all of them with it.",
		setup: byHand({ ruleset: { name: "tracked.rules", text: TRACKED } }),
		steps: [
			...parts(QUESTION, 512, 1008),
			...parts(QUESTION, 0, 504, 512),
			...parts(QUESTION.replace("ipid 7", "ipid 8"), 0, 504),
			...parts(QUESTION.replace("ipid 7", "ipid 8"), 0, 504, 1008),
			...parts(QUESTION.replace("ipid 7", "ipid 9"), 0, 504),
			...parts(QUESTION.replace("ipid 7", "ipid 9"), 496, 1008),
			observe("after"),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"proto 17 10.0.0.10 > 192.168.0.1 * MF * len 504",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 504 MF len 8",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 512 len 496",
					"proto 17 10.0.0.10 > 192.168.0.1 * MF * len 504",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 504 len 504",
				],
				{ exactly: true },
			),
			counter("filter:FORWARD:rule:1", 0, { at: "after" }),
			counter("filter:FORWARD:rule:2", 2, { at: "after" }),
			conntrack({ protocol: "udp" }, 1, { at: "after" }),
		],
	}),
	scenario({
		name: "fragments-untracked",
		suite,
		title: "Where nothing is tracked, rules see every fragment",
		story:
			"`-f` matches all but the first, ports the first alone, and a protocol each of them. They go on as they come, cut once more where a link is too narrow. What is for the router itself is put together before INPUT, and its answer is cut as well. An echo reply of nothing but zeros has a checksum of zero.",
		setup: byHand({
			ruleset: { name: "untracked.rules", text: UNTRACKED },
			gateway: {
				interfaces: RECIPE_GATEWAY.interfaces.map((one) =>
					one.name === INSIDE ? { ...one, mtu: 576 } : one,
				),
			},
		}),
		steps: [
			...parts(
				"udp 10.0.0.10:40000 > 192.168.0.1:53 ipid 7 len 1000",
				0,
				504,
				1008,
			),
			packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 ipid 8 len 1000"),
			...parts(
				"icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 ipid 9 len 2000",
				0,
				1480,
				2008,
			),
			packet(INSIDE, "icmp 192.168.0.1 > 192.168.0.254 echo-request len 600"),
			observe("after"),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"proto 17 10.0.0.10 > 192.168.0.1 * MF * len 504",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 504 len 504",
					"proto 17 10.0.0.10 > 192.168.0.1 * MF * len 552",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 552 len 456",
					// Without a sum: its checksum is zero as well.
					"proto 1 192.168.0.254 > 192.168.0.1 MF len 552",
					"proto 1 192.168.0.254 > 192.168.0.1 frag 552 len 56",
				],
				{ exactly: true },
			),
			packetsOut(
				OUTSIDE,
				[
					"proto 1 10.0.0.1 > 10.0.0.10 MF * len 1480",
					"proto 1 10.0.0.1 > 10.0.0.10 frag 1480 len 528",
				],
				{ exactly: true },
			),
			counter("filter:INPUT:rule:1", 2, { at: "after" }),
			counter("filter:FORWARD:rule:1", 1, { at: "after" }),
			counter("filter:FORWARD:rule:2", 2, { at: "after" }),
			counter("filter:FORWARD:rule:3", 3, { at: "after" }),
		],
	}),
	scenario({
		name: "fragments-missing",
		suite,
		title: "A host that waits for missing fragments gives up after 30 s",
		story:
			"Only the packet's own destination sends the ICMP error (`ip_expire`): the router sends none for a packet that it would have forwarded, and no host sends one without the first fragment.",
		setup: byHand({ ruleset: { name: "tracked.rules", text: TRACKED } }),
		steps: [
			...parts("udp 10.0.0.10:40000 > 10.0.0.1:54 ipid 7 len 1000", 0, 504),
			...parts("udp 10.0.0.10:40000 > 192.168.0.1:54 ipid 8 len 1000", 0, 504),
			...parts("udp 10.0.0.10:40000 > 10.0.0.1:54 ipid 9 len 1000", 504, 1008),
			at(40_000, observe("after")),
		],
		expect: [
			packetsOut(
				OUTSIDE,
				[
					"icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-reassembly * (proto 17 * MF * len 504)",
				],
				{ exactly: true, fromMs: 30_000 },
			),
			packetsOut(INSIDE, [], { exactly: true }),
		],
	}),
];
