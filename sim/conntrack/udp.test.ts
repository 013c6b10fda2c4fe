import { describe, expect, it } from "vitest";
import { TestHooks } from "./test-hooks.ts";

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
			hooks.forward("proto 132 10.0.0.10 > 192.168.0.1 len 8"),
		).toThrow("SCTP");
	});
});
