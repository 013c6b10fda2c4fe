import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock, type Timer } from "./clock.ts";

test("timers fire in the order of their times, and never by themselves", () => {
	const clock = createClock();
	const fired: string[] = [];
	clock.at(30, () => fired.push(`c at ${clock.nowMs}`));
	clock.at(10, () => fired.push(`a at ${clock.nowMs}`));
	clock.after(20, () => fired.push(`b at ${clock.nowMs}`));
	expect(fired).toEqual([]);
	expect(clock.nextMs).toBe(10);
	clock.advanceTo(20);
	expect(fired).toEqual(["a at 10", "b at 20"]);
	expect(clock.nowMs).toBe(20);
	clock.advanceTo(1000);
	expect(fired).toEqual(["a at 10", "b at 20", "c at 30"]);
	expect(clock.nowMs).toBe(1000);
	expect(clock.nextMs).toBe(Number.POSITIVE_INFINITY);
});

test("what is set while the clock advances fires in the same advance if it is due", () => {
	const clock = createClock();
	const fired: number[] = [];
	const again = () => {
		fired.push(clock.nowMs);
		clock.after(10, again);
	};
	clock.after(10, again);
	clock.advanceTo(35);
	expect(fired).toEqual([10, 20, 30]);
});

test("timers in the background do not count as something left to happen", () => {
	const clock = createClock();
	clock.at(10, () => {}, true);
	const timer = clock.at(20, () => {});
	expect(clock.foreground).toBe(1);
	clock.cancel(timer);
	clock.cancel(timer);
	expect(clock.foreground).toBe(0);
	clock.advanceTo(10);
	expect(clock.foreground).toBe(0);
});

test("any timers, some cancelled: the rest fires by time, equal times in the order of setting", () => {
	const timers = fc.array(
		fc.record({
			atMs: fc.integer({ min: 0, max: 20 }),
			keep: fc.boolean(),
			background: fc.boolean(),
		}),
		{ maxLength: 200 },
	);
	fc.assert(
		fc.property(timers, (wanted) => {
			const clock = createClock();
			const fired: number[] = [];
			const set: Timer[] = wanted.map(({ atMs, background }, index) =>
				clock.at(atMs, () => fired.push(index), background),
			);
			wanted.forEach(({ keep }, index) => {
				if (!keep) clock.cancel(set[index] ?? null);
			});
			clock.advanceTo(20);
			const expected = wanted
				.map((timer, index) => ({ ...timer, index }))
				.filter((timer) => timer.keep)
				.sort((a, b) => a.atMs - b.atMs || a.index - b.index)
				.map((timer) => timer.index);
			expect(fired).toEqual(expected);
			expect(clock.foreground).toBe(0);
		}),
	);
});
