import { describe, expect, it } from "vitest";
import { ScriptTime } from "./script-time.ts";

describe("a wait of the script's", () => {
	it("is taken in a few large steps, in seconds where somebody is silent", () => {
		const time = new ScriptTime();
		expect(time.nextStop(20_000, true)).toBe(10_000);
		expect(time.nextStop(60_000, true)).toBe(15_000);
		expect(time.nextStop(60_000, false)).toBe(1_000);
		expect(time.nextStop(300, true)).toBe(300);
	});

	it("is looked at closely while somebody does not answer ARP", () => {
		const time = new ScriptTime();
		time.nowMs = 5_000;
		time.unanswered("205 192.168.0.1");
		expect(time.nextStop(9_000, false)).toBe(5_040);
		time.nowMs = 6_000;
		expect(time.isExpectant).toBe(true);
		time.nowMs = 6_300;
		expect(time.isExpectant).toBe(false);
		expect(time.nextStop(9_000, false)).toBe(7_300);
	});

	it("is looked at closely while the gateway speaks TCP itself, a long one less so", () => {
		const time = new ScriptTime(true);
		expect(time.nextStop(2_000, true)).toBe(40);
		expect(time.nextStop(120_000, true)).toBe(1_000);
		expect(time.shortMs).toBeLessThan(new ScriptTime().shortMs);
	});

	it("is not, once the answer has come", () => {
		const time = new ScriptTime();
		time.unanswered("205 192.168.0.1");
		time.answered("205 192.168.0.1");
		expect(time.isExpectant).toBe(false);
	});

	it("of five days is taken in large ones", () => {
		const time = new ScriptTime();
		let steps = 0;
		while (time.nowMs < 432_000_000) {
			time.nowMs = time.nextStop(432_000_000, true);
			steps++;
		}
		expect(steps).toBeLessThan(2_000);
	});
});
