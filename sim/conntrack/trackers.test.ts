import { describe, expect, it } from "vitest";
import { range, TestHooks } from "./test-hooks.ts";

const ping = "icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1";
const pong = "icmp 192.168.0.1 > 10.0.0.10 echo-reply id 7 seq 1";

describe("ICMP queries", () => {
	it("a ping is a connection of 30 s", () => {
		const hooks = new TestHooks();
		expect(hooks.forward(ping)).toBe(`NEW ${ping}`);
		expect(hooks.entry()).toBe(
			"ipv4     2 icmp     1 30 src=10.0.0.10 dst=192.168.0.1 type=8 code=0 id=7 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 type=0 code=0 id=7 mark=0 zone=0 use=2",
		);
		expect(hooks.forward(pong)).toBe(`ESTABLISHED ${pong}`);
		expect(hooks.entry()).not.toContain("UNREPLIED");
	});

	it("another identifier is another connection", () => {
		const hooks = new TestHooks();
		hooks.forward(ping);
		expect(hooks.forward(ping.replace("id 7", "id 8"))).toMatch(/^NEW/);
		expect(hooks.conntrack.count).toBe(2);
	});

	it("an answer that nobody asked for is INVALID", () => {
		const hooks = new TestHooks();
		expect(hooks.forward(pong)).toMatch(/^INVALID/);
		expect(hooks.conntrack.count).toBe(0);
	});

	it("a type that nobody knows is INVALID", () => {
		const hooks = new TestHooks();
		expect(hooks.forward("icmp 10.0.0.10 > 192.168.0.1 type 42")).toMatch(
			/^INVALID/,
		);
	});
});

describe("ICMP errors", () => {
	const syn = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000";

	it("belong to the connection of what they are about, and are RELATED", () => {
		const hooks = new TestHooks();
		hooks.forward(syn);
		const error = `icmp 192.168.0.254 > 10.0.0.10 host-unreachable (${syn})`;
		expect(hooks.forward(error)).toBe(`RELATED ${error}`);
		// The SYN_SENT entry stays, and is not replied to by this.
		expect(hooks.entry()).toMatch(/SYN_SENT .*UNREPLIED/);
	});

	it("about nothing known are INVALID", () => {
		const hooks = new TestHooks();
		expect(
			hooks.forward(`icmp 192.168.0.254 > 10.0.0.10 host-unreachable (${syn})`),
		).toMatch(/^INVALID/);
	});

	it("that go elsewhere than to the sender of what they quote are INVALID", () => {
		const hooks = new TestHooks();
		hooks.forward(syn);
		expect(
			hooks.forward(`icmp 192.168.0.254 > 10.0.0.99 host-unreachable (${syn})`),
		).toMatch(/^INVALID/);
	});

	it("about a translated packet quote it as its sender knows it", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () => range("192.168.0.1");
		expect(hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000")).toBe(
			`NEW ${syn}`,
		);
		expect(
			hooks.forward(`icmp 192.168.0.7 > 10.0.0.10 host-unreachable (${syn})`),
		).toBe(
			"RELATED icmp 10.0.0.1 > 10.0.0.10 host-unreachable (tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000)",
		);
	});

	it("reach the client behind a masquerade, with its own address and port in the quotation", () => {
		const hooks = new TestHooks();
		hooks.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5000 } });
		expect(hooks.forward("udp 10.0.0.10:5353 > 198.51.100.1:53 len 12")).toBe(
			"NEW udp 203.0.113.1:5000 > 198.51.100.1:53 len 12",
		);
		expect(
			hooks.forward(
				"icmp 198.51.100.9 > 203.0.113.1 port-unreachable (udp 203.0.113.1:5000 > 198.51.100.1:53 len 12)",
			),
		).toBe(
			"RELATED icmp 198.51.100.9 > 10.0.0.10 port-unreachable (udp 10.0.0.10:5353 > 198.51.100.1:53 len 12)",
		);
	});

	it("a redirect about a translated packet is dropped: it would lie", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () => range("192.168.0.1");
		hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000");
		expect(
			hooks.forward(`icmp 192.168.0.7 > 10.0.0.10 host-redirect (${syn})`),
		).toBe("dropped");
		expect(hooks.droppedFor).toBe("redirect about a translated packet");
	});
});

const QUESTION = "udp 10.0.0.10:5353 > 192.168.0.1:53 len 12";
const ANSWER = "udp 192.168.0.1:53 > 10.0.0.10:5353 len 40";

describe("UDP", () => {
	it("a question: 30 s, unreplied", () => {
		const hooks = new TestHooks();
		expect(hooks.forward(QUESTION)).toBe(`NEW ${QUESTION}`);
		expect(hooks.entry()).toBe(
			"ipv4     2 udp      17 30 src=10.0.0.10 dst=192.168.0.1 sport=5353 dport=53 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 sport=53 dport=5353 mark=0 zone=0 use=2",
		);
	});

	it("and its answer: 30 s still, not ASSURED", () => {
		const hooks = new TestHooks();
		hooks.forward(QUESTION);
		hooks.wait(1);
		expect(hooks.forward(ANSWER)).toMatch(/^ESTABLISHED/);
		hooks.wait(1);
		expect(hooks.forward(QUESTION)).toMatch(/^ESTABLISHED/);
		expect(hooks.entry()).toMatch(/^ipv4 +2 udp +17 30 .* mark=0/);
		expect(hooks.entry()).not.toMatch(/UNREPLIED|ASSURED/);
	});

	it("traffic both ways for more than two seconds is a stream: 120 s, ASSURED", () => {
		const hooks = new TestHooks();
		hooks.forward(QUESTION);
		hooks.forward(ANSWER);
		hooks.wait(2.004);
		hooks.forward(QUESTION);
		expect(hooks.entry()).toMatch(/ 17 120 .*\[ASSURED\]/);
	});

	it("the first answer alone makes no stream, however late", () => {
		const hooks = new TestHooks();
		hooks.forward(QUESTION);
		hooks.wait(20);
		hooks.forward(ANSWER);
		expect(hooks.entry()).toMatch(/ 17 30 /);
		expect(hooks.entry()).not.toContain("ASSURED");
		hooks.forward(ANSWER);
		expect(hooks.entry()).toMatch(/ 17 120 .*\[ASSURED\]/);
	});
});

describe("a protocol without a tracker", () => {
	it("is known by its addresses, for 600 s", () => {
		const hooks = new TestHooks();
		expect(hooks.forward("proto 99 10.0.0.10 > 192.168.0.1 len 8")).toMatch(
			/^NEW/,
		);
		expect(hooks.forward("proto 99 192.168.0.1 > 10.0.0.10 len 8")).toMatch(
			/^ESTABLISHED/,
		);
		expect(hooks.entry()).toBe(
			"ipv4     2 unknown  99 600 src=10.0.0.10 dst=192.168.0.1 src=192.168.0.1 dst=10.0.0.10 mark=0 zone=0 use=2",
		);
	});

	it("one whose tracker is not modelled is never guessed at", () => {
		const hooks = new TestHooks();
		expect(() =>
			hooks.forward("proto 33 10.0.0.10 > 192.168.0.1 len 8"),
		).toThrow("DCCP");
	});
});
