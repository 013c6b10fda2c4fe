import { describe, expect, it } from "vitest";
import { TestRouter } from "./test-router.ts";

const QUESTION = "udp 10.0.0.10:5353 > 192.168.0.1:53 len 12";
const ANSWER = "udp 192.168.0.1:53 > 10.0.0.10:5353 len 40";

describe("UDP", () => {
	it("a question: 30 s, unreplied", () => {
		const router = new TestRouter();
		expect(router.forward(QUESTION)).toBe(`NEW ${QUESTION}`);
		expect(router.entry()).toBe(
			"ipv4     2 udp      17 30 src=10.0.0.10 dst=192.168.0.1 sport=5353 dport=53 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 sport=53 dport=5353 mark=0 zone=0 use=2",
		);
	});

	it("and its answer: 30 s still, not ASSURED", () => {
		const router = new TestRouter();
		router.forward(QUESTION);
		router.wait(1);
		expect(router.forward(ANSWER)).toMatch(/^ESTABLISHED/);
		router.wait(1);
		expect(router.forward(QUESTION)).toMatch(/^ESTABLISHED/);
		expect(router.entry()).toMatch(/^ipv4 +2 udp +17 30 .* mark=0/);
		expect(router.entry()).not.toMatch(/UNREPLIED|ASSURED/);
	});

	it("traffic both ways for more than two seconds is a stream: 120 s, ASSURED", () => {
		const router = new TestRouter();
		router.forward(QUESTION);
		router.forward(ANSWER);
		router.wait(2.004);
		router.forward(QUESTION);
		expect(router.entry()).toMatch(/ 17 120 .*\[ASSURED\]/);
	});

	it("the first answer alone makes no stream, however late", () => {
		const router = new TestRouter();
		router.forward(QUESTION);
		router.wait(20);
		router.forward(ANSWER);
		expect(router.entry()).toMatch(/ 17 30 /);
		expect(router.entry()).not.toContain("ASSURED");
		router.forward(ANSWER);
		expect(router.entry()).toMatch(/ 17 120 .*\[ASSURED\]/);
	});
});

describe("a protocol without a tracker", () => {
	it("is known by its addresses, for 600 s", () => {
		const router = new TestRouter();
		expect(router.forward("proto 99 10.0.0.10 > 192.168.0.1 len 8")).toMatch(
			/^NEW/,
		);
		expect(router.forward("proto 99 192.168.0.1 > 10.0.0.10 len 8")).toMatch(
			/^ESTABLISHED/,
		);
		expect(router.entry()).toBe(
			"ipv4     2 unknown  99 600 src=10.0.0.10 dst=192.168.0.1 src=192.168.0.1 dst=10.0.0.10 mark=0 zone=0 use=2",
		);
	});

	it("one whose tracker is not modelled is never guessed at", () => {
		const router = new TestRouter();
		expect(() =>
			router.forward("proto 132 10.0.0.10 > 192.168.0.1 len 8"),
		).toThrow("SCTP");
	});
});
