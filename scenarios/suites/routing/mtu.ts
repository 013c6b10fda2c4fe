import {
	at,
	connect,
	echo,
	ip,
	outcomes,
	packet,
	packetsCounted,
	packetsOut,
	recipeSetup,
	scenario,
	service,
} from "../../language/build/build.ts";
import { twoUplinks } from "./router.ts";

const suite = "routing";

const CLAMPED = `*mangle
-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
COMMIT
`;

/** A SYN that offers segments of 1460 octets, a datagram of 1500 octets in all that may not be cut, and one that may. */
function sends(port: number) {
	return [
		packet(
			"lan0",
			`tcp 192.168.1.20:${port} > 192.0.2.80:25 S seq 1 <mss 1460>`,
		),
		packet("lan0", `udp 192.168.1.20:${port} > 192.0.2.53:53 DF len 1472`),
		packet("lan0", `udp 192.168.1.20:${port + 1} > 192.0.2.53:53 len 1472`),
	];
}

function syn(port: number, mss: number): string {
	return `tcp 192.168.1.20:${port} > 192.0.2.80:25 S * <mss ${mss}>`;
}

export const mtus = [
	scenario({
		name: "routing-mtu",
		suite,
		title: "An uplink with a smaller MTU, as PPPoE and tunnels have it",
		story:
			"What is longer than the link's MTU is cut into fragments, or, where it may not be, dropped with fragmentation-needed, which says the MTU. `TCPMSS --clamp-mss-to-pmtu` takes the smaller one of the two links. Another MTU of the link counts from then on, and one of a route (`mtu`, `mtu lock`) in place of the link's.",
		setup: twoUplinks(CLAMPED, ["ip link set dev isp1 mtu 1492"]),
		steps: [
			at(10, sends(41_000)),
			at(1_000, ip("ip link set isp1 mtu 1400")),
			at(1_010, sends(42_000)),
			at(
				2_000,
				ip("ip route replace default via 198.51.100.1 dev isp1 mtu 1300"),
			),
			at(2_010, sends(43_000)),
			at(
				3_000,
				ip("ip route replace default via 198.51.100.1 dev isp1 mtu lock 1200"),
			),
			at(3_010, sends(44_000)),
			at(4_000, ip("ip link set lan0 mtu 1000")),
			at(4_010, sends(45_000)),
		],
		expect: [
			packetsOut("isp1", [
				syn(41_000, 1452),
				syn(42_000, 1360),
				syn(43_000, 1260),
				syn(44_000, 1160),
				syn(45_000, 960),
			]),
			packetsOut("lan0", [
				"icmp 192.168.1.1 > 192.168.1.20 fragmentation-needed mtu 1492 *",
				"icmp 192.168.1.1 > 192.168.1.20 fragmentation-needed mtu 1400 *",
				"icmp 192.168.1.1 > 192.168.1.20 fragmentation-needed mtu 1300 *",
				"icmp 192.168.1.1 > 192.168.1.20 fragmentation-needed mtu 1200 *",
			]),
		],
	}),
	scenario({
		name: "routing-clamped",
		suite,
		title:
			"A message of 20,000 octets to backends behind a link with a smaller MTU",
		story:
			"No host sends more in a segment than the other side's SYN or SYN/ACK has named, so with `TCPMSS --clamp-mss-to-pmtu` every segment fits the link, also where a firewall lets no ICMP error out that would tell of its MTU.",
		setup: recipeSetup({
			ruleset: {
				name: "clamped.rules",
				text: `${CLAMPED}*filter
-A OUTPUT -p icmp -j DROP
COMMIT
*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
`,
			},
			gateway: {
				interfaces: [
					{ name: "bond0.204", addresses: ["10.0.0.1/8"], mtu: 1500 },
					{ name: "bond0.205", addresses: ["192.168.0.254/24"], mtu: 1000 },
				],
			},
			services: [
				service("echo", { address: "10.0.0.1", port: 25, speaks: "echo" }),
			],
		}),
		steps: [
			connect(2, {
				everyMs: 100,
				dialogue: echo({ messages: 1, messageOctets: 20_000 }),
			}),
		],
		expect: [
			outcomes("completed", 2),
			packetsOut("bond0.204", ["tcp 10.0.0.1:25 > *:* SA * <mss 960,*"]),
			packetsCounted(["icmp *"], 0),
		],
	}),
];
