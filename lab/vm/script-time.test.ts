import { describe, expect, it } from "vitest";
import { ScriptTime } from "./script-time.ts";

describe("a wait of the script's", () => {
	it("is taken in a few large steps, in seconds where somebody is silent", () => {
		const time = new ScriptTime();
		expect(time.pace(20_000, true)).toEqual({ toMs: 20_000, stepMs: 10_000 });
		expect(time.pace(60_000, true)).toEqual({ toMs: 60_000, stepMs: 15_000 });
		expect(time.pace(60_000, false)).toEqual({ toMs: 60_000, stepMs: 1_000 });
	});

	it("is looked at closely while somebody does not answer ARP", () => {
		const time = new ScriptTime();
		time.nowMs = 5_000;
		time.unanswered("205 192.168.0.1");
		expect(time.pace(9_000, false)).toEqual({ toMs: 6_290, stepMs: 40 });
		expect(time.pace(5_500, false)).toEqual({ toMs: 5_500, stepMs: 40 });
		time.nowMs = 6_000;
		expect(time.isExpectant).toBe(true);
		time.nowMs = 6_300;
		expect(time.isExpectant).toBe(false);
		expect(time.pace(9_000, false)).toEqual({ toMs: 9_000, stepMs: 1_000 });
	});

	it("is looked at closely while nobody hears whom the gateway asks for", () => {
		const time = new ScriptTime();
		time.nowMs = 1_000;
		time.unheard();
		expect(time.pace(20_000, true)).toEqual({ toMs: 9_790, stepMs: 40 });
		time.nowMs = 9_790;
		expect(time.isExpectant).toBe(false);
		expect(time.pace(20_000, true).stepMs).toBe(10_000);
	});

	it("is looked at closely while the gateway speaks TCP itself, a long one less so", () => {
		const time = new ScriptTime(true);
		expect(time.pace(2_000, true).stepMs).toBe(40);
		expect(time.pace(120_000, true).stepMs).toBe(1_000);
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
		const { stepMs } = time.pace(432_000_000, false);
		expect(432_000_000 / stepMs).toBeLessThan(2_000);
	});
});
