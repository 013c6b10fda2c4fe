import {
	at,
	backendAt,
	clientAt,
	connect,
	conntrack,
	ip,
	observe,
	outcomes,
	packet,
	packetsOut,
	scenario,
} from "../../language/build/build.ts";
import { TABLE_PER_UPLINK, twoUplinks } from "./router.ts";

const suite = "routing";

const MASQUERADE = `*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;

export const BALANCED = `*mangle
-A PREROUTING -i lan0 -j CONNMARK --restore-mark
-A PREROUTING -i lan0 -m mark ! --mark 0 -j ACCEPT
-A PREROUTING -i lan0 -j MARK --set-mark 10
-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 11
-A PREROUTING -i lan0 -j CONNMARK --save-mark
COMMIT
${MASQUERADE}`;

export const NO_RESTORE = `*mangle
-A PREROUTING -i lan0 -j MARK --set-mark 10
-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 11
-A PREROUTING -i lan0 -j CONNMARK --save-mark
COMMIT
${MASQUERADE}`;

/** As mwan3 of OpenWrt writes it, cut down to two members: the mark has bits of its own. */
const MWAN3 = `*mangle
:mwan3_hook - [0:0]
:mwan3_policy_balanced - [0:0]
:mwan3_connected - [0:0]
:mwan3_iface_in_isp1 - [0:0]
:mwan3_iface_in_isp2 - [0:0]
-A PREROUTING -j mwan3_hook
-A OUTPUT -j mwan3_hook
-A mwan3_hook -j CONNMARK --restore-mark --nfmask 0x3f00 --ctmask 0x3f00
-A mwan3_hook -m mark --mark 0x0/0x3f00 -j mwan3_iface_in_isp1
-A mwan3_hook -m mark --mark 0x0/0x3f00 -j mwan3_iface_in_isp2
-A mwan3_hook -m mark --mark 0x0/0x3f00 -j mwan3_connected
-A mwan3_hook -m mark --mark 0x0/0x3f00 -j mwan3_policy_balanced
-A mwan3_hook -j CONNMARK --save-mark --nfmask 0x3f00 --ctmask 0x3f00
-A mwan3_connected -d 192.168.1.0/24 -j MARK --set-xmark 0x3f00/0x3f00
-A mwan3_iface_in_isp1 -i isp1 -m mark --mark 0x0/0x3f00 -j MARK --set-xmark 0x100/0x3f00
-A mwan3_iface_in_isp2 -i isp2 -m mark --mark 0x0/0x3f00 -j MARK --set-xmark 0x200/0x3f00
-A mwan3_policy_balanced -m mark --mark 0x0/0x3f00 -m statistic --mode nth --every 2 --packet 1 -j MARK --set-xmark 0x200/0x3f00
-A mwan3_policy_balanced -m mark --mark 0x0/0x3f00 -j MARK --set-xmark 0x100/0x3f00
COMMIT
*nat
-A PREROUTING -i isp2 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;

const MWAN3_RULES = [
	"ip route add default via 198.51.100.1 dev isp1 table 1",
	"ip route add default via 203.0.113.1 dev isp2 table 2",
	"ip rule add pref 1001 iif isp1 lookup 1",
	"ip rule add pref 1002 iif isp2 lookup 2",
	"ip rule add pref 2001 fwmark 0x100/0x3f00 lookup 1",
	"ip rule add pref 2002 fwmark 0x200/0x3f00 lookup 2",
	"ip rule add pref 2061 fwmark 0x3d00/0x3f00 blackhole",
	"ip rule add pref 2062 fwmark 0x3e00/0x3f00 unreachable",
	"ip rule add pref 1000 lookup main suppress_prefixlength 0",
];

/** What a host inside sends to the service. */
function fromInside(port: number, flags: string, more = "") {
	return packet(
		"lan0",
		`tcp 192.168.1.20:${port} > 192.0.2.80:25 ${flags} seq 1000 ${more}`.trim(),
	);
}

const FIRST = "tcp 198.51.100.2:* > 192.0.2.80:25 S *";
const SECOND = "tcp 203.0.113.2:* > 192.0.2.80:25 S *";

export const uplinks = [
	scenario({
		name: "routing-two-uplinks",
		suite,
		title: "Connections take turns on two uplinks, by a mark and a table each",
		story:
			"A connection's first packet is marked in turn, `ip rule` sends each mark to a table with a default route of its own, and MASQUERADE gives it the uplink's address. The mark is restored for what comes behind it, so the connection stays where it is.",
		setup: twoUplinks(BALANCED, TABLE_PER_UPLINK),
		steps: [
			...[40001, 40002, 40003, 40004].map((port) => fromInside(port, "S")),
			packet("isp2", "tcp 192.0.2.80:25 > 203.0.113.2:40001 SA ack 1001"),
			fromInside(40001, "A", "ack 1"),
			fromInside(40002, "S"),
		],
		expect: [
			packetsOut("isp1", [FIRST, FIRST, FIRST], { exactly: true }),
			packetsOut(
				"isp2",
				[SECOND, SECOND, "tcp 203.0.113.2:40001 > 192.0.2.80:25 A *"],
				{
					exactly: true,
				},
			),
			conntrack({ mark: 10 }, 2),
			conntrack({ mark: 11 }, 2),
		],
	}),
	scenario({
		name: "routing-no-restore",
		suite,
		title:
			"Packets of one connection change uplinks where nothing restores its mark",
		story:
			"Each packet is marked anew. A connection that was masqueraded with one uplink's address is removed by the kernel when a packet of it is to leave by the other, and that packet is dropped (`nf_nat_oif_changed`).",
		setup: twoUplinks(NO_RESTORE, TABLE_PER_UPLINK),
		steps: [
			fromInside(40001, "S"),
			packet("isp2", "tcp 192.0.2.80:25 > 203.0.113.2:40001 SA ack 1001"),
			fromInside(40001, "A", "ack 1"),
			observe("after"),
		],
		expect: [
			packetsOut("isp2", [SECOND], { exactly: true }),
			packetsOut("isp1", [], { exactly: true }),
			conntrack({}, 0, { at: "after" }),
		],
	}),
	scenario({
		name: "routing-uplinks-clients",
		suite,
		title: "A mail client behind two uplinks, and its server beyond both",
		story:
			"The server is on none of the gateway's networks, so either uplink leads to it, and it answers by the uplink whose address it was asked from. Ten connections complete, five by each uplink.",
		setup: twoUplinks(BALANCED, TABLE_PER_UPLINK, {
			clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
			backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
		}),
		steps: [connect(10, { client: "pc", everyMs: 500 })],
		expect: [
			outcomes("completed", 10),
			conntrack({ mark: 10 }, 5),
			conntrack({ mark: 11 }, 5),
			packetsOut("isp2", ["tcp 203.0.113.2:* > 192.0.2.80:25 S *"], {
				because: "every second connection takes the second uplink",
			}),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "routing-arp-settings",
		suite,
		title:
			"Which interface answers ARP makes no difference to packets that come by one",
		story:
			"arp_filter, arp_ignore and proxy_arp say for which addresses an interface answers ARP. What comes by an interface is taken and forwarded all the same: rp_filter and rules say what may come by which.",
		setup: twoUplinks(BALANCED, TABLE_PER_UPLINK, {
			sysctls: {
				"ipv4.conf.all.arp_filter": 1,
				"ipv4.conf.all.arp_ignore": 1,
				"ipv4.conf.all.proxy_arp": 1,
			},
		}),
		steps: [
			...[40001, 40002].map((port) => fromInside(port, "S")),
			// By the other uplink than the one that has the address.
			packet("isp1", "tcp 192.0.2.80:25 > 203.0.113.2:40001 SA ack 1001"),
			packet("isp1", "icmp 192.0.2.9 > 203.0.113.2 echo-request id 1 seq 1"),
		],
		expect: [
			packetsOut("lan0", ["tcp 192.0.2.80:25 > 192.168.1.20:40001 SA *"]),
			packetsOut("isp1", [FIRST, "icmp 203.0.113.2 > 192.0.2.9 echo-reply *"]),
		],
	}),
	scenario({
		name: "routing-mwan3",
		suite,
		title:
			"mwan3's marks and rules: bits of the mark for the uplink, answers by where the question came in",
		story:
			"The rules of mwan3 keep the uplink in six bits of the mark (`--nfmask 0x3f00 --ctmask 0x3f00`). What is asked by the second uplink is answered by it, though the default route of main leads to the first.",
		setup: twoUplinks(MWAN3, MWAN3_RULES),
		steps: [
			fromInside(40001, "S"),
			fromInside(40002, "S"),
			packet("isp2", "tcp 192.0.2.9:50000 > 203.0.113.2:443 S seq 1"),
			packet("lan0", "tcp 192.168.1.20:443 > 192.0.2.9:50000 SA seq 1 ack 2"),
			packet("isp2", "icmp 192.0.2.9 > 203.0.113.2 echo-request id 1 seq 1"),
		],
		expect: [
			packetsOut("isp1", [FIRST], { exactly: true }),
			packetsOut(
				"isp2",
				[
					SECOND,
					"tcp 203.0.113.2:443 > 192.0.2.9:50000 SA *",
					"icmp 203.0.113.2 > 192.0.2.9 echo-reply *",
				],
				{ exactly: true },
			),
			packetsOut("lan0", ["tcp 192.0.2.9:50000 > 192.168.1.20:443 S *"], {
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "routing-uplink-down",
		suite,
		title:
			"A blackhole behind the default route keeps marked packets from the wrong uplink",
		story:
			"When the second uplink is down its route is gone, and for good. Without another route in its table the rule falls through to main, and what was meant for the second uplink leaves by the first with the wrong address. A blackhole of a greater metric ends it there.",
		setup: twoUplinks(BALANCED, [
			...TABLE_PER_UPLINK,
			"ip route add blackhole default metric 1000 table 111",
		]),
		steps: [
			at(100, linkOf("isp2", false)),
			at(200, [fromInside(40001, "S"), fromInside(40002, "S")]),
			at(300, [ip("ip route del blackhole default metric 1000 table 111")]),
			at(400, [fromInside(40003, "S")]),
			at(500, linkOf("isp2", true)),
			at(600, [
				ip("ip route replace default via 203.0.113.1 dev isp2 table 111"),
			]),
			at(700, [fromInside(40004, "S"), fromInside(40005, "S")]),
		],
		expect: [
			packetsOut("isp1", [FIRST, FIRST, FIRST], { exactly: true }),
			packetsOut("isp2", [SECOND], { exactly: true }),
		],
	}),
];

function linkOf(name: string, up: boolean) {
	return ip(`ip link set ${name} ${up ? "up" : "down"}`);
}
