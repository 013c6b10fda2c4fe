import { describe, expect, it } from "vitest";
import { createTestGateway, IN, OUT } from "../test-gateway.ts";

const AROUND = "192.168.0.7";
/** Table 2 leads back inside, and the main table outside. */
const ip = (...rules: readonly string[]) => ({
	routes: [{ destination: "0.0.0.0/0", via: "10.0.0.9", interface: OUT }],
	ip: [`ip route add default via ${AROUND} dev ${IN} table 2`, ...rules],
});

describe("what rules of ip rule know of a packet", () => {
	it("are no ports of a fragment, be it the first one", () => {
		const gateway = createTestGateway(
			"",
			ip("ip rule add ipproto udp sport 5 table 2"),
		);
		const line = "udp 192.168.0.1:5 > 192.0.2.9:7";
		expect(gateway.send(IN, line)[0]).toContain(`${IN} `);
		expect(gateway.send(IN, `${line} part 0-16 len 40`)[0]).toContain(
			`${OUT} `,
		);
	});

	it("are the type and the code of an error in the place of its port", () => {
		const gateway = createTestGateway("", ip("ip rule add dport 771 table 2"));
		const [error] = gateway.send(OUT, "udp 192.0.2.1:5 > 10.0.0.1:9");
		expect(error).toContain(`${IN} icmp 10.0.0.1 > 192.0.2.1 port-unreachable`);
	});

	it("are neither protocol nor ports where rpfilter asks", () => {
		const gateway = createTestGateway(
			"*raw\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n",
			ip("ip rule add ipproto udp sport 9 table 2"),
		);
		const line = "udp 192.0.2.1:5 > 192.168.0.1:9";
		expect(gateway.send(OUT, line)).toEqual([`${IN} ${line} ttl 63`]);
	});
});

describe("a multipath route", () => {
	const SHARED = {
		routes: [],
		sysctls: { "ipv4.ip_forward": 1, "ipv4.fib_multipath_hash_policy": 1 },
		ip: [
			`ip route add default nexthop via ${AROUND} dev ${IN} nexthop via 10.0.0.9 dev ${OUT}`,
		],
	};
	const ports = Array.from({ length: 24 }, (_, at) => at + 1);
	const leaves = (lines: readonly string[]) => lines[0]?.split(" ")[0];

	it("sends an error where the packet would go that it is about", () => {
		const gateway = createTestGateway("", SHARED);
		const forwarded = ports.map((port) =>
			leaves(gateway.send(IN, `udp 203.0.113.7:${port} > 192.0.2.${port}:5`)),
		);
		expect(new Set(forwarded)).toEqual(new Set([IN, OUT]));
		const errors = ports.map((port) =>
			leaves(
				gateway.send(OUT, `udp 192.0.2.${port}:5 > 203.0.113.7:${port} ttl 1`),
			),
		);
		expect(errors).toEqual(forwarded);
	});

	it("knows no ports of a packet that a rule has changed, unless a rule of ip rule asks", () => {
		const own = (...rules: readonly string[]) => {
			const gateway = createTestGateway(
				"*mangle\n-A OUTPUT -j MARK --set-mark 7\nCOMMIT\n",
				{ ...SHARED, ip: [...SHARED.ip, ...rules] },
			);
			const lines = ports.map((port) => `udp 10.0.0.1:${port} > 192.0.2.1:5`);
			return new Set(lines.map((line) => leaves(gateway.send("lo", line))));
		};
		expect(own().size).toBe(1);
		expect(own("ip rule add iif lo dport 99 table 2").size).toBe(1);
		expect(own("ip rule add dport 99 table 2").size).toBe(2);
	});
});

describe("an address that the gateway had", () => {
	it("is no host's that answers ARP", () => {
		const gateway = createTestGateway("");
		gateway.operate({
			kind: "ip",
			command: `ip addr del 192.168.0.254/24 dev ${IN}`,
		});
		gateway.operate({
			kind: "ip",
			command: `ip addr add 192.168.0.253/24 dev ${IN}`,
		});
		const line = "udp 10.0.0.8:5 > 192.168.0.254:9";
		expect(gateway.fate(OUT, line)).toEqual({
			kind: "queued",
			waitsFor: "neighbour",
		});
		expect(gateway.send(OUT, "udp 10.0.0.8:5 > 192.168.0.9:9")).toHaveLength(1);
	});
});

describe("an error in the name of 127.0.0.1", () => {
	it("is not sent to another host", () => {
		const gateway = createTestGateway(
			"*nat\n-A PREROUTING -d 10.0.0.1 -j DNAT --to-destination 127.0.0.1\nCOMMIT\n",
			{
				sysctls: {
					"ipv4.ip_forward": 1,
					[`ipv4.conf.${OUT.replace(".", "/")}.route_localnet`]: 1,
				},
			},
		);
		expect(gateway.send(OUT, "udp 192.168.0.8:5 > 10.0.0.1:9")).toEqual([]);
	});
});
