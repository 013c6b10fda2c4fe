import { describe, expect, it } from "vitest";
import type { PortState } from "../contract/ask.ts";
import { printPacket } from "../packet/notation/notation.ts";
import { createTestGateway, IN, OUT } from "./test-gateway.ts";

const DNAT =
	"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";
const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000";

describe("the gateway's own answers", () => {
	it("resets what nobody listens for", () => {
		const gateway = createTestGateway("");
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 10.0.0.1:80 S seq 7")).toEqual([
			"bond0.204 tcp 10.0.0.1:80 > 10.0.0.10:1 RA ack 8 win 0 DF",
		]);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:1 > 10.0.0.1:80 A seq 7 ack 9"),
		).toEqual(["bond0.204 tcp 10.0.0.1:80 > 10.0.0.10:1 R seq 9 win 0 DF"]);
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 10.0.0.1:80 R seq 7")).toEqual(
			[],
		);
	});

	it("hands what somebody listens for to lo, and says nothing", () => {
		const gateway = createTestGateway("", {
			listeners: [
				{ protocol: "udp", port: 53 },
				{ protocol: "tcp", port: 80 },
			],
		});
		for (const packet of [
			"udp 10.0.0.10:1 > 10.0.0.1:53 len 3",
			"tcp 10.0.0.10:1 > 10.0.0.1:80 SF seq 7",
			"tcp 10.0.0.10:1 > 10.0.0.1:80 none seq 7",
		])
			expect(gateway.send(OUT, packet)).toEqual([`lo ${packet}`]);
		expect(gateway.send("lo", "udp 10.0.0.1:53 > 10.0.0.10:1 len 5")).toEqual([
			"bond0.204 udp 10.0.0.1:53 > 10.0.0.10:1 len 5",
		]);
	});

	it("hands segments for a port to the program that has it open, and resets them while none has", () => {
		const gateway = createTestGateway("");
		const set = (address: string, becomes: PortState) =>
			gateway.model.answer({
				kind: "port",
				atMs: 0,
				protocol: "tcp",
				address,
				port: 80,
				becomes,
			});
		const syn = "tcp 10.0.0.10:1 > 10.0.0.1:80 S seq 7";
		const reset = "bond0.204 tcp 10.0.0.1:80 > 10.0.0.10:1 RA ack 8 win 0 DF";
		expect(gateway.send(OUT, syn)).toEqual([reset]);
		set("127.0.0.1", "open");
		expect(gateway.send(OUT, syn)).toEqual([reset]);
		set("0.0.0.0", "open");
		set("10.0.0.1", "refused");
		const hash = gateway.model.hash();
		expect(gateway.send(OUT, syn)).toEqual([`lo ${syn}`]);
		expect(gateway.send(OUT, syn.replace("S", "A"))[0]).toMatch(/^lo /);
		set("0.0.0.0", "closed");
		expect(gateway.model.hash()).not.toBe(hash);
		expect(gateway.send(OUT, syn)).toEqual([`lo ${syn}`, reset]);
		set("10.0.0.1", "closed");
		expect(gateway.send(OUT, syn)).toEqual([reset]);
	});

	it("hands ICMP errors to the program whose segment they are about", () => {
		const gateway = createTestGateway("", {
			listeners: [{ protocol: "tcp", port: 40000 }],
		});
		const error =
			"icmp 10.0.0.10 > 10.0.0.1 host-unreachable (tcp 10.0.0.1:40000 > 10.0.0.10:25 S seq 7)";
		expect(gateway.send(OUT, error)[0]).toMatch(/^lo icmp .* host-unreachable/);
		expect(gateway.send(OUT, error.replace(":40000", ":40001"))).toEqual([]);
	});

	it("quotes TCP options that were overwritten at their length", () => {
		const gateway = createTestGateway(
			"*mangle\n-A PREROUTING -p tcp -j TCPOPTSTRIP --strip-options mss\nCOMMIT\n*filter\n-A FORWARD -j REJECT\n-A OUTPUT -p icmp\nCOMMIT\n",
		);
		const line = "tcp 10.0.0.10:1 > 192.168.0.1:25 S seq 7 <mss 1460>";
		gateway.send(OUT, line);
		expect(gateway.model.observe().ruleset).toContain("[1:72] -A OUTPUT");
		const [error] = gateway.send(OUT, `${line} len 900`);
		expect(error).toContain("len 504");
		expect(gateway.model.observe().ruleset).toContain("[2:648] -A OUTPUT");
	});

	it("echoes, and says which ports and protocols it does not have", () => {
		const gateway = createTestGateway("");
		expect(
			gateway.send(OUT, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1")[0],
		).toMatch(
			/^bond0\.204 icmp 10\.0\.0\.1 > 10\.0\.0\.10 echo-reply id 7 seq 1/,
		);
		expect(gateway.send(OUT, "udp 10.0.0.10:9 > 10.0.0.1:53 len 3")[0]).toMatch(
			/port-unreachable/,
		);
		expect(gateway.send(OUT, "proto 47 10.0.0.10 > 10.0.0.1 len 8")[0]).toMatch(
			/protocol-unreachable/,
		);
		// IGMP and PIM it has.
		expect(gateway.send(OUT, "proto 2 10.0.0.10 > 10.0.0.1 len 8")).toEqual([]);
		expect(gateway.send(OUT, "proto 103 10.0.0.10 > 10.0.0.1 len 8")).toEqual(
			[],
		);
	});

	it("has forgotten a datagram's connection when it says that there is no such port", () => {
		const gateway = createTestGateway(
			"*raw\n-A PREROUTING -j CT --zone 1\n-A OUTPUT -m conntrack --ctstate RELATED\nCOMMIT\n*filter\n-A OUTPUT -m conntrack --ctstate INVALID\nCOMMIT\n",
		);
		const rules = (packet: string) => {
			gateway.send(OUT, packet);
			return gateway.matched.filter((step) => /OUTPUT:rule/.test(step));
		};
		// In zone 0 nobody knows of what the error quotes.
		expect(rules("udp 10.0.0.10:9 > 10.0.0.1:53 len 3")).toEqual([
			"filter:OUTPUT:rule:1",
		]);
		// Of a protocol that it does not speak, it has not.
		expect(rules("proto 99 10.0.0.10 > 10.0.0.1 len 8")).toEqual([
			"raw:OUTPUT:rule:1",
		]);
	});

	it("says that there is no route, and that a packet is too long and must not be cut", () => {
		const gateway = createTestGateway("");
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 172.16.0.1:80 S")[0]).toMatch(
			/network-unreachable/,
		);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 A len 1500 DF")[0],
		).toMatch(/1500/);
	});

	it("drops what pretends to come from itself", () => {
		const gateway = createTestGateway("");
		expect(gateway.fate(OUT, "tcp 10.0.0.1:1 > 192.168.0.1:80 S")).toEqual({
			kind: "dropped",
			by: "spoofed source",
		});
		expect(gateway.fate(OUT, "tcp 127.0.0.1:1 > 192.168.0.1:80 S")).toEqual({
			kind: "dropped",
			by: "martian source",
		});
	});

	it.each(["0.0.0.7", "240.0.0.1", "10.255.255.255"])(
		"forwards what comes from %s, which the kernel finds nothing odd about",
		(source) => {
			const gateway = createTestGateway("");
			expect(
				gateway.send(OUT, `udp ${source}:1 > 192.168.0.1:80 len 3`),
			).toHaveLength(1);
		},
	);

	it("knows no way to 240.0.0.1, which is not odd, and takes nothing for 127.0.0.1", () => {
		const gateway = createTestGateway("");
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 240.0.0.1:80 S")[0]).toMatch(
			/network-unreachable/,
		);
		expect(gateway.fate(OUT, "tcp 10.0.0.10:1 > 127.0.0.1:80 S")).toEqual({
			kind: "dropped",
			by: "martian destination",
		});
	});

	it.each([
		"icmp 10.0.0.10 > 10.255.255.255 echo-request id 7",
		"tcp 10.0.0.10:1 > 10.255.255.255:80 S",
		"tcp 10.0.0.10:1 > 192.168.0.255:80 S",
		"udp 10.0.0.10:1 > 255.255.255.255:80 len 3",
		"udp 0.0.0.0:68 > 255.255.255.255:67 len 3",
	])("takes what everybody was sent, and says nothing to it: %s", (packet) => {
		const gateway = createTestGateway("");
		expect(gateway.fate(OUT, packet)).toEqual({ kind: "delivered" });
		expect(gateway.send(OUT, packet)).toEqual([]);
	});

	it("sees a frame to everybody on the link as a broadcast", () => {
		const gateway = createTestGateway(
			"*filter\n-A INPUT -m pkttype --pkt-type broadcast -j DROP\nCOMMIT\n",
		);
		expect(
			gateway.fate(OUT, "udp 10.0.0.10:1 > 10.255.255.255:80 len 3"),
		).toMatchObject({ kind: "dropped" });
		// From elsewhere it is an address like any other: the frame is for the gateway alone.
		expect(
			gateway.fate(OUT, "udp 10.0.0.10:1 > 192.168.0.255:80 len 3"),
		).toEqual({ kind: "delivered" });
	});

	it("does not forward what everybody was sent, though a rule sends it to one host", () => {
		const gateway = createTestGateway(
			"*nat\n-A PREROUTING -p udp -j DNAT --to-destination 192.168.0.1\nCOMMIT\n",
		);
		expect(
			gateway.fate(OUT, "udp 10.0.0.10:1 > 10.255.255.255:80 len 3"),
		).toEqual({
			kind: "dropped",
			by: "the frame was not for the gateway alone",
		});
		expect(gateway.conntrack()).toEqual([]);
	});

	it("forwards nothing while forwarding is off", () => {
		const gateway = createTestGateway("", {
			sysctls: { "ipv4.ip_forward": 0 },
		});
		expect(gateway.fate(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S")).toEqual({
			kind: "dropped",
			by: "forwarding is off",
		});
	});

	it("rejects as the rule says", () => {
		const gateway = createTestGateway(
			"*filter\n-A FORWARD -p tcp --dport 25 -j REJECT --reject-with tcp-reset\n-A FORWARD -j REJECT\nCOMMIT\n",
		);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:25 S seq 7"),
		).toEqual(["bond0.204 tcp 192.168.0.1:25 > 10.0.0.10:1 RA ack 8 win 0 DF"]);
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:26 S")[0]).toMatch(
			/^bond0\.204 icmp 10\.0\.0\.1 > 10\.0\.0\.10 port-unreachable/,
		);
	});

	it("does not reject its own echo replies: what answers them holds the lock", () => {
		const gateway = createTestGateway(
			"*filter\n-A OUTPUT -p icmp -j REJECT\nCOMMIT\n",
		);
		gateway.send(OUT, "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1");
		expect(gateway.matched).toEqual([
			"filter:INPUT:policy:1",
			"filter:OUTPUT:rule:1",
		]);
	});

	it("sends nothing later of what was not known", () => {
		const gateway = createTestGateway(
			"*filter\n-A FORWARD -p udp -j REJECT\n-A OUTPUT -p icmp -m asn --src-asn 64496\nCOMMIT\n",
		);
		expect(gateway.fate(OUT, "udp 10.0.0.10:1 > 192.168.0.1:2")).toMatchObject({
			kind: "unknown",
			unknown: { rule: "filter:OUTPUT:rule:1" },
		});
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:2 S")).toEqual([
			`${IN} tcp 10.0.0.10:1 > 192.168.0.1:2 S ttl 63`,
		]);
	});

	it("drops without an answer what it has to reject and cannot tell from damaged", () => {
		const gateway = createTestGateway(
			"*filter\n-A FORWARD -j REJECT\nCOMMIT\n",
		);
		const send = (words: string) => gateway.send(OUT, `proto ${words}`);
		expect(send('99 10.0.0.10 > 192.168.0.1 data "abcdefgh"')).toEqual([]);
		// ESP has a checksum of its own; and these two octets sum up.
		expect(send('50 10.0.0.10 > 192.168.0.1 data "abcdefgh"')).toHaveLength(1);
		expect(send('99 10.0.0.10 > 192.168.0.1 data "\\xff\\xff"')).toHaveLength(
			1,
		);
	});

	it("rejects a translated packet in the client's own terms", () => {
		const gateway = createTestGateway(
			`${DNAT}*filter\n-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n`,
		);
		expect(gateway.send(OUT, SYN)).toEqual([
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 1001 win 0 DF",
		]);
		expect(gateway.conntrack()).toEqual([]);
	});
});

describe("connection tracking", () => {
	it.each(["CT --notrack", "NOTRACK"])(
		"does not begin because of a rule that turns it off: %s",
		(target) => {
			const gateway = createTestGateway(
				`*raw\n-A PREROUTING -p udp -j ${target}\nCOMMIT\n`,
			);
			gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S");
			expect(gateway.conntrack()).toEqual([]);
			gateway.iptables("iptables -A INPUT -m conntrack --ctstate NEW");
			gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S");
			expect(gateway.conntrack()).toHaveLength(1);
		},
	);
});

describe("what the gateway sends to itself", () => {
	const PING = "icmp 10.0.0.1 > 10.0.0.1 echo-request id 7 seq 1";

	it("keeps its mark on the way round", () => {
		const gateway = createTestGateway(
			"*mangle\n-A OUTPUT -j MARK --set-mark 7\n-A INPUT -m mark --mark 7\nCOMMIT\n",
		);
		gateway.send("lo", PING);
		expect(
			gateway.matched.filter((step) => step === "mangle:INPUT:rule:1"),
		).toHaveLength(2);
	});

	it("is routed anew where a translation sends it elsewhere, and then pretends to come from itself", () => {
		// Only the reset's way in by lo finds the connection, by the zone of its replies.
		const gateway = createTestGateway(
			"*raw\n-A PREROUTING -p tcp -j CT --zone-reply 4\nCOMMIT\n*nat\n-A INPUT -j SNAT --to-source 10.0.0.1\nCOMMIT\n*mangle\nCOMMIT\n",
		);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:40000 > 10.0.0.1:80 S seq 1000"),
		).toEqual([]);
		expect(
			gateway.matched.filter((step) => step === "mangle:INPUT:policy:1"),
		).toHaveLength(1);
	});
});

describe("time to live and neighbours", () => {
	it("tells the client of a TTL that ran out, in the client's own terms, and keeps no entry", () => {
		const gateway = createTestGateway(DNAT);
		expect(gateway.send(OUT, `${SYN} ttl 1`)).toEqual([
			"bond0.204 icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-transit tos 0xc0 (tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000 ttl 1)",
		]);
		expect(gateway.conntrack()).toEqual([]);
	});

	it("tells the client after three seconds that the backend's host is gone, and keeps the entry", () => {
		const gateway = createTestGateway(DNAT);
		const answer = gateway.model.answer({
			kind: "neighbour",
			atMs: 0,
			interface: IN,
			address: "192.168.0.1",
			answers: false,
		});
		expect(answer.unknown).toBeNull();
		expect(gateway.send(OUT, SYN)).toEqual([]);
		expect(gateway.wait(2999)).toEqual([]);
		expect(gateway.wait(2)[0]).toMatch(
			/^bond0\.204 icmp 10\.0\.0\.1 > 10\.0\.0\.10 host-unreachable .*\(tcp 10\.0\.0\.10:40000 > 10\.0\.0\.1:25 S/,
		);
		expect(gateway.conntrack()[0]).toContain("SYN_SENT");
	});

	it("believes in a neighbour that answered lately, and sends into the void", () => {
		const gateway = createTestGateway(DNAT);
		expect(gateway.send(OUT, SYN)).toHaveLength(1);
		gateway.model.answer({
			kind: "neighbour",
			atMs: 0,
			interface: IN,
			address: "192.168.0.1",
			answers: false,
		});
		expect(gateway.send(OUT, SYN)).toHaveLength(1);
		// Reachable for 45 s at most, then stale; the next packet starts 5 s of delay and 3 s of probing.
		expect(gateway.wait(46_000)).toEqual([]);
		expect(gateway.send(OUT, SYN)).toHaveLength(1);
		expect(gateway.wait(9_000)).toEqual([]);
		expect(gateway.send(OUT, SYN)).toEqual([]);
		expect(gateway.wait(3_001)[0]).toMatch(/host-unreachable/);
	});

	it("tells at once when a neighbour is forgotten that is waited for", () => {
		const gateway = createTestGateway(DNAT);
		gateway.model.answer({
			kind: "neighbour",
			atMs: 0,
			interface: IN,
			address: "192.168.0.1",
			answers: false,
		});
		expect(gateway.send(OUT, SYN)).toEqual([]);
		const { emissions } = gateway.model.answer({
			kind: "operation",
			atMs: 100,
			operation: { kind: "forget-neighbour", address: "192.168.0.1" },
		});
		expect(emissions.map(({ packet }) => printPacket(packet))).toEqual([
			expect.stringContaining("host-unreachable"),
		]);
	});

	it("sends what waited when the neighbour answers after all", () => {
		const gateway = createTestGateway("");
		const neighbour = (answers: boolean) =>
			gateway.model.answer({
				kind: "neighbour",
				atMs: gateway.model.nowMs,
				interface: IN,
				address: "192.168.0.7",
				answers,
			});
		neighbour(false);
		expect(gateway.fate(OUT, "tcp 10.0.0.10:1 > 192.168.0.7:80 S")).toEqual({
			kind: "queued",
			waitsFor: "neighbour",
		});
		gateway.wait(1500);
		neighbour(true);
		expect(gateway.wait(1000)).toHaveLength(1);
	});

	it("limits ICMP errors to one client: a burst of six, then one a second", () => {
		const gateway = createTestGateway("");
		const refused = () =>
			Array.from(
				{ length: 20 },
				() => gateway.send(OUT, "udp 10.0.0.10:9 > 10.0.0.1:53 len 3").length,
			).reduce((sum, one) => sum + one, 0);
		expect(refused()).toBe(6);
		gateway.wait(1000);
		expect(refused()).toBe(1);
	});
});

describe("links", () => {
	it("has next hops on links that a route alone tells of, wherever it stands", () => {
		const gateway = createTestGateway("", {
			routes: [
				{ destination: "0.0.0.0/0", via: "172.31.1.1", interface: IN },
				{ destination: "172.31.1.1/32", via: null, interface: IN },
			],
		});
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 8.8.8.8:80 S")).toHaveLength(1);
	});

	it("takes routes away with a link, but not the gateway's own address, and brings the connected ones back", () => {
		const gateway = createTestGateway("", {
			routes: [
				{ destination: "172.16.0.0/12", via: "192.168.0.1", interface: IN },
			],
		});
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 172.16.0.1:80 S")).toHaveLength(
			1,
		);
		gateway.operate({ kind: "link", interface: IN, up: false });
		expect(gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S")[0]).toMatch(
			/network-unreachable/,
		);
		expect(
			gateway.send(OUT, "icmp 10.0.0.10 > 192.168.0.254 echo-request id 7")[0],
		).toMatch(/192\.168\.0\.254 > 10\.0\.0\.10 echo-reply/);
		gateway.operate({ kind: "link", interface: IN, up: true });
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S"),
		).toHaveLength(1);
		expect(gateway.fate(OUT, "tcp 10.0.0.10:1 > 172.16.0.1:80 S")).toEqual({
			kind: "dropped",
			by: "no route",
		});
	});

	it("says with what goes back by where it came in that there is a shorter way", () => {
		const gateway = createTestGateway("");
		const line = "tcp 10.0.0.10:1 > 10.0.0.11:80 S";
		const send = () => gateway.send(OUT, line);
		const forwarded = `${OUT} ${line} ttl 63`;
		const redirect = `${OUT} icmp 10.0.0.1 > 10.0.0.10 host-redirect rest 0xa00000b tos 0xc0 (${line} ttl 63)`;
		expect(send()).toEqual([redirect, forwarded]);
		// The next one is due after 40 ms, then after 80.
		expect(send()).toEqual([forwarded]);
		gateway.wait(44);
		expect(send()).toEqual([redirect, forwarded]);
		gateway.wait(60);
		expect(send()).toEqual([forwarded]);
		gateway.wait(104);
		expect(send()).toEqual([redirect, forwarded]);
	});

	it.each([true, false])(
		"knows no more of a host that was idle for ten minutes when another one comes: %s",
		(comesAnother) => {
			const gateway = createTestGateway("");
			const send = () => gateway.send(OUT, "tcp 10.0.0.10:1 > 10.0.0.11:80 S");
			const refuse = (host: string) =>
				gateway.send(OUT, `udp ${host}:1 > 10.0.0.1:9`);
			expect(send()).toHaveLength(2);
			gateway.wait(700_000);
			if (comesAnother) expect(refuse("10.0.0.12")).toHaveLength(1);
			// The error to it is as good as a redirect that was just sent.
			expect(refuse("10.0.0.10")).toHaveLength(1);
			expect(send()).toHaveLength(comesAnother ? 2 : 1);
		},
	);
});
