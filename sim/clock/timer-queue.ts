/**
 * Virtual time, and what is due at which moment of it, as data: a timer holds what to do instead of
 * doing it, so that whoever owns the queue can be copied with all that waits in it.
 */
import { invariant } from "../invariant.ts";
import { type HeapEntry, insert, isWaiting, remove } from "./heap.ts";

/** A timer that was set, and what is due then. */
export interface QueuedTimer<T> extends HeapEntry {
	readonly task: T;
}

export class TimerQueue<T> {
	/** Virtual milliseconds; fractions are allowed. */
	nowMs: number;
	/** Timers that were set so far: those of one instant are due in the order in which they were set. */
	private set = 0;
	private readonly heap: QueuedTimer<T>[] = [];

	constructor(nowMs: number) {
		this.nowMs = nowMs;
	}

	/** Sets a timer that is due `delayMs` from now. */
	after(delayMs: number, task: T): QueuedTimer<T> {
		const atMs = this.nowMs + delayMs;
		const timer = { atMs, index: 0, order: this.set++, task };
		insert(this.heap, timer);
		return timer;
	}

	/** Forgets a timer. One that was taken already, or `null`, is no mistake. */
	cancel(timer: QueuedTimer<T> | null): void {
		if (timer !== null && isWaiting(timer)) remove(this.heap, timer);
	}

	/** Takes the next timer that is due by `toMs`, and moves time on to it; `null` when there is none. */
	takeDue(toMs: number): T | null {
		const timer = this.heap[0];
		if (timer === undefined || timer.atMs > toMs) return null;
		this.nowMs = timer.atMs;
		remove(this.heap, timer);
		return timer.task;
	}

	/** Moves time on; nothing may be due until then. */
	moveTo(toMs: number): void {
		invariant(
			toMs >= this.nowMs,
			`time cannot go from ${this.nowMs} to ${toMs}`,
		);
		this.nowMs = toMs;
	}
}
