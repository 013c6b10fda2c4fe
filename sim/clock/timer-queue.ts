/**
 * Virtual time, and what is due at which moment of it, as data: a timer holds what to do instead of
 * doing it, so that whoever owns the queue can be copied with all that waits in it.
 */
import { broken } from "../invariant.ts";
import type { Stateful } from "../stateful.ts";
import {
	type HeapEntry,
	insert,
	isEarlier,
	isWaiting,
	remove,
} from "./heap.ts";

/** A timer that was set, and what is due then. */
export interface QueuedTimer<T> extends HeapEntry {
	readonly task: T;
}

interface SavedTimers<T> {
	readonly nowMs: number;
	readonly waiting: readonly Omit<QueuedTimer<T>, "index">[];
}

/** `restore` makes other timers of what waits: those that were set before are worth nothing then. */
export class TimerQueue<T> implements Stateful<SavedTimers<T>> {
	/** Virtual milliseconds; fractions are allowed. */
	nowMs: number;
	/** Timers that were set so far: those of one instant are due in the order in which they were set. */
	private set = 0;
	private readonly heap: QueuedTimer<T>[] = [];

	constructor(nowMs: number) {
		this.nowMs = nowMs;
	}

	/** All timers that wait, in no order. */
	get waiting(): readonly QueuedTimer<T>[] {
		return this.heap;
	}

	/** When the next timer is due; `Infinity` when none is set. */
	get nextMs(): number {
		return this.heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
	}

	save(): SavedTimers<T> {
		const { nowMs, heap } = this;
		return { nowMs, waiting: heap.map((timer) => ({ ...timer })) };
	}

	restore({ nowMs, waiting }: SavedTimers<T>): void {
		this.nowMs = nowMs;
		this.heap.length = 0;
		for (const timer of waiting) insert(this.heap, { ...timer, index: 0 });
	}

	/** What is due when, in its order: how many timers there were before makes no difference. */
	seen(): unknown {
		const inOrder = this.heap.toSorted((a, b) => (isEarlier(a, b) ? -1 : 1));
		return [this.nowMs, inOrder.map(({ atMs, task }) => ({ atMs, task }))];
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
		if (!(toMs >= this.nowMs))
			broken(`time cannot go from ${this.nowMs} to ${toMs}`);
		this.nowMs = toMs;
	}
}
