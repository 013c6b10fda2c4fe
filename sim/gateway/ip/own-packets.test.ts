import { describe, expect, it } from "vitest";
import type { SocketOwner } from "../../packet/socket-owner.ts";
import { createTestGateway, IN, OUT } from "../test-gateway.ts";

const OUTSIDE = "udp 10.0.0.1:1 > 10.0.0.10:2";
/** Marks what goes to port 2, sends what is for port 3 inside, and for port 4 nowhere. */
const CHANGES = `*mangle
-A OUTPUT -p udp --dport 2 -j MARK --set-mark 1
COMMIT
*nat
-A OUTPUT -p udp --dport 3 -j DNAT --to-destination 192.168.0.1
-A OUTPUT -p udp --dport 4 -j DNAT --to-destination 203.0.113.1
-A POSTROUTING -o lo -j MASQUERADE
COMMIT
*filter
-A OUTPUT -p udp
COMMIT
`;

describe("a program's own packet", () => {
	it("goes out as it is, whoever it says that it is from", () => {
		const gateway = createTestGateway("");
		for (const source of ["10.0.0.1", "172.16.0.1", "127.0.0.1"]) {
			const line = `udp ${source}:1 > 192.168.0.1:2 ttl 1`;
			expect(gateway.send("lo", line)).toEqual([`${IN} ${line}`]);
		}
	});

	it("of a program that is bound to an address takes the route of that address", () => {
		const gateway = createTestGateway("", {
			listeners: [{ protocol: "udp", port: 1 }],
		});
		const fate = (line: string) => gateway.fate("lo", line);
		expect(fate("udp 127.0.0.1:1 > 192.168.0.1:2")).toEqual({
			kind: "dropped",
			by: "loopback source",
		});
		expect(fate("udp 127.0.0.1:2 > 192.168.0.1:2")).not.toEqual(
			fate("udp 127.0.0.1:1 > 192.168.0.1:2"),
		);
		expect(fate("udp 127.0.0.1:1 > 10.0.0.1:1")).toEqual({ kind: "delivered" });
	});

	it("takes the route of no address as a fragment, which a raw socket sends", () => {
		const gateway = createTestGateway("", {
			listeners: [{ protocol: "udp", port: 1 }],
			ip: [
				"ip rule add from 192.168.0.254 lookup 7",
				"ip route add default via 10.0.0.9 table 7",
			],
		});
		const whole = "udp 192.168.0.254:1 > 192.168.0.1:2";
		expect(gateway.send("lo", whole)[0]).toMatch(`${OUT} `);
		const first = `proto 17 192.168.0.254 > 192.168.0.1 ipid 1 MF data "\\x00\\x01\\x00\\x02\\x00\\x10\\x00\\x00"`;
		expect(gateway.send("lo", first)[0]).toMatch(`${IN} `);
	});

	it("is of the user and group whose port it is sent from", () => {
		const gateway = createTestGateway(
			"*filter\n-A OUTPUT -m owner ! --uid-owner 13 -j DROP\n-A OUTPUT -m owner --gid-owner 14-20 -j DROP\nCOMMIT\n",
		);
		const open = (port: number, owner?: SocketOwner) =>
			gateway.model.answer({
				kind: "port",
				atMs: gateway.model.nowMs,
				protocol: "udp",
				address: "0.0.0.0",
				port,
				becomes: "open",
				...(owner === undefined ? {} : { owner }),
			});
		open(1, { user: 13, group: 13 });
		open(2, { user: 13, group: 14 });
		open(3);
		const by = (port: number) => {
			const fate = gateway.fate("lo", `udp 10.0.0.1:${port} > 10.0.0.10:9`);
			return fate.kind === "dropped" ? fate.by : fate.kind;
		};
		expect(by(1)).not.toMatch(/rule/);
		expect(by(2)).toBe("filter:OUTPUT:rule:2");
		expect(by(3)).toBe("filter:OUTPUT:rule:1");
		expect(by(4)).toBe("filter:OUTPUT:rule:1");
	});

	it("has the source of its route, where its program is bound to none", () => {
		const gateway = createTestGateway("", {
			ip: [
				"ip addr add 10.0.0.2/8 dev bond0.204",
				"ip route add 172.16.0.0/16 via 10.0.0.9 src 10.0.0.2",
				"ip route add blackhole 172.17.0.0/16",
				"ip route add 172.18.0.0/16 nexthop via 10.0.0.9 nexthop via 10.0.0.8",
				"ip rule add ipproto udp dport 53 lookup 7",
				"ip route add 172.19.0.0/16 via 192.168.0.9 table 7",
			],
		});
		const towards = (
			destination: string,
			{ protocol = "tcp" as "tcp" | "udp", port = 25 } = {},
		) => {
			const ask = {
				kind: "source",
				atMs: 0,
				destination,
				protocol,
				port,
			} as const;
			const { source, unknown } = gateway.model.answer(ask);
			return unknown === null ? source : unknown.reason;
		};
		expect(towards("10.0.0.10")).toBe("10.0.0.1");
		expect(towards("192.168.0.1")).toBe("192.168.0.254");
		expect(towards("172.16.0.1")).toBe("10.0.0.2");
		expect(towards("172.17.0.1")).toBe(null);
		expect(towards("172.18.0.1")).toContain("multipath");
		expect(towards("172.19.0.1", { protocol: "udp", port: 53 })).toBe(
			"192.168.0.254",
		);
		expect(towards("172.19.0.1", { protocol: "tcp", port: 53 })).toBe(null);
		expect(towards("10.0.0.1")).toBe("10.0.0.1");
		expect(towards("127.0.0.5")).toBe("127.0.0.1");
		expect(towards("8.8.8.8")).toBe(null);
	});

	it("waits in vain if ARP asks in the name of the loopback, until it asks for another", () => {
		const gateway = createTestGateway("");
		const line = "udp 127.0.0.1:1 > 192.168.0.1:2";
		expect(gateway.fate("lo", line)).toEqual({
			kind: "queued",
			waitsFor: "neighbour",
		});
		const other = "udp 10.0.0.1:1 > 192.168.0.1:2";
		expect(gateway.send("lo", other)).toEqual([]);
		expect(gateway.wait(1000)).toEqual([`${IN} ${line}`, `${IN} ${other}`]);
	});

	it("is given a source if it has none, and then its checksum is wrong", () => {
		const gateway = createTestGateway("");
		expect(gateway.send("lo", "udp 0.0.0.0:1 > 192.168.0.1:2")).toEqual([
			`${IN} udp 192.168.0.254:1 > 192.168.0.1:2 badsum`,
		]);
		expect(gateway.send("lo", "udp 0.0.0.0:1 > 192.168.0.1:2 nosum")).toEqual([
			`${IN} udp 192.168.0.254:1 > 192.168.0.1:2 nosum`,
		]);
	});

	it.each([
		["udp 10.0.0.1:1 > 203.0.113.1:2", "no route"],
		["udp 10.0.0.1:1 > 0.1.2.3:2", "no route"],
		["udp 10.0.0.1:1 > 10.255.255.255:2", "the socket may not broadcast"],
		["udp 10.0.0.1:1 > 10.0.0.10:2 len 1473", "longer than the link's MTU"],
	])("%s is refused: %s", (line, by) => {
		const gateway = createTestGateway("*filter\n-A OUTPUT\nCOMMIT\n");
		expect(gateway.fate("lo", line)).toEqual({ kind: "dropped", by });
		expect(gateway.matched).toEqual([]);
	});

	it("is looked up again when it was changed, and goes nowhere if there is no way then", () => {
		const gateway = createTestGateway(CHANGES);
		gateway.send("lo", OUTSIDE.replace(":2", ":5"));
		const line = OUTSIDE.replace(/:2$/, ":3");
		expect(gateway.send("lo", line)).toEqual([
			`${IN} udp 10.0.0.1:1 > 192.168.0.1:3`,
		]);
		for (const [lost, by] of [
			[OUTSIDE.replace(/:2$/, ":4"), "no route after a rule changed it"],
			[OUTSIDE.replace("10.0.0.1:", "127.0.0.1:"), "loopback source"],
		] as const) {
			expect(gateway.fate("lo", lost)).toEqual({ kind: "dropped", by });
			expect(gateway.matched).not.toContain("filter:OUTPUT:rule:1");
		}
	});

	it("takes the first address that there is when it is masqueraded to itself", () => {
		const gateway = createTestGateway(CHANGES);
		gateway.send("lo", "icmp 192.168.0.254 > 192.168.0.254 echo-request id 7");
		expect(gateway.conntrack().join()).toContain(
			"src=192.168.0.254 dst=10.0.0.1",
		);
	});
});

describe("the stack's answers", () => {
	it("do not leave in the name of the loopback", () => {
		const gateway = createTestGateway("");
		expect(gateway.send("lo", "tcp 10.0.0.10:1 > 127.0.0.1:2 S")).toEqual([]);
		expect(gateway.send("lo", "tcp 10.0.0.10:1 > 10.0.0.1:2 S")).toHaveLength(
			1,
		);
	});

	it("to what is untracked are looked up, whatever CT says of them", () => {
		const gateway = createTestGateway(
			"*raw\n-A OUTPUT -j CT --notrack\n-A OUTPUT -m conntrack --ctstate UNTRACKED\nCOMMIT\n*filter\n-A OUTPUT -d 10.0.0.10 -j REJECT\n-A OUTPUT -m conntrack --ctstate INVALID\nCOMMIT\n",
		);
		gateway.send("lo", OUTSIDE);
		expect(gateway.matched).toContain("filter:OUTPUT:rule:2");
	});
});

describe("broken checksums", () => {
	const RULES = `*mangle
-A PREROUTING -m conntrack --ctstate INVALID
COMMIT
*nat
-A PREROUTING -d 10.0.0.1 -j DNAT --to-destination 192.168.0.1
COMMIT
*filter
-A FORWARD -d 192.168.0.2 -p tcp -j REJECT --reject-with tcp-reset
-A FORWARD -d 192.168.0.2 -j REJECT
COMMIT
`;
	const LINES = [
		"tcp 10.0.0.10:1 > 10.0.0.1:2 S badsum",
		"udp 10.0.0.10:1 > 10.0.0.1:2 badsum",
		"icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 badsum",
	];

	it.each(LINES)(
		"%s is INVALID, comes to the gateway, and is not answered",
		(line) => {
			const gateway = createTestGateway(RULES);
			expect(gateway.send(OUT, line)).toEqual([]);
			expect(gateway.matched).toContain("mangle:PREROUTING:rule:1");
			expect(gateway.conntrack()).toEqual([]);
			expect(gateway.send(OUT, line.replace(" badsum", ""))).toHaveLength(1);
		},
	);

	it.each(LINES)(
		"%s is translated where nobody checks, and stays broken",
		(line) => {
			const gateway = createTestGateway(RULES, {
				sysctls: {
					"ipv4.ip_forward": 1,
					"netfilter.nf_conntrack_checksum": 0,
				},
			});
			const [sent = ""] = gateway.send(OUT, line);
			expect(sent).toContain("> 192.168.0.1");
			expect(sent).toContain("badsum");
		},
	);

	it("are not rejected, but a datagram without any is", () => {
		const gateway = createTestGateway(RULES);
		const send = (line: string) => gateway.send(OUT, line).length;
		expect(send("tcp 10.0.0.10:1 > 192.168.0.2:2 S badsum")).toBe(0);
		expect(send("tcp 10.0.0.10:1 > 192.168.0.2:2 S")).toBe(1);
		expect(send("udp 10.0.0.10:1 > 192.168.0.2:2 badsum")).toBe(0);
		expect(send("udp 10.0.0.10:1 > 192.168.0.2:2 nosum")).toBe(1);
	});

	it("make the translation of an ICMP error drop it", () => {
		const gateway = createTestGateway(RULES, {
			sysctls: {
				"ipv4.ip_forward": 1,
				"netfilter.nf_conntrack_checksum": 0,
			},
		});
		gateway.send(OUT, "udp 10.0.0.10:1 > 10.0.0.1:2");
		const error =
			"icmp 192.168.0.1 > 10.0.0.10 port-unreachable (udp 10.0.0.10:1 > 192.168.0.1:2)";
		expect(gateway.fate(IN, error.replace("(", "badsum ("))).toEqual({
			kind: "dropped",
			by: "wrong checksum",
		});
		expect(gateway.send(IN, error)).toHaveLength(1);
	});
});

describe("an error about a connection with DNAT", () => {
	it("is routed once more, with the source that it has by then", () => {
		const gateway = createTestGateway(
			"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp -j DNAT --to-destination 192.168.0.1\nCOMMIT\n",
			{
				ip: [
					"ip route add default via 10.0.0.11 table 100",
					"ip rule add from 192.168.0.0/24 lookup 100",
				],
			},
		);
		const dying = "tcp 192.168.0.1:25 > 10.0.0.10:1 SA ttl 1";
		expect(gateway.send(IN, dying)[0]).toMatch(`${IN} icmp`);
		gateway.send(OUT, "tcp 10.0.0.10:1 > 10.0.0.1:25 S");
		expect(gateway.send(IN, dying)[0]).toMatch(`${OUT} icmp`);
	});
});
