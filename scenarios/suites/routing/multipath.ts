import {
	packet,
	packetsOut,
	scenario,
	sysctl,
} from "../../language/build/build.ts";
import { twoUplinks } from "./router.ts";

const suite = "routing";

/** Twelve SYNs of one host to one server, from a port each, and each of them sent again. */
const syns = Array.from({ length: 12 }, (_, index) =>
	packet("lan0", `tcp 192.168.1.20:${41_000 + index} > 192.0.2.80:25 S seq 1`),
);

const BOTH =
	"ip route replace default nexthop via 198.51.100.1 dev isp1 weight 1 nexthop via 203.0.113.1 dev isp2 weight 1";

export const multipath = [
	scenario({
		name: "routing-multipath-ports",
		suite,
		title: "A multipath route shares connections out by their ports, if so set",
		story:
			"fib_multipath_hash_policy=1: a hash of addresses and ports picks the next hop, with a key that each kernel draws. A connection stays where it is, as each of its packets has the same hash.",
		setup: twoUplinks(
			"*nat\n-A POSTROUTING -o isp1 -j MASQUERADE\n-A POSTROUTING -o isp2 -j MASQUERADE\nCOMMIT\n",
			[BOTH],
			{
				sysctls: { "ipv4.fib_multipath_hash_policy": 1 },
			},
		),
		steps: [...syns, ...syns],
		expect: [
			packetsOut("isp1", ["tcp 198.51.100.2:* > 192.0.2.80:25 S *"]),
			packetsOut("isp2", ["tcp 203.0.113.2:* > 192.0.2.80:25 S *"]),
		],
	}),
	scenario({
		name: "routing-multipath-addresses",
		suite,
		title: "By itself a multipath route goes by addresses alone",
		story:
			"fib_multipath_hash_policy=0, which is what a kernel begins with: all connections of one client to one server take the same uplink.",
		setup: twoUplinks("*filter\nCOMMIT\n", [BOTH]),
		steps: [...syns, sysctl("ipv4.fib_multipath_hash_policy", 1), ...syns],
		expect: [packetsOut("lan0", [], { exactly: true })],
	}),
];
