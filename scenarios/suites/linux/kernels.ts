import {
	at,
	connect,
	connectOnly,
	conntrack,
	counter,
	INSIDE,
	ip,
	ipset,
	iptables,
	OUTSIDE,
	observe,
	operationFails,
	operationSucceeds,
	packet,
	packetsOut,
	scenario,
	split,
	sysctl,
} from "../../language/build/build.ts";
import {
	byHand,
	client,
	fromBackend,
	handshake,
	syn,
} from "../kernel/by-hand.ts";
import { hostSetup, OWN, table, worker } from "../local/programs-setup.ts";

const suite = "linux";

/** What kernels do in different ways. */
export const kernelDifferences = [
	scenario({
		name: "port-range-spreads",
		suite,
		title: "A range of ports spreads connections over all of its ports",
		story:
			"REDIRECT to ports 7701 to 7704, a worker behind each. The kernel draws a port of the range for each connection (`nf_nat_l4proto_unique_tuple`). From Linux 6.12 on it begins with the first port, which is free for each client: worker 1 gets all of them, unless the rule says --random.",
		setup: hostSetup(
			table(
				"nat",
				`-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7701-7704`,
			),
			{
				backends: [1, 2, 3, 4].map((n) => worker(`w${n}`, 7700 + n)),
			},
		),
		steps: [connect(48, { everyMs: 20, dialogue: connectOnly() })],
		expect: [split({ w1: 1, w2: 1, w3: 1, w4: 1 }, { tolerance: 0.24 })],
	}),
	scenario({
		name: "reset-in-window-shortens",
		suite,
		title: "A reset inside of the window leaves an entry 10 s",
		story:
			"The backend's RST has a sequence number inside of the window that is not the next one. The client answers it with a challenge ACK and goes on; the entry stays ESTABLISHED. Its time is nf_conntrack_tcp_timeout_close here (`nf_conntrack_tcp_packet`); Linux 6.12 leaves it nf_conntrack_tcp_timeout_unacknowledged, 300 s.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(1000, fromBackend(1, 40_000, "R seq 5011 ack 0"), observe("reset")),
		],
		expect: [
			conntrack({ state: "ESTABLISHED", mark: 1 }, 1, {
				at: "reset",
				timeoutS: 10,
			}),
		],
	}),
	scenario({
		name: "reject-closes-the-connection",
		suite,
		title: "REJECT with a reset closes the connection's entry",
		story:
			"The connection stands when a rule begins to reject it. The client's next segment gets a reset, and the entry becomes CLOSE (`nf_ct_set_closing`), so that it is gone in 10 s. Linux 5.10 leaves it ESTABLISHED for five days.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				10,
				iptables(
					"-A FORWARD -i bond0.204 -p tcp -j REJECT --reject-with tcp-reset",
				),
			),
			at(20, client(40_000, "PA", 1001, "ack 5001 len 5"), observe("rejected")),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 R*"], {
				fromMs: 20,
				exactly: true,
			}),
			conntrack({ state: "CLOSE", mark: 1 }, 1, {
				at: "rejected",
				timeoutS: 10,
			}),
		],
	}),
	scenario({
		name: "fragments-have-headers",
		suite,
		title: "tcpmss and ecn look for a TCP header in every fragment",
		story:
			"Where connections are not tracked, tables see fragments. Up to Linux 6.12, ecn finds no flag in the octets of the second one and matches, and tcpmss finds a header that is cut off and drops it. From 7.2 on neither matches a further fragment (`tcpmss_mt`, `match_tcp`), and it passes.",
		setup: byHand({
			ruleset: {
				name: "headers.rules",
				text: table(
					"filter",
					"-A FORWARD -p tcp -m ecn ! --ecn-tcp-ece",
					"-A FORWARD -p tcp -m tcpmss --mss 536:65535",
				),
			},
		}),
		steps: [
			...fragmentsOf(
				"tcp 10.0.0.10:40000 > 192.168.0.1:25 A seq 1 ack 1 ipid 7 len 1000",
				504,
				1020,
			),
			observe("after"),
		],
		expect: [
			packetsOut(INSIDE, ["proto 6 10.0.0.10 > 192.168.0.1 * MF * len 504"], {
				exactly: true,
			}),
			counter("filter:FORWARD:rule:1", 2, { at: "after" }),
		],
	}),
	scenario({
		name: "fragments-have-ports",
		suite,
		title: "hashlimit by ports takes the octets of a fragment for ports",
		story:
			"Where connections are not tracked, tables see fragments. Up to Linux 6.12, hashlimit reads ports from whatever octets a further fragment begins with, and lets it pass. From 7.2 on it drops the fragment (`hashlimit_init_dst`), so that no datagram in fragments arrives.",
		setup: byHand({
			ruleset: {
				name: "ports.rules",
				text: table(
					"filter",
					"-A FORWARD -p udp -m hashlimit --hashlimit-upto 1000/sec --hashlimit-mode srcport --hashlimit-name ports",
				),
			},
		}),
		steps: fragmentsOf(
			"udp 10.0.0.10:40000 > 192.168.0.1:53 ipid 7 len 1000",
			504,
			1008,
		),
		expect: [
			packetsOut(
				INSIDE,
				[
					"proto 17 10.0.0.10 > 192.168.0.1 * MF * len 504",
					"proto 17 10.0.0.10 > 192.168.0.1 * frag 504 len 504",
				],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "hitcount-has-a-limit",
		suite,
		title: "recent counts up to 255 packets of an address",
		story:
			"The kernel refuses a greater hit count, and with it the table (`recent_mt_check`). From Linux 6.12 on an entry has room for 65,535 times (`XT_RECENT_MAX_NSTAMPS`).",
		setup: byHand(),
		steps: [
			iptables("-A INPUT -m recent --rcheck --hitcount 255 --name few"),
			at(
				10,
				iptables("-A INPUT -m recent --rcheck --hitcount 256 --name many", {
					label: "one more",
				}),
			),
			at(20, observe("after")),
		],
		expect: [operationFails("one more", "Invalid argument")],
	}),
	scenario({
		name: "fragments-when-nothing-is-tracked",
		suite,
		title: "When no rule asks for tracking any more, rules see fragments",
		story:
			"A rule asks for tracking, and goes. From then on fragments walk through the rules one by one again (`nf_defrag_ipv4_disable`). Linux 5.10 goes on putting them together: the rule that counts further fragments sees none.",
		setup: byHand({
			ruleset: {
				name: "tracked.rules",
				text: table(
					"filter",
					"-A FORWARD -m conntrack --ctstate NEW",
					"-A FORWARD -f",
				),
			},
		}),
		steps: [
			at(10, iptables("-D FORWARD 1")),
			...fragmentsOf(
				"udp 10.0.0.10:40000 > 192.168.0.1:53 ipid 7 len 1000",
				504,
				1008,
			).map((step) => at(20, step)),
			at(30, observe("after")),
		],
		expect: [counter("filter:FORWARD:rule:1", 1, { at: "after" })],
	}),
	scenario({
		name: "text-ends-before-to",
		suite,
		title: "string finds a text that ends at --to or before",
		story:
			"The text begins at octet 40, behind both headers, and has four octets. It ends at 44, so --to 44 finds it and --to 41 does not (`skb_find_text`). In Linux 5.10 it has to begin there, and both rules match.",
		setup: byHand({
			ruleset: {
				name: "text.rules",
				text: table(
					"filter",
					"-A FORWARD -m string --string QUIT --algo kmp --to 41",
					"-A FORWARD -m string --string QUIT --algo kmp --to 44",
				),
			},
		}),
		steps: [
			packet(
				OUTSIDE,
				'tcp 10.0.0.10:40000 > 192.168.0.1:25 PA seq 1 ack 1 data "QUIT\\r\\n"',
			),
			observe("after"),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 0, { at: "after" }),
			counter("filter:FORWARD:rule:2", 1, { at: "after" }),
		],
	}),
	scenario({
		name: "limit-of-errors-is-filled-up",
		suite,
		title:
			"What is left of the limit of all ICMP errors counts besides what is put in",
		story:
			"The bucket takes 200 errors. Fifty leave at least half of it, and a second later there is room for 120 more, whatever each of them costs: the bucket is filled up when it is empty (`icmp_global_allow`). Linux 5.10 fills it up first, so what was left is lost; the model says that it does not know where that may matter.",
		setup: byHand({
			sysctls: {
				"ipv4.icmp_ratelimit": 0,
				"ipv4.icmp_msgs_burst": 200,
				"ipv4.icmp_msgs_per_sec": 1000,
			},
		}),
		steps: [...hopless(50), ...hopless(120).map((step) => at(1000, step))],
		expect: [
			packetsOut(
				OUTSIDE,
				Array.from({ length: 120 }, () => "icmp 10.0.0.1 > 10.0.0.10 *"),
				{ fromMs: 1000, exactly: true },
			),
		],
	}),
	scenario({
		name: "sets-have-buckets",
		suite,
		title: "A set may be made with the size of its buckets",
		story:
			"A set of hashes has a bucketsize. Linux 5.10 has none, and the model does not know what ipset says of it there.",
		setup: byHand(),
		steps: [
			at(
				10,
				ipset("create small hash:ip bucketsize 4", { label: "small buckets" }),
			),
		],
		expect: [operationSucceeds("small buckets")],
	}),
	scenario({
		name: "other-masks-are-refused",
		suite,
		title: "A set of addresses and ports has no netmask",
		story:
			"Of sets of hashes hash:ip alone has a netmask, up to Linux 6.1. Newer kernels have one for other types as well, which the model does not follow.",
		setup: byHand(),
		steps: [
			at(
				10,
				ipset("create pairs hash:ip,port netmask 24", { label: "with a mask" }),
			),
		],
		expect: [operationFails("with a mask", "Unknown argument: `netmask'")],
	}),
	scenario({
		name: "fragments-have-an-owner",
		suite,
		title: "A packet that was sent in fragments has an owner",
		story:
			"A program of root's sends a datagram in two fragments. OUTPUT puts them together, since connections are tracked, and a rule asks for the owner of the whole. Linux 5.10 has forgotten it.",
		setup: byHand({
			ruleset: {
				name: "owned.rules",
				text: `*filter
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A OUTPUT -p udp -m owner --uid-owner 0
COMMIT
`,
			},
		}),
		steps: [
			packet(
				"lo",
				'proto 17 10.0.0.1 > 10.0.0.10 ipid 1 MF data "R\\x12\\x00\\x35\\x00 \\x00\\x00"',
			),
			packet("lo", "proto 17 10.0.0.1 > 10.0.0.10 ipid 1 frag 8 len 24"),
			observe("sent"),
		],
		expect: [counter("filter:OUTPUT:rule:1", 1, { at: "sent" })],
	}),
	scenario({
		name: "lowest-address-is-a-host",
		suite,
		title: "The lowest address of a network is a host's",
		story:
			"A packet is forwarded to 192.168.0.0, the lowest address of the backends' network. Up to Linux 5.13 it is a broadcast address, and the packet is dropped.",
		setup: byHand({
			neighbours: [{ interface: INSIDE, address: "192.168.0.0" }],
		}),
		steps: [packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.0:53")],
		expect: [
			packetsOut(INSIDE, ["udp 10.0.0.10:40000 > 192.168.0.0:53 *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "missing-set-is-destroyed",
		suite,
		title: "ipset destroy -exist forgives a set that is not there",
		story:
			"A script destroys its set before it makes it. With -exist that is no fault, except on Linux 5.10.",
		setup: byHand(),
		steps: [at(10, ipset("destroy -exist nowhere", { label: "cleared away" }))],
		expect: [operationSucceeds("cleared away")],
	}),
	scenario({
		name: "nobodys-ports-are-stored",
		suite,
		title: "A set of addresses and ports stores those of 0.0.0.0",
		story:
			"A rule adds the source and port of each TCP packet to a set, and one of them comes from 0.0.0.0, as a host's does that has no address yet. From Linux 6.2 on hash:ip,port stores no null address: the rule adds nothing.",
		setup: byHand({
			gateway: { sets: "create ports hash:ip,port\n" },
			ruleset: {
				name: "remembered.rules",
				text: table(
					"raw",
					"-A PREROUTING -p tcp -j SET --add-set ports src,dst",
				),
			},
		}),
		steps: [
			packet(OUTSIDE, "tcp 0.0.0.0:40000 > 10.0.0.10:25 S seq 77"),
			at(10, ipset("test ports 0.0.0.0,tcp:25", { label: "is it in the set" })),
		],
		expect: [operationSucceeds("is it in the set")],
	}),
	scenario({
		name: "clusterip-loads",
		suite,
		title: "A rule with CLUSTERIP loads",
		story:
			"CLUSTERIP has several machines share one address. It was removed in Linux 6.2: from then on a rule with it is refused. Kernels before refuse it from iptables-nft.",
		setup: byHand(),
		steps: [
			at(
				10,
				iptables(
					"-A INPUT -d 10.0.0.1 -i bond0.204 -j CLUSTERIP --new --hashmode sourceip --clustermac 01:00:5e:00:00:20 --total-nodes 2 --local-node 1",
					{ label: "shared" },
				),
			),
		],
		expect: [operationSucceeds("shared")],
	}),
	scenario({
		name: "settings-of-linux-6-1",
		suite,
		title: "Settings come and go with kernels",
		story:
			"The first setting came after Linux 5.10, where sysctl finds no such file. The second one belongs to conntrack of DCCP, which Linux 7.2 does not have any more. Both are written with the values that they have.",
		setup: byHand(),
		steps: [
			at(
				10,
				sysctl("netfilter.nf_conntrack_tcp_ignore_invalid_rst", 0, {
					label: "one that is new",
				}),
			),
			at(
				20,
				sysctl("netfilter.nf_conntrack_dccp_loose", 1, {
					label: "one that is old",
				}),
			),
		],
		expect: [
			operationSucceeds("one that is new"),
			operationSucceeds("one that is old"),
		],
	}),
	scenario({
		name: "settings-of-other-kernels",
		suite,
		title: "Settings of older and newer kernels are not there",
		story:
			"Linux 5.10 has a setting by which helpers follow FTP and the like without a rule, and Linux 6.12 has settings for other paths of TCP. Linux 6.1 has neither.",
		setup: byHand(),
		steps: [
			at(
				10,
				sysctl("netfilter.nf_conntrack_helper", 0, { label: "an old one" }),
			),
			at(20, sysctl("ipv4.tcp_plb_enabled", 0, { label: "a new one" })),
		],
		expect: [
			operationFails("an old one", "No such file or directory"),
			operationFails("a new one", "No such file or directory"),
		],
	}),
	scenario({
		name: "what-settings-take",
		suite,
		title:
			"A limit of 0 connections is none, and flows may be shared out by fields",
		story:
			"With nf_conntrack_max=0 conntrack's table takes as many connections as there is memory for; Linux 7.2 refuses the value. The hash of multipath routes over fields of one's choice (3) came after Linux 5.10.",
		setup: byHand(),
		steps: [
			at(10, sysctl("netfilter.nf_conntrack_max", 0, { label: "no limit" })),
			at(
				20,
				sysctl("ipv4.fib_multipath_hash_policy", 3, { label: "by fields" }),
			),
		],
		expect: [operationSucceeds("no limit"), operationSucceeds("by fields")],
	}),
	scenario({
		name: "deleted-rule-for-main-is-missed",
		suite,
		title: "Without its rule, the table main is not asked",
		story:
			"The rule that asks the table main is deleted, and nothing was added to the rules before. A new connection finds no way to the backend. Linux 7.2 does not look at rules before one was added (`fib_has_custom_rules`), and sends it on.",
		setup: byHand(),
		steps: [ip("ip rule del priority 32766"), at(10, syn(40_000))],
		expect: [packetsOut(INSIDE, [], { exactly: true })],
	}),
];

/** A packet in two fragments. @param cut octets behind its IPv4 header in the first one, and in all */
function fragmentsOf(line: string, cut: number, length: number) {
	return [`0-${cut}`, `${cut}-${length}`].map((part) =>
		packet(OUTSIDE, `${line} part ${part}`),
	);
}

/** Packets whose time to live ends at the router. */
function hopless(count: number) {
	return Array.from({ length: count }, () =>
		packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 ttl 1 len 30"),
	);
}
