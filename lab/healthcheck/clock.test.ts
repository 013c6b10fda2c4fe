import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startClock } from "./clock.ts";

let aheadMs = 0;
let stoodStill: number[] = [];
const start = () =>
	startClock(
		(ms) => stoodStill.push(ms),
		() => performance.now() + aheadMs,
	);

beforeEach(() => {
	aheadMs = 0;
	stoodStill = [];
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

test("wakes up when it is time, once, by the last word", () => {
	const clock = start();
	const woken: number[] = [];
	const began = clock.nowMs();
	const wake = () => woken.push(clock.nowMs() - began);
	clock.wakeAt(began + 10, wake);
	clock.wakeAt(began + 20.5, wake);
	vi.advanceTimersByTime(1_000);
	expect(woken).toHaveLength(1);
	expect(woken[0]).toBeGreaterThanOrEqual(20.5);
	expect(woken[0]).toBeLessThan(30);
	clock.wakeAt(clock.nowMs() + 10, wake);
	clock.wakeAt(clock.nowMs() - 10, wake);
	vi.advanceTimersByTime(5);
	expect(woken).toHaveLength(2);
	clock.wakeAt(Number.POSITIVE_INFINITY, wake);
	clock.stop();
	vi.advanceTimersByTime(100_000);
	expect(woken).toHaveLength(2);
	expect(vi.getTimerCount()).toBe(0);
	expect(stoodStill).toEqual([]);
});

test("whoever sets the machine's clock moves nothing", () => {
	const clock = start();
	let isWoken = false;
	const began = clock.nowMs();
	clock.wakeAt(began + 1_000, () => {
		isWoken = true;
	});
	vi.setSystemTime(Date.now() + 1e9);
	expect(clock.nowMs() - began).toBeLessThan(1_000);
	vi.advanceTimersByTime(500);
	expect(isWoken).toBe(false);
});

test("time in which nothing ran does not pass", () => {
	const clock = start();
	const began = clock.nowMs();
	const woken: number[] = [];
	clock.wakeAt(began + 100, () => woken.push(clock.nowMs() - began));
	aheadMs = 3_600_000;
	vi.advanceTimersByTime(110);
	expect(woken[0]).toBeLessThan(110);
	expect(stoodStill).toEqual([expect.closeTo(3_600_000, -2)]);
	// What comes first after it need not be the timer.
	clock.wakeAt(clock.nowMs() + 100, () => woken.push(clock.nowMs() - began));
	aheadMs += 60_000;
	expect(clock.nowMs() - began).toBeLessThan(220);
	expect(stoodStill).toHaveLength(2);
});

test("a little late is late", () => {
	const clock = start();
	const began = clock.nowMs();
	clock.wakeAt(began + 100, () => {});
	aheadMs = 900;
	expect(clock.nowMs() - began).toBe(900);
	expect(stoodStill).toEqual([]);
});

test("answers are read before it is believed that time is up, and cannot put that off for ever", () => {
	const clock = start();
	const events: string[] = [];
	const began = clock.nowMs();
	clock.wakeAt(began + 10, () => events.push("time is up"));
	vi.advanceTimersByTime(10);
	// As if three answers had been in when it was.
	for (const answer of [1, 2, 3]) {
		vi.advanceTimersToNextTimer();
		if (events.includes("time is up")) break;
		events.push(`answer ${answer}`);
		clock.wakeAt(began + 10, () => events.push("time is up"));
	}
	vi.advanceTimersByTime(1);
	expect(events).toEqual(["answer 1", "answer 2", "time is up"]);
});
