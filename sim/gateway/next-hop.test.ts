/** What a router behind an uplink takes along when it dies, and the hashes of a multipath route beside it. */
import { describe, expect, it } from "vitest";
import { createTestGateway } from "./test-gateway.ts";

const NO_RULES = "*filter\nCOMMIT\n";
const SETUP = {
	interfaces: [
		{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
		{ name: "isp1", addresses: ["198.51.100.2/24"], mtu: 1500 },
		{ name: "isp2", addresses: ["203.0.113.2/24"], mtu: 1500 },
	],
	ip: [
		"ip route add default nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2",
	],
};

function gatewayWith(sysctls: Readonly<Record<string, number>>) {
	const gateway = createTestGateway(NO_RULES, {
		...SETUP,
		sysctls: { "ipv4.ip_forward": 1, ...sysctls },
	});
	const { model } = gateway;
	return {
		...gateway,
		second: (answers: boolean) =>
			model.answer({
				kind: "neighbour",
				atMs: model.nowMs,
				interface: "isp2",
				address: "203.0.113.1",
				answers,
			}),
		/** By which interface datagrams of many flows leave. */
		ways: (packet: (flow: number) => string) =>
			Array.from(
				{ length: 24 },
				(_, flow) =>
					gateway.send("lan0", packet(flow))[0]?.split(" ")[0] ?? "-",
			),
	};
}

const byPort = (flow: number) =>
	`udp 192.168.1.20:${5000 + flow} > 192.0.2.53:53`;

describe("a next hop that dies", () => {
	it("is sent to while it counts as reachable, and asked for in vain then", () => {
		const gateway = gatewayWith({ "ipv4.fib_multipath_hash_policy": 1 });
		gateway.ways(byPort);
		gateway.second(false);
		expect(new Set(gateway.ways(byPort))).toEqual(new Set(["isp1", "isp2"]));
		gateway.wait(60_000);
		gateway.ways(byPort);
		gateway.wait(10_000);
		expect(new Set(gateway.ways(byPort))).toEqual(new Set(["isp1", "-"]));
	});

	it("is left out by fib_multipath_use_neigh, and its flows come back to it", () => {
		const gateway = gatewayWith({
			"ipv4.fib_multipath_hash_policy": 1,
			"ipv4.fib_multipath_use_neigh": 1,
		});
		const before = gateway.ways(byPort);
		gateway.second(false);
		gateway.wait(60_000);
		gateway.ways(byPort);
		gateway.wait(10_000);
		expect(new Set(gateway.ways(byPort))).toEqual(new Set(["isp1"]));
		gateway.second(true);
		gateway.send("lan0", "udp 192.168.1.20:1 > 203.0.113.1:1");
		expect(gateway.ways(byPort)).toEqual(before);
	});
});

describe("what is hashed", () => {
	const bySource = (flow: number) =>
		`udp 192.168.1.${20 + flow}:5000 > 192.0.2.53:53`;

	it("policy 3: the fields that are named", () => {
		const gateway = gatewayWith({
			"ipv4.fib_multipath_hash_policy": 3,
			"ipv4.fib_multipath_hash_fields": 1,
		});
		expect(new Set(gateway.ways(byPort)).size).toBe(1);
		expect(new Set(gateway.ways(bySource)).size).toBe(2);
	});

	it("policy 2: addresses of what IPIP carries", () => {
		const gateway = gatewayWith({ "ipv4.fib_multipath_hash_policy": 2 });
		expect(new Set(gateway.ways(byPort)).size).toBe(1);
		const tunnelled = (flow: number, inner: number) => {
			const header = `4500001c000000004011${"0000"}`;
			const addresses = [10, 0, 0, inner, 10, 9, 9, 9];
			const octets = addresses.map((one) => one.toString(16).padStart(2, "0"));
			const payload = `${header}${octets.join("")}`.padEnd(56, "0");
			return {
				kind: "other" as const,
				protocol: 4,
				source: (192 << 24) | (168 << 16) | (1 << 8) | (20 + flow),
				destination: (192 << 24) | (2 << 8) | 9,
				ttl: 64,
				tos: 0,
				id: 0,
				dontFragment: false,
				payload: Buffer.from(payload, "hex").toString("latin1"),
			};
		};
		const wayOf = (flow: number, inner: number) =>
			gateway.model.receive("lan0", tunnelled(flow, inner)).emissions[0]
				?.interface;
		const bySame = Array.from({ length: 16 }, (_, flow) => wayOf(flow, 1));
		expect(new Set(bySame).size).toBe(1);
		const byInner = Array.from({ length: 16 }, (_, inner) => wayOf(0, inner));
		expect(new Set(byInner).size).toBe(2);
	});

	it("policy 2 does not look into other tunnels", () => {
		const gateway = gatewayWith({ "ipv4.fib_multipath_hash_policy": 2 });
		expect(
			gateway.fate("lan0", "proto 47 192.168.1.20 > 192.0.2.9 len 8").kind,
		).toBe("unknown");
	});
});
