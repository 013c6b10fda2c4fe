/** Uplinks that lose their carrier while the interface stays up: a cable is pulled, a modem dies. */
import {
	at,
	backendAt,
	carrier,
	clientAt,
	connect,
	connectOnly,
	hold,
	outcomes,
	packet,
	packetsOut,
	scenario,
	speak,
	sysctl,
} from "../../language/build/build.ts";
import { twoUplinks } from "./router.ts";

const suite = "routing-carrier";

const MASQUERADED = `*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;

/** The second uplink stands by. */
const STAND_BY = [
	"ip route add default via 203.0.113.1 dev isp2 metric 100",
] as const;

const BOTH = [
	"ip route replace default nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2",
] as const;

const IGNORING = { "ipv4.conf.all.ignore_routes_with_linkdown": 1 };

/** An office behind two uplinks, and a server beyond both. */
function office(
	ip: readonly string[],
	sysctls: Readonly<Record<string, number>>,
) {
	return twoUplinks(MASQUERADED, ip, {
		clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
		backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
		sysctls,
	});
}

/** SYNs of one host to one server, from six ports. */
function syns(firstPort: number) {
	return Array.from({ length: 6 }, (_, index) =>
		packet(
			"lan0",
			`tcp 192.168.1.20:${firstPort + index} > 192.0.2.80:25 S seq 1`,
		),
	);
}

function leaving(source: string, firstPort: number): readonly string[] {
	return Array.from(
		{ length: 6 },
		(_, index) => `tcp ${source}:${firstPort + index} > 192.0.2.80:25 S *`,
	);
}

export const carriers = [
	scenario({
		name: "routing-carrier-lost",
		suite,
		title:
			"An uplink that loses its carrier keeps its routes, and the one that stands by takes nothing",
		story:
			"The cable of the first uplink is pulled. Its interface is up still, so its default route stays the better one (`ip route` shows it with `linkdown`), and the route of metric 100 is not asked. The kernel forgets the neighbours there, so packets wait three seconds for the router's address and are answered with host-unreachable. With the cable, all goes on as before.",
		trap: "A second default route with a higher metric does not take over when a cable is pulled.",
		setup: office(STAND_BY, {}),
		steps: [
			connect(2, { client: "pc", label: "before" }),
			at(2_000, carrier("isp1", "lost")),
			at(3_000, connect(3, { client: "pc", everyMs: 500, label: "while" })),
			at(20_000, carrier("isp1", "back")),
			at(21_000, connect(2, { client: "pc", label: "after" })),
		],
		expect: [
			outcomes("completed", 2, { step: "before" }),
			outcomes("unreachable", 3, { step: "while" }),
			packetsOut("isp2", [], {
				exactly: true,
				because: "the second uplink takes nothing",
			}),
			outcomes("completed", 2, { step: "after" }),
		],
	}),
	scenario({
		name: "routing-carrier-ignored",
		suite,
		title:
			"With ignore_routes_with_linkdown the uplink that stands by takes over at once",
		story:
			"Routes by a link without a carrier do not count, so new connections go by the second uplink at once, and by the first one again when its carrier is back. A connection that stood does not get there: it is masqueraded with the first uplink's address, so its next packet is dropped at the second one and its entry removed; what is sent again is masqueraded anew, and the server resets what it does not know.",
		setup: office(STAND_BY, IGNORING),
		steps: [
			connect(1, { client: "pc", label: "stands", dialogue: hold() }),
			at(2_000, carrier("isp1", "lost")),
			at(3_000, connect(3, { client: "pc", everyMs: 500, label: "while" })),
			at(6_000, speak("stands", "client")),
			at(20_000, carrier("isp1", "back")),
			at(21_000, connect(2, { client: "pc", label: "after" })),
		],
		expect: [
			outcomes("completed", 3, { step: "while" }),
			outcomes("reset", 1, { step: "stands" }),
			packetsOut("isp2", ["tcp 203.0.113.2:* > 192.0.2.80:25 *"], {
				fromMs: 3_000,
				toMs: 5_500,
				because: "they leave by the second uplink",
			}),
			outcomes("completed", 2, { step: "after" }),
		],
	}),
	scenario({
		name: "routing-carrier-multipath",
		suite,
		title:
			"A multipath route moves all flows to the uplinks that have a carrier, when the setting was there before",
		story:
			"Shares of a multipath route are computed when a carrier comes or goes. With ignore_routes_with_linkdown set by then, all flows take the other uplink. Where the setting comes later, shares stay as they were: flows that fall to the dead link go there still, until a link changes again.",
		setup: office(BOTH, {
			"ipv4.fib_multipath_hash_policy": 1,
		}),
		steps: [
			at(100, sysctl("ipv4.conf.isp1.ignore_routes_with_linkdown", 1)),
			at(200, carrier("isp1", "lost")),
			at(300, syns(41_000)),
			at(10_000, carrier("isp1", "back")),
			at(10_100, sysctl("ipv4.conf.isp1.ignore_routes_with_linkdown", 0)),
			at(10_200, carrier("isp2", "lost")),
			at(10_300, sysctl("ipv4.conf.isp2.ignore_routes_with_linkdown", 1)),
			at(10_400, carrier("isp2", "back"), carrier("isp2", "lost")),
			at(10_500, syns(42_000)),
		],
		expect: [
			packetsOut("isp2", leaving("203.0.113.2", 41_000)),
			packetsOut("isp1", leaving("198.51.100.2", 42_000)),
		],
	}),
	scenario({
		name: "routing-carrier-neighbours-kept",
		suite,
		title:
			"With arp_evict_nocarrier=0 packets vanish where the carrier is gone, and no sender hears of it",
		story:
			"The kernel keeps the neighbours of a link that has lost its carrier. While the provider's router counts as reachable, packets go to the link's queue, which takes nothing, and no error says so.",
		setup: office(STAND_BY, { "ipv4.conf.all.arp_evict_nocarrier": 0 }),
		steps: [
			connect(1, { client: "pc", label: "before" }),
			at(2_000, carrier("isp1", "lost")),
			at(
				3_000,
				connect(2, {
					client: "pc",
					label: "while",
					dialogue: connectOnly(4_000),
				}),
			),
			at(10_000, carrier("isp1", "back")),
			at(11_000, connect(2, { client: "pc", label: "after" })),
		],
		expect: [
			outcomes("completed", 1, { step: "before" }),
			outcomes("connect-timeout", 2, { step: "while" }),
			outcomes("completed", 2, { step: "after" }),
		],
	}),
];
