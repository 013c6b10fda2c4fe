import { describe, expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import { formatAddress, parseAddress } from "../packet/address.ts";
import { type Flow, flowTo } from "./fib/flow.ts";
import { carryOutIp, type RoutingCommand } from "./iproute/carry-out.ts";
import { parseIpCommand } from "./iproute/parse-command.ts";
import { Routes } from "./routes.ts";

const SETUP = {
	interfaces: [
		{ name: "lan", addresses: ["192.168.1.1/24"], mtu: 1500 },
		{ name: "isp1", addresses: ["198.51.100.2/24"], mtu: 1500 },
		{ name: "isp2", addresses: ["203.0.113.2/24"], mtu: 1500 },
	],
	routes: [
		{ destination: "0.0.0.0/0", via: "198.51.100.1", interface: "isp1" },
	],
	sysctls: {},
	listeners: [],
	epochMs: 0,
};

function routesAfter(...commands: readonly string[]) {
	const routes = new Routes(SETUP, {
		choice: seededChoice(1),
		settings: { multipathPolicy: 1, multipathFields: 7, usesNeighbours: false },
		hasFailed: () => false,
	});
	for (const line of commands) {
		const parsed = parseIpCommand(line);
		if (parsed.kind !== "command") throw new Error(parsed.message);
		const outcome = carryOutIp(routes.state, parsed.command as RoutingCommand, {
			names: routes.interfaces,
			promotes: [],
			heedsFewerRules: true,
		});
		if (outcome.kind === "refused") throw new Error(outcome.message);
		routes.change(outcome.state);
	}
	return routes;
}

it.each(["", "abcdefghijklmnop", ".", "..", "a/b", "a:1", "a b"])(
	"refuses a name that no interface has: %j",
	(name) => {
		const interfaces = [{ name, addresses: ["10.0.0.1/8"], mtu: 1500 }];
		expect(() => new Routes({ ...SETUP, interfaces, routes: [] })).toThrow(
			`interface "${name}": no interface has such a name`,
		);
	},
);

/** `isp1 via 198.51.100.1 from 198.51.100.2`, or why there is none. */
function way(routes: Routes, to: string, flow: Partial<Flow> = {}): string {
	const found = routes.output({
		...flowTo(parseAddress(to) as number),
		...flow,
	});
	if (found.type === "none") return found.error;
	const via = found.via === null ? "" : ` via ${formatAddress(found.via)}`;
	return `${routes.interfaces[found.interface]}${via} from ${formatAddress(found.source)}`;
}

describe("rules", () => {
	const TABLES = [
		"ip route add default via 203.0.113.1 dev isp2 table 7",
		"ip route add throw 10.0.0.0/8 table 7",
		"ip route add prohibit 10.9.0.0/16 table 7",
		"ip rule add fwmark 0x100/0xf00 table 7",
	];

	it("go by bits of the mark, and throw goes on with the next one", () => {
		const routes = routesAfter(...TABLES);
		const first = "isp1 via 198.51.100.1 from 198.51.100.2";
		expect(way(routes, "192.0.2.1")).toBe(first);
		expect(way(routes, "192.0.2.1", { mark: 0x1ff })).toBe(
			"isp2 via 203.0.113.1 from 203.0.113.2",
		);
		expect(way(routes, "10.1.1.1", { mark: 0x100 })).toBe(first);
		expect(way(routes, "10.9.1.1", { mark: 0x100 })).toBe("prohibited");
		expect(way(routes, "192.168.1.7", { mark: 0x100 })).toContain("isp2");
	});

	it("leave out what is no longer than a prefix length, and are asked in the order of their priorities", () => {
		const routes = routesAfter(
			...TABLES,
			"ip rule add pref 10 lookup main suppress_prefixlength 0",
			"ip rule add pref 5 from 192.168.1.9 goto 20",
			"ip rule add pref 20 from 192.168.1.9 unreachable",
		);
		expect(way(routes, "192.168.1.7", { mark: 0x100 })).toContain("lan");
		expect(way(routes, "192.0.2.1", { mark: 0x100 })).toContain("isp2");
		const source = parseAddress("192.168.1.9") as number;
		expect(way(routes, "192.168.1.7", { source })).toBe("net-unreachable");
	});

	it.each([
		["prohibit table 7", "prohibited"],
		["table 7 prohibit", "prohibited"],
		["blackhole table 7", "blackhole"],
		["table 7 type unreachable", "net-unreachable"],
	])("do what they say, whatever table they name: %s", (words, error) => {
		const added = [...TABLES, `ip rule add from 192.0.2.0/24 ${words}`];
		const source = parseAddress("192.0.2.9") as number;
		expect(way(routesAfter(...added), "192.0.2.1", { source })).toBe(error);
		const deleted = routesAfter(
			...added,
			"ip rule del from 192.0.2.0/24 table 7",
		);
		expect(way(deleted, "192.0.2.1", { source })).toContain("isp1");
	});

	it("are given priorities from 32765 downwards", () => {
		const { rules } = routesAfter(
			"ip rule add fwmark 1 table 1",
			"ip rule add fwmark 2 table 2",
		).state;
		expect(rules.map(({ priority }) => priority)).toEqual([
			0, 32_764, 32_765, 32_766, 32_767,
		]);
	});
});

describe("metrics", () => {
	it("the least is taken while its link is up", () => {
		const routes = routesAfter(
			"ip route add default via 203.0.113.1 dev isp2 metric 100",
		);
		expect(way(routes, "192.0.2.1")).toContain("isp1");
		routes.setLink(routes.indexOf("isp1"), false);
		expect(way(routes, "192.0.2.1")).toContain("isp2");
		routes.setLink(routes.indexOf("isp1"), true);
		expect(way(routes, "192.0.2.1")).toContain("isp2");
		expect(way(routes, "198.51.100.7")).toContain("isp1");
	});
});

describe("multipath", () => {
	const BOTH =
		"ip route replace default nexthop via 198.51.100.1 nexthop via 203.0.113.1 weight 3";
	const flows = Array.from({ length: 400 }, (_, port) => ({
		sourcePort: port,
		protocol: 6,
	}));

	it("shares flows out by weight, and both directions of one are alike", () => {
		const routes = routesAfter(BOTH);
		const ways = flows.map((flow) => way(routes, "192.0.2.1", flow));
		const second = ways.filter((one) => one.startsWith("isp2")).length;
		expect(second).toBeGreaterThan(260);
		expect(second).toBeLessThan(340);
		expect(flows.map((flow) => way(routes, "192.0.2.1", flow))).toEqual(ways);
	});

	it("goes on with the hash that a flow has when the shares change", () => {
		const routes = routesAfter(BOTH);
		const before = flows.map((flow) => way(routes, "192.0.2.1", flow));
		const even = routesAfter(BOTH.replace("weight 3", "weight 1"));
		routes.change(even.state);
		const after = flows.map((flow) => way(routes, "192.0.2.1", flow));
		// What lay in the first quarter lies in the first half.
		const stayed = after.filter((_, at) => before[at]?.startsWith("isp1"));
		expect(stayed.every((one) => one.startsWith("isp1"))).toBe(true);
		const first = after.filter((one) => one.startsWith("isp1")).length;
		expect(first).toBeGreaterThan(160);
		expect(first).toBeLessThan(240);
		routes.change(routesAfter(BOTH).state);
		expect(flows.map((flow) => way(routes, "192.0.2.1", flow))).toEqual(before);
	});

	it("leaves out a next hop whose link is down, until it is up again", () => {
		const routes = routesAfter(BOTH);
		routes.setLink(routes.indexOf("isp2"), false);
		for (const flow of flows)
			expect(way(routes, "192.0.2.1", flow)).toContain("isp1");
		routes.setLink(routes.indexOf("isp2"), true);
		const ways = flows.map((flow) => way(routes, "192.0.2.1", flow));
		expect(ways.some((one) => one.startsWith("isp2"))).toBe(true);
	});
});

describe("addresses", () => {
	it("take the routes of their interface along when the last one goes", () => {
		const routes = routesAfter("ip addr del 198.51.100.2/24 dev isp1");
		expect(way(routes, "192.0.2.1")).toBe("net-unreachable");
		expect(routes.isOwn(parseAddress("198.51.100.2") as number)).toBe(false);
	});

	it("bring the other end of a point-to-point link", () => {
		const routes = routesAfter(
			"ip addr flush dev isp1",
			"ip addr add 100.64.0.9 peer 100.64.0.1/32 dev isp1",
			"ip route add default dev isp1",
		);
		expect(way(routes, "100.64.0.1")).toBe("isp1 from 100.64.0.9");
		expect(way(routes, "192.0.2.1")).toBe("isp1 from 100.64.0.9");
	});
});

describe("links without a carrier", () => {
	const BOTH =
		"ip route replace default nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2";
	const STAND_BY = "ip route add default via 203.0.113.1 dev isp2 metric 100";
	/** All but the loopback. */
	const IGNORING = [false, false, true, true, true];

	function pulled(routes: Routes, name: string): Routes {
		routes.setCarrier(routes.indexOf(name), false);
		return routes;
	}

	it("keep their routes, unless these are to be ignored", () => {
		const routes = pulled(routesAfter(STAND_BY), "isp1");
		expect(way(routes, "192.0.2.1")).toMatch("isp1 via");
		routes.heed(IGNORING);
		expect(way(routes, "192.0.2.1")).toMatch("isp2 via");
		expect(way(routes, "198.51.100.9")).toMatch("isp2 via");
		routes.setCarrier(routes.indexOf("isp1"), true);
		expect(way(routes, "192.0.2.1")).toMatch("isp1 via");
	});

	it("keep the gateway's addresses in any case", () => {
		const routes = pulled(routesAfter(), "isp1");
		routes.heed(IGNORING);
		expect(routes.isOwn(parseAddress("198.51.100.2") as number)).toBe(true);
		expect(routes.typeOf(parseAddress("198.51.100.255") as number, 0)).toBe(
			"UNICAST",
		);
	});

	const flow = (port: number): Partial<Flow> => ({
		protocol: 6,
		source: 1,
		destinationPort: 25,
		sourcePort: port,
	});
	const used = (routes: Routes) =>
		[...Array(40).keys()]
			.map((port) => way(routes, "192.0.2.1", flow(port)).slice(0, 4))
			.filter((name, at, all) => all.indexOf(name) === at)
			.toSorted();

	it("have no share of a multipath route, where the setting was there first", () => {
		const routes = routesAfter(BOTH);
		routes.heed(IGNORING);
		expect(used(pulled(routes, "isp2"))).toEqual(["isp1"]);
	});

	it("keep their share where the setting comes later (fib_rebalance)", () => {
		const routes = pulled(routesAfter(BOTH), "isp2");
		routes.heed(IGNORING);
		expect(used(routes)).toEqual(["isp1", "isp2"]);
		// Any change of a link computes shares anew.
		expect(used(pulled(routes, "isp2"))).toEqual(["isp1"]);
	});

	it("are as good as any where a next hop is looked for (FIB_LOOKUP_IGNORE_LINKSTATE)", () => {
		const routes = pulled(routesAfter(), "isp2");
		routes.heed(IGNORING);
		const parsed = parseIpCommand(
			"ip route add 10.0.0.0/8 via 203.0.113.1 dev isp2",
		);
		if (parsed.kind !== "command") throw new Error(parsed.message);
		const context = {
			names: routes.interfaces,
			promotes: [],
			heedsFewerRules: true,
		};
		const outcome = carryOutIp(
			routes.state,
			parsed.command as RoutingCommand,
			context,
		);
		expect(outcome.kind).toBe("done");
	});
});
