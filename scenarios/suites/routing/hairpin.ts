import {
	at,
	backendAt,
	clientAt,
	connect,
	connectOnly,
	ip,
	neighbour,
	outcomes,
	packet,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";
import { twoUplinks } from "./router.ts";

const suite = "routing";

/** A port forwarded to a host inside, which a client outside and one inside ask for. */
function forwardedPort(rules: string) {
	return {
		suite,
		setup: recipeSetup({
			ruleset: { name: "forward.rules", text: rules },
			gateway: {
				interfaces: [
					{ name: "wan0", addresses: ["203.0.113.1/24"], mtu: 1500 },
					{ name: "br-lan", addresses: ["192.168.1.1/24"], mtu: 1500 },
				],
				routes: [],
			},
			service: { address: "203.0.113.1", port: 443 },
			clients: [
				clientAt("outside", "203.0.113.77", { interface: "wan0" }),
				clientAt("inside", "192.168.1.50", { interface: "br-lan" }),
			],
			backends: [backendAt("nas", "192.168.1.20", { interface: "br-lan" })],
		}),
		steps: [
			connect(3, {
				client: "outside",
				everyMs: 100,
				dialogue: connectOnly(),
				label: "out",
			}),
			at(
				1000,
				connect(3, {
					client: "inside",
					everyMs: 100,
					dialogue: connectOnly(),
					label: "in",
				}),
			),
		],
	};
}

/** The way to a server outside leads through another router on the clients' link. */
function byRouterInside() {
	return twoUplinks(
		"*filter\nCOMMIT\n",
		["ip route add 192.0.2.0/24 via 192.168.1.20 dev lan0"],
		{
			clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
			backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
		},
	);
}

const FORWARD = `*nat
-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`;
const LOOPBACK = FORWARD.replace(
	"COMMIT",
	"-A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.20/32 -p tcp -m tcp --dport 443 -j SNAT --to-source 192.168.1.1\nCOMMIT",
);

export const hairpin = [
	scenario({
		...forwardedPort(FORWARD),
		name: "routing-hairpin",
		title:
			"A forwarded port is not there for clients inside, whose answers come straight",
		story:
			"The SYN of a client inside is sent on to the server, from the client's own address. The server answers straight, from 192.168.1.20, and the client, which asked 203.0.113.1, answers with a reset. The gateway would send a redirect, as the packet leaves by where it came in; NAT drops it, since the connection is translated.",
		expect: [
			outcomes("completed", 3, { step: "out" }),
			outcomes("completed", 0, { step: "in" }),
			packetsPast("br-lan", ["tcp 192.168.1.20:443 > 192.168.1.50:* SA *"]),
		],
	}),
	scenario({
		...forwardedPort(LOOPBACK),
		name: "routing-hairpin-loopback",
		title: "… and is there, where the source is translated as well",
		story:
			"With the gateway's own address as its source, the server answers to the gateway, which translates the answer back.",
		expect: [
			outcomes("completed", 3, { step: "out" }),
			outcomes("completed", 3, { step: "in" }),
		],
	}),
	scenario({
		name: "routing-redirects",
		suite,
		title:
			"What leaves by where it came in brings a redirect, ever more seldom",
		story:
			"The next redirect to a host is due 40 ms behind the first, then 80, 160, and so on. `send_redirects` is the OR of `all` and the interface: one of them alone does not turn it off. An error to the host counts as a redirect does. What is known of a host that was idle for ten minutes is forgotten when another one comes.",
		setup: twoUplinks("*filter\nCOMMIT\n", [
			"ip route add 10.5.0.0/16 via 192.168.1.20",
		]),
		steps: [
			...[0, 10, 60, 100, 160, 300, 330].map((ms, index) =>
				at(ms, packet("lan0", `udp 192.168.1.9:1 > 10.5.0.1:${index + 1}`)),
			),
			at(600_000, packet("lan0", "udp 192.168.1.9:1 > 192.168.1.1:9")),
			at(600_001, packet("lan0", "udp 192.168.1.9:1 > 10.5.0.1:8")),
			at(1_240_000, packet("lan0", "udp 192.168.1.8:1 > 192.168.1.1:9")),
			at(1_240_001, packet("lan0", "udp 192.168.1.9:1 > 192.168.1.1:9")),
			at(1_240_002, packet("lan0", "udp 192.168.1.9:1 > 10.5.0.1:9")),
		],
		expect: [
			packetsOut(
				"lan0",
				[1, 3, 5, 7, 9].map(
					(port) =>
						`icmp 192.168.1.1 > 192.168.1.9 host-redirect * (udp 192.168.1.9:1 > 10.5.0.1:${port} *`,
				),
			),
		],
	}),
	scenario({
		name: "senders-beyond-a-router-hear-no-redirect",
		suite,
		title: "Who sends by another router of the link is sent no redirect",
		story:
			"A host beyond the other router sends to one on the clients' link, and its packets take the way by the gateway. They leave by where they came in, but the sender is not on the link, and could do nothing with a redirect. Linux 5.10 sends it one.",
		setup: byRouterInside(),
		steps: [packet("lan0", "udp 192.0.2.80:1 > 192.168.1.50:9")],
		expect: [
			packetsOut(
				"lan0",
				[
					"udp 192.0.2.80:1 > 192.168.1.50:9 *",
					"icmp 192.168.1.50 > 192.0.2.80 port-unreachable *",
				],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "routing-redirect-heeded",
		suite,
		title: "A host heeds an ICMP redirect, and sends past the gateway",
		story:
			"The way to the server leads through another router on the clients' link, and the gateway says so to the client. A Linux host heeds that (`accept_redirects`): the first redirect makes it ask for the router's address, the next one makes it send there. Answers come by the gateway still, which sees one direction of the connection from then on. After five minutes the client asks the gateway again.",
		setup: byRouterInside(),
		steps: [
			connect(1, { client: "pc", label: "first" }),
			at(5_000, connect(1, { client: "pc", label: "second" })),
			at(10_000, connect(2, { client: "pc", label: "past" })),
			at(330_000, connect(1, { client: "pc", label: "again" })),
		],
		expect: [
			outcomes("completed", 5),
			packetsPast("lan0", [
				"tcp 192.168.1.50:* > 192.0.2.80:25 S *",
				"tcp 192.168.1.50:* > 192.0.2.80:25 S *",
			]),
			packetsOut("lan0", ["tcp 192.168.1.50:* > 192.0.2.80:25 S *"], {
				fromMs: 320_000,
				because: "the redirect is forgotten",
			}),
		],
	}),
	scenario({
		name: "routing-redirect-to-dead-router",
		suite,
		title: "A host that has heeded a redirect is lost with the router",
		story:
			"The router that the redirect has named loses all that comes to it. The client goes on sending there for five minutes, and nothing of that meets the gateway. With `send_redirects=0`, of `all` and of the interface, the gateway would have the last word on every packet.",
		trap: "Once redirects are heeded, no rule and no route of the gateway can lead those clients elsewhere.",
		setup: byRouterInside(),
		steps: [
			connect(1, { client: "pc", label: "first" }),
			at(5_000, connect(1, { client: "pc", label: "second" })),
			at(
				10_000,
				neighbour("192.168.1.20", "silent"),
				ip("ip route replace 192.0.2.0/24 via 198.51.100.1 dev isp1"),
			),
			at(
				11_000,
				connect(2, {
					client: "pc",
					label: "past",
					dialogue: connectOnly(5_000),
				}),
			),
		],
		expect: [
			outcomes("completed", 1, { step: "first" }),
			outcomes("connect-timeout", 2, { step: "past" }),
			packetsOut("isp1", [], {
				exactly: true,
				because: "the gateway's new route is not asked",
			}),
		],
	}),
];
