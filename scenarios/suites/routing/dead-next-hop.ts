import {
	at,
	backendAt,
	clientAt,
	connect,
	connectOnly,
	ip,
	neighbour,
	order,
	outcomes,
	packet,
	packetsOut,
	scenario,
} from "../../language/build/build.ts";
import { TABLE_PER_UPLINK, twoUplinks } from "./router.ts";
import { BALANCED } from "./uplinks.ts";

const suite = "routing";

const SECOND_ROUTER = "203.0.113.1";

const MASQUERADED = `*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;

const BOTH =
	"ip route replace default nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2";

/** Makes the gateway ask for the router's address. */
const PING = packet(
	"lan0",
	`icmp 192.168.1.20 > ${SECOND_ROUTER} echo-request id 1 seq 1`,
);

/** SYNs of one host to one server, from twelve ports. */
function syns(firstPort: number) {
	return Array.from({ length: 12 }, (_, index) =>
		packet(
			"lan0",
			`tcp 192.168.1.20:${firstPort + index} > 192.0.2.80:25 S seq 1`,
		),
	);
}

function fromFirst(firstPort: number): readonly string[] {
	return Array.from(
		{ length: 12 },
		(_, index) => `tcp 198.51.100.2:${firstPort + index} > 192.0.2.80:25 S *`,
	);
}

/** Connections of an office to a server beyond both providers, in turn by each. */
function office() {
	return twoUplinks(BALANCED, TABLE_PER_UPLINK, {
		clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
		backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
	});
}

export const deadNextHop = [
	scenario({
		name: "routing-next-hop-dies",
		suite,
		title: "A provider's router that dies takes every second connection along",
		story:
			"The link stays up, so routes and rules stay as they are, and marks go on sharing connections out. While the dead router is a known neighbour, what is sent to it vanishes; once ARP has found out (here it is made to), packets wait three seconds for its address and are answered with host-unreachable. Half of all connections are lost until something changes the rules.",
		trap: "Nothing in a ruleset sees that a router behind an uplink is dead.",
		setup: office(),
		steps: [
			connect(4, { client: "pc", everyMs: 500, label: "before" }),
			at(5_000, neighbour(SECOND_ROUTER, "vanish")),
			at(
				6_000,
				connect(2, {
					client: "pc",
					label: "known",
					dialogue: connectOnly(4_000),
				}),
			),
			at(12_000, ip("ip neigh flush dev isp2")),
			at(13_000, connect(6, { client: "pc", everyMs: 500, label: "while" })),
			at(60_000, neighbour(SECOND_ROUTER, "up")),
			at(70_000, connect(4, { client: "pc", everyMs: 500, label: "after" })),
		],
		expect: [
			outcomes("completed", 4, { step: "before" }),
			outcomes("connect-timeout", 1, { step: "known" }),
			outcomes("completed", 3, { step: "while" }),
			outcomes("unreachable", 3, {
				step: "while",
				because: "the router is given up after three questions",
			}),
			outcomes("completed", 4, { step: "after" }),
		],
		endMs: 80_000,
	}),
	scenario({
		name: "routing-next-hop-loses-all",
		suite,
		title:
			"A provider's router that answers ARP and loses all else is alive to the kernel",
		story:
			"The line behind the provider's router is dead. ARP is answered, so the router stays reachable as a neighbour, nothing is unreachable, and no setting of routes helps: only a probe beyond the router can tell.",
		setup: office(),
		steps: [
			at(1_000, neighbour(SECOND_ROUTER, "silent")),
			at(2_000, connect(6, { client: "pc", everyMs: 500 })),
		],
		expect: [
			outcomes("completed", 3),
			outcomes("lost", 3),
			order([null, "remote", null, "remote", null, "remote"], {
				because: "what the dead line loses meets no server",
			}),
		],
	}),
	scenario({
		name: "routing-multipath-dead-router",
		suite,
		title:
			"A multipath route leaves a dead router out where fib_multipath_use_neigh is set",
		story:
			"With fib_multipath_use_neigh=1 a next hop whose neighbour has failed, or is asked for in vain, is left out. Nothing asks for its address then, so it stays out when the router is back, until something is sent to the router itself. Without the setting, flows whose hash falls to the dead router wait for its address and are answered with host-unreachable.",
		setup: twoUplinks(MASQUERADED, [BOTH], {
			sysctls: {
				"ipv4.fib_multipath_hash_policy": 1,
				"ipv4.fib_multipath_use_neigh": 1,
			},
		}),
		steps: [
			neighbour(SECOND_ROUTER, "vanish"),
			at(100, PING),
			at(200, syns(41_000)),
			at(10_000, syns(42_000)),
			at(20_000, neighbour(SECOND_ROUTER, "up")),
			at(20_100, syns(43_000)),
			at(30_000, PING),
			at(30_100, syns(44_000)),
		],
		expect: [
			packetsOut(
				"isp1",
				[...fromFirst(41_000), ...fromFirst(42_000), ...fromFirst(43_000)],
				{ because: "all take the other one while the neighbour has failed" },
			),
			packetsOut("isp2", ["icmp 203.0.113.2 > 203.0.113.1 echo-request *"]),
			packetsOut("isp2", ["tcp 203.0.113.2:* > 192.0.2.80:25 S *"], {
				because: "the second router takes its share again",
			}),
		],
	}),
	scenario({
		name: "routing-multipath-fields",
		suite,
		title: "A multipath route shares out by sources alone, if so set",
		story:
			"fib_multipath_hash_policy=3 hashes the fields that fib_multipath_hash_fields names, here the source address: all that one host sends takes one of the two routers, which are on one link.",
		setup: twoUplinks(
			"*filter\nCOMMIT\n",
			[
				"ip route replace default nexthop via 198.51.100.1 dev isp1 nexthop via 198.51.100.9 dev isp1",
			],
			{
				sysctls: {
					"ipv4.fib_multipath_hash_policy": 3,
					"ipv4.fib_multipath_hash_fields": 1,
				},
			},
		),
		steps: Array.from({ length: 8 }, (_, host) =>
			[53, 80, 443].map((port) =>
				packet(
					"lan0",
					`udp 192.168.1.${20 + host}:${5000 + port} > 192.0.2.80:${port}`,
				),
			),
		).flat(),
		expect: [packetsOut("isp1", ["udp * > *"])],
	}),
];
