import {
	at,
	counter,
	INSIDE,
	iptables,
	OUTSIDE,
	observe,
	operationSucceeds,
	packet,
	packetsOut,
	restore,
	scenario,
	setCondition,
	takeOver,
} from "../../language/build/build.ts";
import { byHand, chosen, syns } from "../kernel/by-hand.ts";

const suite = "linux";

/** A packet that is forwarded, and that no rule of the recipe's is about. */
const passes = packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53");

/** A router with these rules alone. */
function routerWith(name: string, text: string) {
	return byHand({ ruleset: { name: `${name}.rules`, text } });
}

const INPUT_ONLY = "*filter\n-A INPUT -s 172.16.0.1/32 -j DROP\nCOMMIT\n";

const DATAGRAM = "udp 10.0.0.10:40000 > 192.168.0.1:53 ipid 8 len 32";
const SEGMENT = "tcp 10.0.0.10:40000 > 192.168.0.1:53 S seq 1000 ipid 7 len 4";

/** What iptables-nft, and later versions of both programs, do in other ways than iptables-legacy 1.8.9. */
export const backendDifferences = [
	scenario({
		name: "zero-begins-uncounted-rules-anew",
		suite,
		title: "iptables -Z begins the turns of a rule anew that counted nothing",
		story:
			"mail1up is 1: a SYN moves the turn of rule 2 and is not counted by it. iptables-legacy loads the whole table anew for -Z, and the next SYN is the first of two again. iptables-nft replaces only rules that have counted a packet (`__nft_chain_zero_counters`): the turn stays.",
		setup: byHand({ conditions: { mail1up: "1" } }),
		steps: [
			...syns(1),
			at(100, iptables("-t mangle -Z"), setCondition("mail1up", "0")),
			at(200, ...syns(2, 41_000)),
		],
		expect: [chosen("2 1 2")],
	}),
	scenario({
		name: "policy-counters-begin-anew",
		suite,
		title: "An edit begins the counters of all policies of its table anew",
		story:
			"Two packets pass FORWARD, a rule is put into INPUT, one more packet passes. libiptc up to 1.8.9 gives policies no counters back (`__iptcc_p_del_policy`); from 1.8.10 on, and under iptables-nft, all three are counted.",
		setup: routerWith(
			"forward-policy",
			"*filter\n:FORWARD ACCEPT [0:0]\n-A INPUT -s 172.16.0.1/32 -j DROP\nCOMMIT\n",
		),
		steps: [
			passes,
			passes,
			at(100, iptables("-A INPUT -s 172.16.0.2/32 -j DROP"), passes),
			at(200, observe("at the end")),
		],
		expect: [counter("filter:FORWARD:policy", 1, { at: "at the end" })],
	}),
	scenario({
		name: "policy-stays-without-a-line",
		suite,
		title:
			"A restored file without a line for a chain leaves the chain's policy",
		story:
			"-P FORWARD DROP, then a file is restored that names INPUT alone. iptables-legacy takes the rules away and leaves the policy: packets are dropped. iptables-nft deletes the table and makes it anew (`nft_table_flush`): they pass.",
		setup: routerWith("input-only", INPUT_ONLY),
		steps: [
			iptables("-P FORWARD DROP"),
			restore({ name: "input-only.rules", text: INPUT_ONLY }, "restored"),
			at(100, passes),
		],
		expect: [
			packetsOut(INSIDE, [], { exactly: true }),
			operationSucceeds("restored", { because: "it changes nothing" }),
		],
	}),
	scenario({
		name: "unused-chains-count",
		suite,
		title: "The policy of a chain without rules counts packets",
		story:
			"The file has a rule in INPUT alone. iptables-legacy has all chains of the table, and FORWARD's policy counts two packets. iptables-nft makes a built-in chain with the first rule that is put into it, or with its policy (`nft_xt_builtin_init`): FORWARD is not there, and iptables-save prints it with [0:0].",
		setup: routerWith("input-only", INPUT_ONLY),
		steps: [passes, passes, at(100, observe("at the end"))],
		expect: [counter("filter:FORWARD:policy", 2, { at: "at the end" })],
	}),
	scenario({
		name: "short-headers-are-dropped",
		suite,
		title: "A rule with a port drops a fragment that ends within TCP's header",
		story:
			"The first eight octets of a segment: its ports, and no flags. xt_tcp does not find a whole header and drops the packet (`par->hotdrop`). iptables-nft compares the two octets of the port, which are there, and the packet goes on; so it does for the fragment behind it, which has none.",
		setup: routerWith(
			"one-port",
			"*filter\n-A FORWARD -p tcp -m tcp --dport 53\nCOMMIT\n",
		),
		steps: [
			packet(OUTSIDE, `${SEGMENT} part 0-8`),
			packet(OUTSIDE, `${SEGMENT} part 8-24`),
			at(100, observe("at the end")),
		],
		expect: [packetsOut(INSIDE, [], { exactly: true })],
	}),
	scenario({
		name: "further-fragments-have-no-ports",
		suite,
		title: "A rule with a port does not meet the second fragment",
		story:
			"The second fragment of a datagram has no ports, so neither rule counts it nor drops it. Up to Linux 6.12, nf_tables takes its first two octets for a port (`nft_payload_fast_eval`), where nothing asks for connections: iptables-nft drops it, whatever port it stands for.",
		setup: routerWith(
			"all-but-one",
			"*filter\n-A FORWARD -p udp -m udp ! --sport 40000 -j DROP\nCOMMIT\n",
		),
		steps: [
			packet(OUTSIDE, `${DATAGRAM} part 0-16`),
			packet(OUTSIDE, `${DATAGRAM} part 16-40`),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"proto 17 10.0.0.10 > 192.168.0.1 * MF *",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 16 *",
				],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "gap-in-a-source-is-asked-for",
		suite,
		title: "All octets are asked for that a source's mask with a gap leaves",
		story:
			"The last number has to be 11 besides the first one, 10; the client's is 10: the datagram passes. iptables-nft 1.8.7 compares the octets in front of the gap alone (`add_addr`) and drops it.",
		setup: routerWith(
			"gap",
			"*filter\n-A FORWARD -s 10.0.0.11/255.0.0.255 -j DROP\nCOMMIT\n",
		),
		steps: [passes],
		expect: [
			packetsOut(INSIDE, ["udp 10.0.0.10:40000 > 192.168.0.1:53 *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "policy-takes-counters",
		suite,
		title: "iptables -P gives a policy counters",
		story:
			"-P FORWARD ACCEPT -c 40 4000, and one packet that FORWARD accepts. iptables-legacy counts on from 40. iptables-nft leaves -c aside and begins with 0.",
		setup: routerWith("forward", INPUT_ONLY),
		steps: [iptables("-P FORWARD ACCEPT -c 40 4000"), at(100, passes)],
		expect: [counter("filter:FORWARD:policy", 41)],
	}),
	scenario({
		name: "mask-with-gaps-is-one-address",
		suite,
		title: "An original source with a mask that has gaps is one address",
		story:
			"The mask 255.0.255.255 leaves the second number open, and the client's address fits. Up to 1.8.9 libxtables makes one address of it (`xtopt_parse_plenmask`), which the client has not: the datagram passes. From 1.8.10 on it is dropped.",
		setup: routerWith(
			"gaps",
			"*filter\n-A FORWARD -m conntrack --ctorigsrc 10.9.0.10/255.0.255.255 -j DROP\nCOMMIT\n",
		),
		steps: [passes],
		expect: [
			packetsOut(INSIDE, ["udp 10.0.0.10:40000 > 192.168.0.1:53 *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "inverted-ports-are-each-asked",
		suite,
		title: "Two inverted ports are both asked for",
		story:
			"Neither port of the first datagram is one of the rule's, one of each of the others is. iptables-nft 1.8.9 compares both ports at once, so one that differs is enough; and of `! --dport 0:65535`, which no packet can match, it leaves nothing.",
		setup: routerWith(
			"inverted-ports",
			"*filter\n-A FORWARD -p udp -m udp ! --sport 40001 ! --dport 54\n-A FORWARD -p udp -m udp ! --dport 0:65535 -j DROP\n-A FORWARD -p udp -m udp --sport 40001 ! --dport 0:65535 -j DROP\nCOMMIT\n",
		),
		steps: [
			passes,
			packet(OUTSIDE, "udp 10.0.0.10:40001 > 192.168.0.1:53"),
			packet(OUTSIDE, "udp 10.0.0.10:40002 > 192.168.0.1:54"),
			packet(OUTSIDE, "udp 10.0.0.10:40001 > 192.168.0.1:54"),
			at(100, observe("at the end")),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 1, { at: "at the end" }),
			packetsOut(
				INSIDE,
				[
					"udp * > *:53 *",
					"udp * > *:53 *",
					"udp * > *:54 *",
					"udp * > *:54 *",
				],
				{ exactly: true, because: "no rule matches that drops" },
			),
		],
	}),
	scenario({
		name: "flags-of-none-never-match",
		suite,
		title: "TCP flags of which none are looked at are never there",
		story:
			"`--tcp-flags NONE SYN` wants SYN among no flags, and `! --tcp-flags NONE NONE` wants none of them not to be so. No segment is so. iptables-nft leaves such flags out, and the rules match.",
		setup: routerWith(
			"flags-of-none",
			"*filter\n-A FORWARD -p tcp -m tcp --tcp-flags NONE SYN\n-A FORWARD -p tcp -m tcp --dport 25 ! --tcp-flags NONE NONE\nCOMMIT\n",
		),
		steps: [
			packet(OUTSIDE, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 7"),
			at(100, observe("at the end")),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 0, { at: "at the end" }),
			counter("filter:FORWARD:rule:2", 0, { at: "at the end" }),
		],
	}),
	scenario({
		name: "interface-of-no-packet",
		suite,
		title: "No packet has an interface that is not any",
		story:
			"`! -i +` and `! -o +` ask for an interface whose name does not begin as any name does: no packet has it. iptables-nft 1.8.7 compares nothing, and the rules match.",
		setup: routerWith(
			"no-interface",
			"*filter\n-A FORWARD ! -i +\n-A FORWARD -s 10.0.0.10/32 ! -o +\nCOMMIT\n",
		),
		steps: [passes, at(100, observe("at the end"))],
		expect: [
			counter("filter:FORWARD:rule:1", 0, { at: "at the end" }),
			counter("filter:FORWARD:rule:2", 0, { at: "at the end" }),
		],
	}),
	scenario({
		name: "limit-counts-in-ticks",
		suite,
		title: "A limit earns nothing within a tick of the kernel",
		story:
			"300 packets a second and no burst: of two packets 3.5 ms apart the second one is dropped, since xt_limit counts ticks of 4 ms; a third one at 4 ms passes. nf_tables counts nanoseconds (`nft_limit_eval`): with a packet each 3.3 ms, the second passes and the third does not.",
		setup: routerWith(
			"limit",
			"*filter\n-A FORWARD -m limit --limit 300/sec --limit-burst 1 -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT\n",
		),
		steps: [
			passes,
			at(3.5, packet(OUTSIDE, "udp 10.0.0.10:40001 > 192.168.0.1:53")),
			at(4, packet(OUTSIDE, "udp 10.0.0.10:40002 > 192.168.0.1:53")),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"udp 10.0.0.10:40000 > 192.168.0.1:53 *",
					"udp 10.0.0.10:40002 > 192.168.0.1:53 *",
				],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "quota-goes-on-when-taken-over",
		suite,
		title: "A router that takes over goes on with what is left of a quota",
		story:
			"Two datagrams use up a quota, and the standby loads what iptables-save prints: nothing is left, and the third one is dropped. iptables-nft prints the quota as it was given, from Linux 5.17 on, where packets walk a copy of the rules: it is full again.",
		setup: routerWith(
			"quota",
			"*filter\n-A FORWARD -p udp -m quota2 --packets --quota 2 -j ACCEPT\n-A FORWARD -p udp -j DROP\nCOMMIT\n",
		),
		steps: [passes, passes, at(100, takeOver()), at(200, passes)],
		expect: [
			packetsOut(
				INSIDE,
				[1, 2].map(() => "udp 10.0.0.10:40000 > 192.168.0.1:53 *"),
				{ exactly: true },
			),
		],
	}),
];
