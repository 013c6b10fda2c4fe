import { describe, expect, it } from "vitest";
import {
	createTestGateway,
	IN,
	OUT,
	type TestGateway,
} from "../gateway/test-gateway.ts";
import { dropWords } from "./drop-reason.ts";

const TRACKED = "*filter\n-A FORWARD -m conntrack --ctstate NEW\nCOMMIT\n";

function reasonOf(gateway: TestGateway, from: string, packet: string): string {
	const fate = gateway.fate(from, packet);
	return fate.kind === "dropped" ? fate.by : fate.kind;
}

describe("a packet that no rule drops has the stack's reason", () => {
	it("table full", () => {
		const gateway = createTestGateway(TRACKED, {
			sysctls: { "ipv4.ip_forward": 1, "netfilter.nf_conntrack_max": 1 },
		});
		const assured = (port: number) => [
			`tcp 10.0.0.10:${port} > 192.168.0.1:25 S seq 1 win 64240`,
			`tcp 192.168.0.1:25 > 10.0.0.10:${port} SA seq 9 ack 2 win 64240`,
			`tcp 10.0.0.10:${port} > 192.168.0.1:25 A seq 2 ack 10 win 64240`,
		];
		const [syn = "", answer = "", ack = ""] = assured(1);
		gateway.send(OUT, syn);
		gateway.send(IN, answer);
		gateway.send(OUT, ack);
		expect(reasonOf(gateway, OUT, assured(2)[0] ?? "")).toBe("table full");
	});

	it("port taken, and not conntrack's other clash", () => {
		const gateway = createTestGateway(
			"*nat\n-A POSTROUTING -p tcp -j SNAT --to-source 192.168.0.254:5000\nCOMMIT\n",
		);
		gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:25 S");
		expect(reasonOf(gateway, OUT, "tcp 10.0.0.11:1 > 192.168.0.1:25 S")).toBe(
			"port taken",
		);
	});

	it("unconfirmed clash: zones that share their replies", () => {
		const gateway = createTestGateway(
			[
				"*raw",
				"-A PREROUTING -m mark --mark 0 -i bond0.204 -m ttl --ttl-eq 64 -j CT --zone-orig 1",
				"-A PREROUTING -m ttl --ttl-eq 63 -j CT --zone-orig 2",
				"COMMIT\n",
			].join("\n"),
		);
		const syn = "tcp 10.0.0.10:1 > 192.168.0.1:25 S";
		gateway.send(OUT, syn);
		expect(reasonOf(gateway, OUT, `${syn} ttl 63`)).toBe("unconfirmed clash");
	});

	it.each([
		["tcp 10.0.0.1:1 > 192.168.0.1:80 S", "spoofed source"],
		["tcp 127.0.0.1:1 > 192.168.0.1:80 S", "martian source"],
		["tcp 10.0.0.10:1 > 127.0.0.1:80 S", "martian destination"],
		["tcp 10.0.0.10:1 > 203.0.113.1:80 S", "no route"],
		["tcp 10.0.0.10:1 > 192.168.0.1:80 S ttl 1", "TTL exceeded"],
		["tcp 10.0.0.10:1 > 10.0.0.1:80 S badsum", "wrong checksum"],
		[
			"icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 seq 1 badsum",
			"wrong checksum",
		],
	])("%s: %s", (packet, reason) => {
		expect(reasonOf(createTestGateway(TRACKED), OUT, packet)).toBe(reason);
	});

	it.each([
		["udp 127.0.0.1:1 > 203.0.113.1:2", "no route"],
		["udp 127.0.0.1:1 > 127.0.0.1:53", "loopback source"],
		["udp 127.0.0.1:1 > 127.0.0.1:54", "no route after a rule changed it"],
	])("of the gateway's own, %s: %s", (packet, reason) => {
		const gateway = createTestGateway(
			[
				"*nat",
				"-A OUTPUT -p udp --dport 53 -j DNAT --to-destination 192.168.0.1",
				"-A OUTPUT -p udp --dport 54 -j DNAT --to-destination 203.0.113.1",
				"-A POSTROUTING -j MASQUERADE",
				"COMMIT\n",
			].join("\n"),
		);
		expect(reasonOf(gateway, "lo", packet)).toBe(reason);
	});

	it("a fragment that is there already is dropped; one that is alone waits", () => {
		const gateway = createTestGateway(TRACKED);
		const first = "proto 17 10.0.0.10 > 192.168.0.1 ipid 7 MF len 512";
		expect(gateway.fate(OUT, first)).toEqual({
			kind: "queued",
			waitsFor: "fragments",
		});
		expect(reasonOf(gateway, OUT, first)).toBe("broken fragment");
	});
});

it("says it in words, with the kernel's symbol; a rule is no reason of the stack's", () => {
	expect(dropWords("spoofed source")).toMatchObject({
		words: expect.stringContaining("own addresses"),
		symbol: expect.stringContaining("fib_validate_source"),
	});
	expect(dropWords("filter:INPUT:rule:1")).toBeNull();
	expect(dropWords("constructor")).toBeNull();
});
