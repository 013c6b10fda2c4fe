import {
	at,
	conntrack,
	ip,
	observe,
	operationFails,
	packet,
	packetsOut,
	scenario,
	sysctl,
} from "../../language/build/build.ts";
import { twoUplinks } from "./router.ts";

const suite = "routing";

const FORWARD = `*nat
-A PREROUTING -d 203.0.113.2/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20
COMMIT
`;

const ASKED = "tcp 192.0.2.9:40000 > 203.0.113.2:443 S seq 1 win 64240";
const FORWARDED = "tcp 192.0.2.9:40000 > 192.168.1.20:443 S *";

/** A SYN by the second uplink, with rp_filter of `all` as given. */
function reversePath(name: string, value: number) {
	return {
		name: `routing-rp-filter-${name}`,
		suite,
		setup: twoUplinks(FORWARD, []),
		steps: [
			at(10, sysctl("ipv4.conf.all.rp_filter", value)),
			at(100, packet("isp2", ASKED)),
			at(200, packet("isp2", "tcp 192.168.1.77:1 > 203.0.113.2:443 S")),
			at(300, sysctl("ipv4.conf.isp2.rp_filter", 3 - value)),
			at(400, packet("isp2", ASKED.replace(":40000", ":40001"))),
		],
	};
}

export const sources = [
	scenario({
		...reversePath("strict", 1),
		title:
			"rp_filter=1 drops what comes by an uplink that no route back leads to",
		story:
			"A port is forwarded on the second uplink; the default route leads to the first. Strict reverse-path filtering drops the SYN after DNAT and before FORWARD. With 2 for the interface, the greater of both holds, and it is let through.",
		expect: [
			packetsOut("lan0", [FORWARDED.replace(":40000", ":40001")], {
				exactly: true,
				because: "the greater of all's and the interface's own value holds",
			}),
		],
	}),
	scenario({
		...reversePath("loose", 2),
		title:
			"rp_filter=2 takes what comes from anywhere to which there is a route",
		story:
			"Loose reverse-path filtering wants a route to the sender, by whichever interface.",
		expect: [
			packetsOut(
				"lan0",
				[
					FORWARDED,
					"tcp 192.168.1.77:1 > 192.168.1.20:443 S *",
					FORWARDED.replace(":40000", ":40001"),
				],
				{ exactly: true },
			),
		],
	}),
	scenario({
		name: "routing-address-change",
		suite,
		title:
			"An uplink that gets another address forgets the connections that had the old one",
		story:
			"As after a PPP reconnect: the address goes, with it the routes of the interface when it was the last one, and connections that were masqueraded with it (`masq_inet_event`). A retransmission begins anew with the new address.",
		setup: twoUplinks(
			"*nat\n-A POSTROUTING -o isp1 -j MASQUERADE\nCOMMIT\n",
			[],
		),
		steps: [
			packet("lan0", "tcp 192.168.1.20:40000 > 192.0.2.80:25 S seq 1"),
			observe("before"),
			at(100, ip("ip addr del 198.51.100.2/24 dev isp1")),
			at(200, packet("lan0", "tcp 192.168.1.20:40000 > 192.0.2.80:25 S seq 1")),
			at(300, observe("between")),
			at(400, ip("ip addr add 198.51.100.77/24 dev isp1")),
			at(500, ip("ip route add default via 198.51.100.1 dev isp1")),
			at(600, packet("lan0", "tcp 192.168.1.20:40000 > 192.0.2.80:25 S seq 1")),
			at(700, ip("ip addr add 198.51.100.78/24 dev isp1")),
			at(800, ip("ip addr del 198.51.100.77/24 dev isp1")),
			at(900, packet("lan0", "tcp 192.168.1.20:40000 > 192.0.2.80:25 S seq 1")),
		],
		expect: [
			conntrack({ replyDestination: "198.51.100.2" }, 1, { at: "before" }),
			conntrack({}, 0, { at: "between" }),
			packetsOut(
				"isp1",
				[
					"tcp 198.51.100.2:40000 > 192.0.2.80:25 S *",
					"tcp 198.51.100.77:40000 > 192.0.2.80:25 S *",
				],
				{
					exactly: true,
					because: "with the first address of a network its others go",
				},
			),
		],
	}),
	scenario({
		name: "routing-refused",
		suite,
		title: "What iproute2 and the kernel refuse",
		story: "Each command fails in its own words, and changes nothing.",
		setup: twoUplinks("*filter\nCOMMIT\n", []),
		steps: [
			ip("ip route add default via 198.51.100.1 dev isp1", "exists"),
			ip("ip route add 10.0.0.0/8 via 10.9.9.9", "no-gateway"),
			ip("ip route add 10.0.0.1/8 via 198.51.100.1", "bits"),
			ip("ip route del 10.0.0.0/8", "no-route"),
			ip("ip route change 10.0.0.0/8 via 198.51.100.1", "no-change"),
			ip("ip rule del fwmark 5", "no-rule"),
			ip("ip rule add fwmark 5 table 5"),
			ip("ip rule add fwmark 5 table 5 pref 32765", "rule-exists"),
			ip("ip addr add 192.168.1.1/24 dev lan0", "address-exists"),
			ip("ip addr del 192.168.1.9/24 dev lan0", "no-address"),
			ip("ip route add 10.0.0.0/8 dev nope", "no-device"),
			ip("ip route add 10.0.0.0/8 via 198.51.100.1 src 10.1.1.1", "no-source"),
			ip("ip route add blackhole 10.0.0.0/8 dev isp1", "device"),
			ip("ip route flush table 7", "no-table"),
			ip("ip neigh del 192.168.1.99 dev lan0", "no-neighbour"),
			ip("ip ruel add fwmark 5 table 5", { label: "object" }),
			ip("ip route add 10.0.0.0/8 vai 198.51.100.1", { label: "word" }),
			ip("ip rule add fwmak 5 table 5", { label: "rule-word" }),
		],
		expect: [
			operationFails("exists", "RTNETLINK answers: File exists"),
			operationFails("no-gateway", "Error: Nexthop has invalid gateway."),
			operationFails("bits", "Error: Invalid prefix for given prefix length."),
			operationFails("no-route", "RTNETLINK answers: No such process"),
			operationFails(
				"no-change",
				"RTNETLINK answers: No such file or directory",
			),
			operationFails("no-rule", "RTNETLINK answers: No such file or directory"),
			operationFails("rule-exists", "RTNETLINK answers: File exists"),
			operationFails("address-exists", "RTNETLINK answers: File exists"),
			operationFails(
				"no-address",
				"RTNETLINK answers: Cannot assign requested address",
			),
			operationFails("no-device", 'Cannot find device "nope"'),
			operationFails("no-source", "Error: Invalid prefsrc address."),
			operationFails(
				"device",
				"Error: Gateway, device and multipath can not be specified for this route type.",
			),
			operationFails("no-table", "Error: ipv4: FIB table does not exist."),
			operationFails("object", 'Object "ruel" is unknown, try "ip help".'),
			operationFails("word", '"vai" is a garbage.'),
			operationFails("rule-word", "Failed to parse rule type"),
			operationFails(
				"no-neighbour",
				"RTNETLINK answers: No such file or directory",
			),
		],
	}),
];
