import fc from "fast-check";
import { expect, test } from "vitest";
import { type QueuedTimer, TimerQueue } from "./timer-queue.ts";

/** What is due until `toMs`, each with its time. */
function taken(queue: TimerQueue<string>, toMs: number): string[] {
	const tasks: string[] = [];
	for (;;) {
		const task = queue.takeDue(toMs);
		if (task === null) return tasks;
		tasks.push(`${queue.nowMs} ${task}`);
	}
}

test("time moves on from task to task, and no further than it is told", () => {
	const queue = new TimerQueue<string>(100);
	queue.after(20, "late");
	queue.after(10, "early");
	expect(taken(queue, 115)).toEqual(["110 early"]);
	expect(queue.nowMs).toBe(110);
	queue.moveTo(115);
	expect(taken(queue, 200)).toEqual(["120 late"]);
	expect(() => queue.moveTo(100)).toThrow("time cannot go from 120 to 100");
});

test("a cancelled timer is not due; one that is done already is no mistake", () => {
	const queue = new TimerQueue<string>(0);
	const first = queue.after(1, "first");
	queue.after(2, "second");
	queue.cancel(first);
	queue.cancel(first);
	queue.cancel(null);
	expect(taken(queue, 9)).toEqual(["2 second"]);
	queue.cancel(first);
});

test("tasks come in the order of their times, those of one instant as they were set", () => {
	const timers = fc.array(
		fc.record({ delayMs: fc.nat(5), isCancelled: fc.boolean() }),
	);
	fc.assert(
		fc.property(timers, (all) => {
			const queue = new TimerQueue<string>(0);
			const set: QueuedTimer<string>[] = [];
			for (const [index, { delayMs }] of all.entries())
				set.push(queue.after(delayMs, `${index}`));
			for (const [index, { isCancelled }] of all.entries())
				if (isCancelled) queue.cancel(set[index] ?? null);
			const expected = all
				.map(({ delayMs, isCancelled }, index) => ({
					delayMs,
					isCancelled,
					index,
				}))
				.filter(({ isCancelled }) => !isCancelled)
				.sort((a, b) => a.delayMs - b.delayMs || a.index - b.index)
				.map(({ delayMs, index }) => `${delayMs} ${index}`);
			expect(taken(queue, 5)).toEqual(expected);
		}),
		{ seed: 20261128 },
	);
});
