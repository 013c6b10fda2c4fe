import { describe, expect, it } from "vitest";
import { parsePacket, printPacket } from "../packet/notation/notation.ts";
import {
	createTestGateway,
	IN,
	OUT,
	type TestGateway,
} from "./test-gateway.ts";

const TURNS = `*nat
-A PREROUTING -i bond0.204 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -i bond0.204 -j DNAT --to-destination 192.168.0.2
COMMIT
`;
const MASQUERADE = `*nat
-A POSTROUTING -o bond0.205 -j MASQUERADE
COMMIT
`;
const TRACKED = "*filter\n-A INPUT -m conntrack --ctstate NEW\nCOMMIT\n";

/** Packets that enter from outside, or by `lo` where they begin with it, at once. */
function race(gateway: TestGateway, ...lines: string[]): string[] {
	gateway.matched.length = 0;
	const { model } = gateway;
	const { emissions, unknown } = model.answer({
		kind: "race",
		atMs: model.nowMs,
		packets: lines.map((line) => {
			const isOwn = line.startsWith("lo ");
			return {
				interface: isOwn ? "lo" : OUT,
				packet: parsePacket(isOwn ? line.slice(3) : line),
			};
		}),
	});
	expect(unknown).toBe(null);
	return emissions.map(({ packet }) => printPacket(packet));
}

function fates(gateway: TestGateway) {
	return gateway.model.raced.map(({ fate }) =>
		fate.kind === "dropped" ? fate.by : fate.kind,
	);
}

describe("packets that race", () => {
	const A = "udp 10.0.0.10:1 > 10.0.0.1:53 len 1";
	const B = "udp 10.0.0.10:1 > 10.0.0.1:53 len 2";

	it("walk through the rules one after another, and go on in the same order", () => {
		const gateway = createTestGateway(TURNS);
		const [one, two] = race(gateway, A, B);
		expect(one).toMatch(/> 192\.168\.0\.1:53 .*len 1/);
		expect(two).toMatch(/> 192\.168\.0\.2:53 .*len 2/);
		expect(gateway.matched).toEqual([
			"nat:PREROUTING:rule:1",
			"nat:POSTROUTING:policy:1",
			"nat:PREROUTING:rule:2",
			"nat:POSTROUTING:policy:1",
		]);
		expect(
			gateway.model.raced.map(({ emissions }) => emissions.length),
		).toEqual([1, 1]);
	});

	it("leave an entry that only replies find, for a second that nothing prolongs", () => {
		const gateway = createTestGateway(TURNS);
		race(gateway, A, B);
		expect(gateway.conntrack()).toHaveLength(1);
		const answer = "udp 192.168.0.2:53 > 10.0.0.10:1 len 9";
		gateway.wait(900);
		expect(gateway.send(IN, answer)[0]).toContain("udp 10.0.0.1:53 >");
		expect(gateway.send(OUT, A)[0]).toContain("> 192.168.0.1:53");
		gateway.wait(200);
		expect(gateway.send(IN, answer)[0]).toContain("udp 192.168.0.2:53 >");
	});

	it("do not show that entry to conntrack -D, and keep it in a snapshot", () => {
		const gateway = createTestGateway(TURNS);
		race(gateway, A, B);
		const { model } = gateway;
		const [hash, taken] = [model.hash(), model.snapshot()];
		expect(gateway.operate({ kind: "evict", filter: {} })).toMatchObject({
			count: 1,
		});
		const answer = "udp 192.168.0.2:53 > 10.0.0.10:1 len 9";
		expect(gateway.send(IN, answer)[0]).toContain("udp 10.0.0.1:53 >");
		// With the same translation, a first packet of the socket is part of it: it is found by nothing else.
		gateway.send(OUT, "udp 10.0.0.11:1 > 10.0.0.1:53 len 1");
		expect(gateway.send(OUT, A)[0]).toContain("> 192.168.0.2:53");
		expect(gateway.conntrack()).toHaveLength(1);
		model.restore(taken);
		expect(model.hash()).toBe(hash);
		expect(gateway.send(IN, answer)[0]).toContain("udp 10.0.0.1:53 >");
		gateway.wait(1100);
		expect(gateway.send(IN, answer)[0]).toContain("udp 192.168.0.2:53 >");
	});

	it("share an entry that counts both, where they are translated alike", () => {
		const gateway = createTestGateway(TURNS.replace(/.*nth.*\n/, ""), {
			sysctls: { "ipv4.ip_forward": 1, "netfilter.nf_conntrack_acct": 1 },
		});
		expect(race(gateway, A, B)).toHaveLength(2);
		expect(gateway.conntrack().join()).toContain("packets=2 bytes=59");
		expect(fates(gateway)).toEqual(["forwarded", "forwarded"]);
	});

	it.each([
		["a SYN and its copy", TURNS, "tcp 10.0.0.10:1 > 10.0.0.1:25 S", 10],
		[
			"echo requests of one process",
			TURNS,
			"icmp 10.0.0.10 > 10.0.0.1 echo-request id 7",
			10,
		],
		[
			"SYNs that get one port",
			MASQUERADE,
			"tcp 10.0.0.10:1 > 192.168.0.1:25 S",
			11,
		],
		[
			"datagrams that get one port",
			MASQUERADE,
			"udp 10.0.0.10:1 > 192.168.0.1:53",
			11,
		],
	])("lose the second of %s", (_, rules, line, host) => {
		const gateway = createTestGateway(rules);
		const second = line.replace("10.0.0.10", `10.0.0.${host}`);
		expect(race(gateway, line, second)).toHaveLength(1);
		expect(fates(gateway)).toEqual(["forwarded", "lost race"]);
		expect(gateway.conntrack()).toHaveLength(1);
	});

	it("are lost for another reason where no race is to blame", () => {
		const gateway = createTestGateway(
			"*nat\n-A POSTROUTING -p tcp -j SNAT --to-source 192.168.0.254:7\nCOMMIT\n",
		);
		gateway.send(OUT, "tcp 10.0.0.9:1 > 192.168.0.1:25 S");
		race(
			gateway,
			"tcp 10.0.0.10:1 > 192.168.0.1:25 S",
			"tcp 10.0.0.10:1 > 192.168.0.2:25 S",
		);
		expect(fates(gateway)).toEqual(["port taken", "forwarded"]);
	});

	it("come to the gateway itself, and from it, as well", () => {
		const gateway = createTestGateway(TRACKED);
		const [one, two, ...more] = race(
			gateway,
			A,
			"lo udp 10.0.0.1:9 > 192.168.0.1:9 len 3",
			"lo udp 10.0.0.1:8 > 192.168.0.254:8 len 3",
		);
		expect(one).toContain("port-unreachable");
		expect(two).toContain("> 192.168.0.1:9");
		expect(fates(gateway)).toEqual(["delivered", "forwarded", "delivered"]);
		// The error about the last one, which the gateway sends to itself.
		expect(more).toEqual([]);
	});

	it("that begin nothing do not wait", () => {
		const gateway = createTestGateway(TURNS);
		gateway.send(OUT, A);
		const out = race(gateway, A.replace(":1 ", ":3 "), B);
		expect(out[0]).toContain("len 2");
		expect(out[1]).toContain("10.0.0.10:3 >");
	});

	it("hold up nothing afterwards", () => {
		const gateway = createTestGateway(TURNS);
		race(gateway, A, B);
		expect(gateway.send(OUT, "udp 10.0.0.12:1 > 10.0.0.1:53")).toHaveLength(1);
		const { model } = gateway;
		const packet = parsePacket("proto 47 10.0.0.10 > 10.0.0.1");
		const entering = { interface: OUT, packet };
		const packets = [{ interface: OUT, packet: parsePacket(A) }, entering];
		const { unknown } = model.answer({ kind: "race", atMs: 0, packets });
		expect(unknown?.reason).toContain("GRE");
		expect(gateway.send(OUT, "udp 10.0.0.13:1 > 10.0.0.1:53")).toHaveLength(1);
	});
});
