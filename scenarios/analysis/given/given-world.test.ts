import { describe, expect, it } from "vitest";
import { ScenarioError } from "../../language/scenario-error.ts";
import { givenWorld, type MachineOutput } from "./given-world.ts";
import { readAddresses, readRoutes, readRoutingRules } from "./read-ip.ts";

const NOTHING: MachineOutput = {
	addresses: null,
	routes: null,
	rules: null,
	sysctls: {},
};

/** As iproute2 6.1 prints them. */
const LO = `{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"qdisc":"noqueue","operstate":"UNKNOWN","group":"default","txqlen":1000,"link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo"},{"family":"inet6","local":"::1","prefixlen":128,"scope":"host"}]}`;
const ADDRESSES = `[${LO},{"ifindex":3,"link":"p0","ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"operstate":"UP","addr_info":[{"family":"inet","local":"10.1.2.3","prefixlen":24,"scope":"global","label":"eth0"},{"family":"inet","local":"10.9.9.1","address":"10.9.9.2","prefixlen":32,"scope":"global","label":"eth0"},{"family":"inet","local":"10.1.2.4","prefixlen":24,"scope":"global","secondary":true,"label":"eth0"},{"family":"inet6","local":"fe80::8821:67ff:fee4:c9f3","prefixlen":64,"scope":"link"}]},{"ifname":"eth1","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1400,"addr_info":[{"family":"inet","local":"192.168.9.1","prefixlen":24,"scope":"global","label":"eth1"}]},{},{"ifname":"eth2","flags":["BROADCAST","MULTICAST"],"mtu":1500,"addr_info":[{"family":"inet","local":"172.16.0.1","prefixlen":24}]}]`;
const ADDRESSES_TEXT = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host
       valid_lft forever preferred_lft forever
3: eth0@p0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether 8a:21:67:e4:c9:f3 brd ff:ff:ff:ff:ff:ff
    inet 10.1.2.3/24 scope global eth0
       valid_lft forever preferred_lft forever
    inet 10.9.9.1 peer 10.9.9.2/32 scope global eth0
    inet 10.1.2.4/24 scope global secondary eth0
    inet6 fe80::8821:67ff:fee4:c9f3/64 scope link tentative
5: eth1@p1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP group default qlen 1000
    link/ether b6:c1:29:98:e2:5c brd ff:ff:ff:ff:ff:ff
    inet 192.168.9.1/24 scope global eth1
6: eth2: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN
    inet 172.16.0.1/24 scope global eth2
`;
const INTERFACES = [
	{
		name: "eth0",
		addresses: ["10.1.2.3/24", "10.9.9.1/32", "10.1.2.4/24"],
		mtu: 1500,
	},
	{ name: "eth1", addresses: ["192.168.9.1/24"], mtu: 1400 },
	{ name: "eth2", addresses: ["172.16.0.1/32"], mtu: 1500 },
];

const ROUTES = `[{"dst":"default","gateway":"192.168.9.254","dev":"eth1","table":"100","flags":[]},{"dst":"default","gateway":"10.1.2.254","dev":"eth0","flags":[]},{"dst":"default","gateway":"192.168.9.253","dev":"eth1","metric":100,"flags":[]},{"dst":"1.2.3.4","gateway":"10.1.9.250","dev":"eth0","flags":["onlink"]},{"dst":"10.1.2.0/24","dev":"eth0","protocol":"kernel","scope":"link","prefsrc":"10.1.2.3","flags":[]},{"dst":"10.9.9.2","dev":"eth0","protocol":"kernel","scope":"link","prefsrc":"10.9.9.1","flags":[]},{"dst":"100.64.0.0/24","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0","flags":[]},{"type":"unreachable","dst":"172.29.0.0/16","flags":[]},{"type":"blackhole","dst":"172.30.0.0/16","flags":[]},{"dst":"172.31.0.0/16","flags":[],"nexthops":[{"gateway":"10.1.2.253","dev":"eth0","weight":1,"flags":[]},{"gateway":"192.168.9.7","dev":"eth1","weight":2,"flags":[]}]},{"dst":"192.168.9.0/24","dev":"eth1","protocol":"kernel","scope":"link","prefsrc":"192.168.9.1","flags":[]},{"type":"local","dst":"10.1.2.3","dev":"eth0","table":"local","protocol":"kernel","scope":"host","prefsrc":"10.1.2.3","flags":[]},{"type":"local","dst":"10.1.2.4","dev":"eth0","table":"local","protocol":"kernel","scope":"host","prefsrc":"10.1.2.3","flags":[]},{"type":"broadcast","dst":"10.1.2.255","dev":"eth0","table":"local","protocol":"kernel","scope":"link","prefsrc":"10.1.2.3","flags":[]},{"type":"local","dst":"10.9.9.1","dev":"eth0","table":"local","protocol":"kernel","scope":"host","prefsrc":"10.9.9.1","flags":[]},{"type":"local","dst":"127.0.0.0/8","dev":"lo","table":"local","protocol":"kernel","scope":"host","prefsrc":"127.0.0.1","flags":[]},{"type":"local","dst":"192.168.9.1","dev":"eth1","table":"local","protocol":"kernel","scope":"host","prefsrc":"192.168.9.1","flags":[]},{"dst":"fe80::/64","dev":"eth0","protocol":"kernel","metric":256,"flags":[],"pref":"medium"},{"type":"multicast","dst":"ff00::/8","dev":"eth1","table":"local","protocol":"kernel","metric":256,"flags":[],"pref":"medium"}]`;
const ROUTES_TEXT = `default via 192.168.9.254 dev eth1 table 100
default via 10.1.2.254 dev eth0
default via 192.168.9.253 dev eth1 metric 100
1.2.3.4 via 10.1.9.250 dev eth0 onlink
10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3
10.9.9.2 dev eth0 proto kernel scope link src 10.9.9.1
100.64.0.0/24 via inet6 fe80::1 dev eth0
unreachable 172.29.0.0/16
blackhole 172.30.0.0/16
172.31.0.0/16
	nexthop via 10.1.2.253 dev eth0 weight 1
	nexthop via 192.168.9.7 dev eth1 weight 2
192.168.9.0/24 dev eth1 proto kernel scope link src 192.168.9.1
local 10.1.2.3 dev eth0 table local proto kernel scope host src 10.1.2.3
local 10.1.2.4 dev eth0 table local proto kernel scope host src 10.1.2.3
broadcast 10.1.2.255 dev eth0 table local proto kernel scope link src 10.1.2.3
local 10.9.9.1 dev eth0 table local proto kernel scope host src 10.9.9.1
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
local 192.168.9.1 dev eth1 table local proto kernel scope host src 192.168.9.1
fe80::/64 dev eth0 proto kernel metric 256 pref medium
multicast ff00::/8 dev eth1 table local proto kernel metric 256 pref medium
`;

const RULES = `[{"priority":0,"src":"all","table":"local"},{"priority":32761,"not":null,"src":"all","dst":"1.2.3.0","dstlen":24,"fwmark":"0x7","table":"100"},{"priority":32762,"src":"all","fwmark":"0x2","action":"blackhole"},{"priority":32763,"src":"all","iif":"eth1","iif_detached":null,"table":"100"},{"priority":32764,"src":"192.168.9.0","srclen":24,"table":"100"},{"priority":32765,"src":"all","fwmark":"0x1","fwmask":"0xff","table":"100"},{"priority":32766,"src":"all","table":"main"},{"priority":32767,"src":"all","table":"default"}]`;
const RULES_TEXT = `0:	from all lookup local
32761:	not from all to 1.2.3.0/24 fwmark 0x7 lookup 100
32762:	from all fwmark 0x2 blackhole
32763:	from all iif eth1 [detached] lookup 100
32764:	from 192.168.9.0/24 lookup 100
32765:	from all fwmark 0x1/0xff lookup 100
32766:	from all lookup main
32767:	from all lookup default
`;

function fault(read: () => unknown): string {
	try {
		read();
	} catch (error) {
		if (error instanceof ScenarioError) return error.message;
		throw error;
	}
	throw new Error("nothing was refused");
}

describe("addresses of a machine", () => {
	it.each([
		["ip -j addr", ADDRESSES],
		["ip addr", ADDRESSES_TEXT],
	])("are those of %s, without lo and IPv6", (_, text) => {
		const addresses = readAddresses(text, "addr.json");
		const { interfaces, routes, notes } = givenWorld({ ...NOTHING, addresses });
		expect(interfaces).toEqual(INTERFACES);
		expect(routes).toBeNull();
		expect(notes).toEqual([
			"eth2 is down: its addresses are the gateway's own, and its networks are not reached by it.",
		]);
	});

	it("of lo, and those that routes make the gateway's own, are on an interface", () => {
		const addresses = readAddresses(
			`[{"ifname":"lo","addr_info":[{"family":"inet","local":"203.0.113.9","prefixlen":32}]},{"ifname":"eth0","mtu":1500,"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":8}]}]`,
			"addr.json",
		);
		const routes = readRoutes(
			`[{"type":"local","dst":"203.0.113.8","dev":"lo","table":"local"},{"type":"local","dst":"198.51.100.0/24","dev":"lo","table":"local"}]`,
			"route.json",
		);
		const { interfaces, notes } = givenWorld({ ...NOTHING, addresses, routes });
		expect(interfaces?.[0]?.addresses).toEqual([
			"10.0.0.1/8",
			"203.0.113.9/32",
			"203.0.113.8/32",
		]);
		expect(notes).toEqual([
			"A route makes the whole network 198.51.100.0/24 the gateway's own, which is not modelled: packets for it are forwarded.",
		]);
	});

	it("follow from routes where those are all that was told", () => {
		const { interfaces } = givenWorld({
			...NOTHING,
			routes: readRoutes(ROUTES, "route.json"),
		});
		expect(interfaces?.map(({ name, addresses }) => [name, addresses])).toEqual(
			[
				["eth1", ["192.168.9.1/24"]],
				["eth0", ["10.1.2.3/24", "10.1.2.4/32", "10.9.9.1/32"]],
			],
		);
	});
});

describe("routes of a machine", () => {
	it.each([
		["ip -j route show table all", ROUTES],
		["ip route show table all", ROUTES_TEXT],
	])(
		"are those of %s, links first, with a note on what is not modelled",
		(_, text) => {
			const addresses = readAddresses(ADDRESSES, "addr.json");
			const routes = readRoutes(text, "route.json");
			const world = givenWorld({ ...NOTHING, addresses, routes });
			expect(
				world.routes?.map(
					(one) =>
						`${one.destination}${one.via === null ? "" : ` via ${one.via}`} dev ${one.interface}`,
				),
			).toEqual([
				"10.9.9.2/32 dev eth0",
				"100.64.0.0/24 dev eth0",
				"10.1.9.250/32 dev eth0",
				"0.0.0.0/0 via 10.1.2.254 dev eth0",
				"1.2.3.4/32 via 10.1.9.250 dev eth0",
				"172.31.0.0/16 via 10.1.2.253 dev eth0",
			]);
			expect(world.notes.slice(1)).toEqual([
				"The route unreachable 172.29.0.0/16 is not modelled: packets to it follow the other routes.",
				"The route blackhole 172.30.0.0/16 is not modelled: packets to it follow the other routes.",
				"The route default via 192.168.9.253 dev eth1 metric 100 is not used: the route default via 10.1.2.254 dev eth0 comes before it.",
				"The route 100.64.0.0/24 dev eth0 has a next hop of inet6: its network is taken to be on the link of eth0.",
				"The route 172.31.0.0/16 has 2 next hops, among which the kernel chooses: which one a packet takes is not known.",
				"No address of eth0 has the next hop 10.1.9.250 on its network: it is taken to be on the link.",
			]);
		},
	);

	it("over interfaces that are not there, or have no address, are named", () => {
		const addresses = readAddresses(
			`[{"ifname":"eth0","addr_info":[]}]`,
			"addr.json",
		);
		const routes = readRoutes(
			`[{"dst":"10.0.0.0/8","dev":"eth0"},{"dst":"default","gateway":"10.0.0.1","dev":"eth7"}]`,
			"route.json",
		);
		const world = givenWorld({ ...NOTHING, addresses, routes });
		expect(world.routes).toEqual([]);
		expect(world.notes).toEqual([
			"The route default via 10.0.0.1 dev eth7 is not used: eth7 is none of the interfaces that addresses were given of.",
			"The route 10.0.0.0/8 is not used: eth0 has no IPv4 address, and the model has no routes over such an interface.",
		]);
	});
});

describe("routing rules of a machine", () => {
	it.each([
		["ip -j rule", RULES],
		["ip rule", RULES_TEXT],
	])(
		"are those of %s that look at marks, with their table's way out",
		(_, text) => {
			const { markRoutes, notes, ip } = givenWorld({
				...NOTHING,
				routes: readRoutes(ROUTES, "route.json"),
				rules: readRoutingRules(text, "rule.json"),
			});
			expect(markRoutes).toEqual([
				{
					priority: 32765,
					mark: 1,
					mask: 0xff,
					table: "100",
					via: "192.168.9.254",
					interface: "eth1",
				},
			]);
			expect(notes.filter((one) => one.includes("outing"))).toEqual([]);
			expect(ip).toEqual(
				expect.arrayContaining([
					"ip route append default via 192.168.9.254 dev eth1 table 100",
					"ip rule add pref 32761 not from all to 1.2.3.0/24 fwmark 0x7 lookup 100",
					"ip rule add pref 32762 from all fwmark 0x2 blackhole",
					"ip rule add pref 32764 from 192.168.9.0/24 lookup 100",
				]),
			);
		},
	);
});

describe("default routes that no packet follows", () => {
	/** What `ip` says of a router with two uplinks, and no routing rule of its own. */
	const ipOf = (...defaults: readonly object[]) => {
		const routes = [
			{ dst: "default", gateway: "203.0.113.254", dev: "wan1", metric: 100 },
			...defaults,
		];
		return givenWorld({
			...NOTHING,
			routes: readRoutes(JSON.stringify(routes), "route.json"),
			rules: readRoutingRules(
				'[{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]',
				"rule.json",
			),
		}).ip;
	};
	const wan2 = { dst: "default", gateway: "198.51.100.254", dev: "wan2" };

	it("tell which interfaces are uplinks: those of tables that no rule names", () => {
		expect(ipOf({ ...wan2, table: "2" })).toEqual([
			"ip route append default via 198.51.100.254 dev wan2 table 2",
		]);
	});

	it("and those of main with a higher metric", () => {
		expect(ipOf({ ...wan2, metric: 200 })).toEqual([
			"ip route append default via 198.51.100.254 dev wan2 metric 200 table main",
		]);
	});
});

describe("what is not the output of ip", () => {
	it("is refused by what it is, with the command to run", () => {
		expect(fault(() => readAddresses(ROUTES, "a.json"))).toBe(
			"a.json: this is not the output of `ip -j addr`: it is the output of `ip -j route show table all`\n    Run it on the router: ip -j addr > FILE",
		);
		expect(fault(() => readRoutes(RULES_TEXT, "r.json"))).toBe(
			"r.json: this is not the output of `ip -j route show table all`: it is the output of `ip rule`\n    Run it on the router: ip -j route show table all > FILE",
		);
		expect(fault(() => readRoutingRules("", "u.json"))).toBe(
			"u.json: this is not the output of `ip -j rule`: it is empty\n    Run it on the router: ip -j rule > FILE",
		);
		expect(fault(() => readRoutingRules("hello", "u.json"))).toContain(
			"it is neither JSON nor a text that ip prints",
		);
		expect(fault(() => readAddresses(`{"a": 1}`, "a.json"))).toContain(
			"it is an object of JSON, and no list",
		);
	});

	it("is refused at its place", () => {
		expect(
			fault(() =>
				readAddresses(
					`[{"ifname":"eth0","addr_info":[{"local":"10.0.0.1","prefixlen":"8"}]}]`,
					"a.json",
				),
			),
		).toMatch(
			/^a\.json: \[0\]\.addr_info\[0\]\.prefixlen: this is not the output of `ip -j addr`: /,
		);
		expect(fault(() => readAddresses(`[{"ifname": }]`, "a.json"))).toMatch(
			/^a\.json: line 1:13: /,
		);
	});
});

describe("settings of a machine", () => {
	it("are those that the model heeds; a note says which values it does not know", () => {
		const { sysctls, notes } = givenWorld({
			...NOTHING,
			sysctls: {
				"ipv4.ip_forward": 1,
				"netfilter.nf_conntrack_tcp_loose": 0,
				"ipv4.conf.all.rp_filter": 1,
				"ipv4.ip_nonlocal_bind": 0,
				"ipv4.conf.all.send_redirects": 1,
				"ipv4.conf.eth7.forwarding": 0,
			},
		});
		expect(sysctls).toEqual({
			"ipv4.ip_forward": 1,
			"netfilter.nf_conntrack_tcp_loose": 0,
			"ipv4.conf.all.send_redirects": 1,
		});
		expect(notes).toEqual([
			"Reverse-path filtering (net.ipv4.conf.*.rp_filter) is on, and is not heeded here: addresses of clients are taken as they come.",
		]);
	});
});

it.each([
	['"prefixlen":99', "no network has the prefix length 99"],
	[
		'"local":"999.0.113.1"',
		"no address or network of IPv4 is written as 999.0.113.1",
	],
])("an address with %s is refused", (field, words) => {
	const fields = ['"family":"inet"', field].join(",");
	const text = `[{"ifname":"eth0","addr_info":[{${fields}}]}]`;
	expect(() => readAddresses(text, "addr.json")).toThrow(words);
});

it("a route to what is no network is refused", () => {
	const text = '[{"dst":"10.0.0.0/40","dev":"eth0"}]';
	expect(() => readRoutes(text, "route.json")).toThrow("10.0.0.0/40");
});
