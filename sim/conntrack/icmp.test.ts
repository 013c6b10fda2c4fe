import { describe, expect, it } from "vitest";
import { range, TestRouter } from "./test-router.ts";

const ping = "icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1";
const pong = "icmp 192.168.0.1 > 10.0.0.10 echo-reply id 7 seq 1";

describe("ICMP queries", () => {
	it("a ping is a connection of 30 s", () => {
		const router = new TestRouter();
		expect(router.forward(ping)).toBe(`NEW ${ping}`);
		expect(router.entry()).toBe(
			"ipv4     2 icmp     1 30 src=10.0.0.10 dst=192.168.0.1 type=8 code=0 id=7 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 type=0 code=0 id=7 mark=0 zone=0 use=2",
		);
		expect(router.forward(pong)).toBe(`ESTABLISHED ${pong}`);
		expect(router.entry()).not.toContain("UNREPLIED");
	});

	it("another identifier is another connection", () => {
		const router = new TestRouter();
		router.forward(ping);
		expect(router.forward(ping.replace("id 7", "id 8"))).toMatch(/^NEW/);
		expect(router.conntrack.count).toBe(2);
	});

	it("an answer that nobody asked for is INVALID", () => {
		const router = new TestRouter();
		expect(router.forward(pong)).toMatch(/^INVALID/);
		expect(router.conntrack.count).toBe(0);
	});

	it("a type that nobody knows is INVALID", () => {
		const router = new TestRouter();
		expect(router.forward("icmp 10.0.0.10 > 192.168.0.1 type 42")).toMatch(
			/^INVALID/,
		);
	});
});

describe("ICMP errors", () => {
	const syn = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000";

	it("belong to the connection of what they are about, and are RELATED", () => {
		const router = new TestRouter();
		router.forward(syn);
		const error = `icmp 192.168.0.254 > 10.0.0.10 host-unreachable (${syn})`;
		expect(router.forward(error)).toBe(`RELATED ${error}`);
		// The SYN_SENT entry stays, and is not replied to by this.
		expect(router.entry()).toMatch(/SYN_SENT .*UNREPLIED/);
	});

	it("about nothing known are INVALID", () => {
		const router = new TestRouter();
		expect(
			router.forward(
				`icmp 192.168.0.254 > 10.0.0.10 host-unreachable (${syn})`,
			),
		).toMatch(/^INVALID/);
	});

	it("that go elsewhere than to the sender of what they quote are INVALID", () => {
		const router = new TestRouter();
		router.forward(syn);
		expect(
			router.forward(
				`icmp 192.168.0.254 > 10.0.0.99 host-unreachable (${syn})`,
			),
		).toMatch(/^INVALID/);
	});

	it("about a translated packet quote it as its sender knows it", () => {
		const router = new TestRouter();
		router.rules.dnat = () => range("192.168.0.1");
		expect(router.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000")).toBe(
			`NEW ${syn}`,
		);
		expect(
			router.forward(`icmp 192.168.0.7 > 10.0.0.10 host-unreachable (${syn})`),
		).toBe(
			"RELATED icmp 10.0.0.1 > 10.0.0.10 host-unreachable (tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000)",
		);
	});

	it("reach the client behind a masquerade, with its own address and port in the quotation", () => {
		const router = new TestRouter();
		router.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5000 } });
		expect(router.forward("udp 10.0.0.10:5353 > 198.51.100.1:53 len 12")).toBe(
			"NEW udp 203.0.113.1:5000 > 198.51.100.1:53 len 12",
		);
		expect(
			router.forward(
				"icmp 198.51.100.9 > 203.0.113.1 port-unreachable (udp 203.0.113.1:5000 > 198.51.100.1:53 len 12)",
			),
		).toBe(
			"RELATED icmp 198.51.100.9 > 10.0.0.10 port-unreachable (udp 10.0.0.10:5353 > 198.51.100.1:53 len 12)",
		);
	});

	it("a redirect about a translated packet is dropped: it would lie", () => {
		const router = new TestRouter();
		router.rules.dnat = () => range("192.168.0.1");
		router.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000");
		expect(
			router.forward(`icmp 192.168.0.7 > 10.0.0.10 host-redirect (${syn})`),
		).toBe("dropped");
		expect(router.droppedFor).toBe("redirect about a translated packet");
	});
});
