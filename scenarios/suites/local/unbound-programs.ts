import {
	at,
	backendAt,
	clientAt,
	conditionIs,
	connect,
	ip,
	observe,
	outcomes,
	packetsOut,
	recipeHealthCheck,
	scenario,
	send,
	service,
	splitBySource,
} from "../../language/build/build.ts";
import { TABLE_PER_UPLINK, twoUplinks } from "../routing/router.ts";
import { LOOPBACK, table } from "./programs-setup.ts";

const suite = "local-sources";

/** A program that is bound to no address. */
const updater = clientAt("updater", "0.0.0.0", { interface: LOOPBACK });
const remote = backendAt("remote", "192.0.2.80", { interface: "isp1" });

function router(
	rules: string,
	ipCommands: readonly string[],
	more: Parameters<typeof twoUplinks>[2] = {},
) {
	return twoUplinks(rules, ipCommands, {
		clients: [updater],
		backends: [remote],
		...more,
	});
}

/** Every second connection of the router's own is to leave by the second uplink. */
const MARKED = table(
	"mangle",
	"-A OUTPUT -d 192.0.2.80/32 -p tcp -j CONNMARK --restore-mark",
	"-A OUTPUT -d 192.0.2.80/32 -p tcp -m mark ! --mark 0x0 -j ACCEPT",
	"-A OUTPUT -d 192.0.2.80/32 -p tcp -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0xb/0xffffffff",
	"-A OUTPUT -d 192.0.2.80/32 -p tcp -m mark --mark 0x0 -j MARK --set-xmark 0xa/0xffffffff",
	"-A OUTPUT -d 192.0.2.80/32 -p tcp -j CONNMARK --save-mark",
);
const MASQUERADE = table("nat", "-A POSTROUTING -o isp2 -j MASQUERADE");

/** Programs of the router's own that are bound to no address: routing chooses from which one they send. */
export const unboundPrograms = [
	scenario({
		name: "local-source-by-mark",
		suite,
		title:
			"A mark in OUTPUT sends a program's packets elsewhere, from the address of the first uplink",
		story:
			"The program is bound to no address, so its socket gets the address of the way that its route leads, before any rule is asked: the first uplink's. The mark that OUTPUT gives to every second connection sends it out by the second uplink (`ip_route_me_harder`), and the source stays.",
		trap: "Connections leave by the second uplink with the first one's address: the provider drops them, or the answers come in by the wrong link.",
		setup: router(MARKED, TABLE_PER_UPLINK),
		steps: [connect(4, { client: "updater", everyMs: 100 })],
		expect: [
			packetsOut("isp2", [
				"tcp 198.51.100.2:* > 192.0.2.80:25 S *",
				"tcp 198.51.100.2:* > 192.0.2.80:25 S *",
			]),
			splitBySource({ "198.51.100.2": 1 }),
		],
	}),
	scenario({
		name: "local-source-by-mark-masqueraded",
		suite,
		title:
			"MASQUERADE gives what OUTPUT has rerouted the second uplink's address",
		story:
			"The same marks, and a rule in POSTROUTING that masquerades what leaves by the second uplink. Every second connection has each uplink's address.",
		setup: router(`${MARKED}${MASQUERADE}`, TABLE_PER_UPLINK),
		steps: [connect(4, { client: "updater", everyMs: 100 })],
		expect: [
			splitBySource({ "198.51.100.2": 1, "203.0.113.2": 1 }),
			outcomes("completed", 4),
		],
	}),
	scenario({
		name: "local-source-of-route",
		suite,
		title: "A program's source is that of the route when it connects",
		story:
			"At first the default route leads by the first uplink; then it has another source (`src`), a second address of the link; then it leads by the second uplink. What was connected before stays where it was. Without any route, connecting fails at once.",
		setup: router(table("filter"), ["ip addr add 198.51.100.3/24 dev isp1"]),
		steps: [
			connect(1, { client: "updater", label: "primary" }),
			at(
				1_000,
				ip(
					"ip route replace default via 198.51.100.1 dev isp1 src 198.51.100.3",
				),
				connect(1, { client: "updater", label: "preferred" }),
			),
			at(
				2_000,
				ip("ip route replace default via 203.0.113.1 dev isp2"),
				connect(1, { client: "updater", label: "second" }),
			),
			at(
				3_000,
				ip("ip route del default"),
				connect(1, { client: "updater", label: "none" }),
			),
		],
		expect: [
			splitBySource({ "198.51.100.2": 1 }, { step: "primary" }),
			splitBySource({ "198.51.100.3": 1 }, { step: "preferred" }),
			splitBySource({ "203.0.113.2": 1 }, { step: "second" }),
			outcomes("unreachable", 1, { step: "none" }),
			outcomes("completed", 3),
		],
	}),
	scenario({
		name: "local-bound-without-a-route",
		suite,
		title: "A program that is bound to an address needs a route as well",
		story:
			"DNAT in OUTPUT would send what the router's own programs ask for to the server, but the route comes first: without one, connecting and sending fail at once, also for a program that is bound to an address, and no rule is asked. A routing rule for its address gives it a way that others do not have. Without the address, it has none again.",
		setup: router(
			table(
				"nat",
				"-A OUTPUT -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.80",
				"-A OUTPUT -d 10.96.0.20/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.80",
			),
			["ip addr add 198.51.100.3/24 dev isp1", "ip route del default"],
			{
				clients: [
					clientAt("bound", "198.51.100.3", { interface: LOOPBACK }),
					updater,
				],
				services: [
					service("web", { address: "10.96.0.20", port: 80, speaks: "http" }),
					service("dns", {
						protocol: "udp",
						address: "10.96.0.20",
						port: 53,
					}),
				],
			},
		),
		steps: [
			connect(1, { client: "bound", service: "web", label: "none" }),
			send(1, { client: "bound", service: "dns", label: "no datagram" }),
			at(
				1_000,
				ip("ip rule add from 198.51.100.3 lookup 7"),
				ip("ip route add default via 198.51.100.1 dev isp1 table 7"),
				connect(1, { client: "bound", service: "web", label: "own" }),
				send(1, { client: "bound", service: "dns", label: "own datagram" }),
				connect(1, { client: "updater", service: "web", label: "other" }),
			),
			at(
				3_000,
				ip("ip addr del 198.51.100.3/24 dev isp1"),
				connect(1, { client: "bound", service: "web", label: "gone" }),
			),
		],
		expect: [
			outcomes("unreachable", 1, { step: "none" }),
			outcomes("unreachable", 1, { step: "no datagram" }),
			outcomes("completed", 1, { step: "own" }),
			outcomes("answered", 1, { step: "own datagram" }),
			outcomes("unreachable", 1, { step: "other" }),
			outcomes("unreachable", 1, { step: "gone" }),
		],
	}),
	scenario({
		name: "local-source-of-datagrams",
		suite,
		title: "A resolver on the router asks from the uplink's address",
		story:
			"A resolver sends each query from a socket of its own, bound to no address. Each gets the address of the uplink by which the server is reached, and a port of its own.",
		setup: router(table("filter"), [], {
			services: [
				service("dns", {
					protocol: "udp",
					address: "192.0.2.80",
					port: 53,
				}),
			],
		}),
		steps: [
			send(3, {
				client: "updater",
				service: "dns",
				sockets: "each",
				everyMs: 100,
			}),
		],
		expect: [
			splitBySource({ "198.51.100.2": 1 }, { service: "dns" }),
			outcomes("answered", 3),
		],
	}),
	scenario({
		name: "local-source-of-checker",
		suite,
		title:
			"A checker that is bound to no address probes from the inside address",
		story:
			"The checker on the router probes a server inside, from the address of that link. OUTPUT lets TCP pass from that address alone, and the probes pass.",
		setup: router(
			`${table("filter", "-A OUTPUT -s 192.168.1.1/32 -p tcp -j ACCEPT", "-A OUTPUT -p tcp -j DROP")}${table("mangle", "-A PREROUTING -m condition --condition dead -j RETURN")}`,
			[],
			{
				backends: [backendAt("b1", "192.168.1.80", { interface: "lan0" })],
				service: { address: "192.168.1.80", port: 25 },
				healthCheck: recipeHealthCheck({
					interface: LOOPBACK,
					address: "0.0.0.0",
					probe: { kind: "tcp" },
					targets: [
						{
							backend: "b1",
							address: "192.168.1.80",
							port: 25,
							condition: "dead",
						},
					],
				}),
			},
		),
		steps: [
			at(5_000, connect(1, { client: "updater" })),
			at(6_000, observe("end")),
		],
		expect: [
			conditionIs("dead", 0, { at: "end" }),
			splitBySource({ "192.168.1.1": 1 }),
			outcomes("completed", 1),
		],
	}),
];
