/**
 * Virtual time. Nothing happens by itself: timers fire when, and only when, the clock is advanced.
 * Timers that are due at the same instant fire in the order in which they were set.
 */
import { broken } from "../invariant.ts";
import {
	type HeapEntry,
	insert,
	isEarlier,
	isWaiting,
	remove,
} from "./heap.ts";

/** A timer that was set; only the clock that made it knows what is in it. */
export interface Timer {
	readonly atMs: number;
}

interface Entry extends HeapEntry {
	readonly background: boolean;
	readonly action: () => void;
}

export interface Clock {
	/** Virtual milliseconds; fractions are allowed. */
	readonly nowMs: number;
	/** When the next timer is due; `Infinity` when none is set. */
	readonly nextMs: number;
	/** Timers that wait and are not in the background: is anything left to happen? */
	readonly foreground: number;
	/**
	 * Sets a timer.
	 * @param atMs not before now
	 * @param background the timer only tidies up: nobody has to wait for it
	 */
	at(atMs: number, action: () => void, background?: boolean): Timer;
	/** Sets a timer that is due `delayMs` from now. */
	after(delayMs: number, action: () => void, background?: boolean): Timer;
	/** Forgets a timer. One that fired already, or `null`, is no mistake. */
	cancel(timer: Timer | null): void;
	/** Moves time on to `toMs` and fires what is due until then, also what is set meanwhile. */
	advanceTo(toMs: number): void;
	/** Moves time on to the next timer if it is due by `toMs`, and fires that one alone. */
	fireNext(toMs: number): boolean;
}

/** A clock that stands at `startMs`. */
export function createClock(startMs = 0): Clock {
	return new TimerClock(startMs);
}

/** A class, so that all clocks are of one shape: every packet asks one for the time. */
class TimerClock implements Clock {
	nowMs: number;
	// Two heaps: what merely tidies up is plenty and far away, and would make the other one slow.
	readonly #heap: Entry[] = [];
	readonly #backgroundHeap: Entry[] = [];
	#set = 0;

	constructor(startMs: number) {
		this.nowMs = startMs;
	}

	get nextMs(): number {
		return this.#first()?.atMs ?? Number.POSITIVE_INFINITY;
	}

	get foreground(): number {
		return this.#heap.length;
	}

	at(atMs: number, action: () => void, background = false): Timer {
		if (!(atMs >= this.nowMs))
			broken(`a timer for ${atMs} was set at ${this.nowMs}`);
		const entry = { atMs, index: 0, order: this.#set++, background, action };
		insert(this.#heapOf(entry), entry);
		return entry;
	}

	after(delayMs: number, action: () => void, background?: boolean): Timer {
		return this.at(this.nowMs + delayMs, action, background);
	}

	cancel(timer: Timer | null): void {
		const entry = timer as Entry | null;
		if (entry === null || !isWaiting(entry)) return;
		remove(this.#heapOf(entry), entry);
	}

	advanceTo(toMs: number): void {
		if (!(toMs >= this.nowMs))
			broken(`time cannot go from ${this.nowMs} to ${toMs}`);
		while (this.fireNext(toMs));
		this.nowMs = toMs;
	}

	fireNext(toMs: number): boolean {
		const entry = this.#first();
		if (entry === undefined || entry.atMs > toMs) return false;
		this.nowMs = entry.atMs;
		remove(this.#heapOf(entry), entry);
		entry.action();
		return true;
	}

	#heapOf(entry: Entry): Entry[] {
		return entry.background ? this.#backgroundHeap : this.#heap;
	}

	#first(): Entry | undefined {
		// No destructuring: that would be an iterator for every packet.
		const front = this.#heap[0];
		const back = this.#backgroundHeap[0];
		if (front === undefined || back === undefined) return front ?? back;
		return isEarlier(back, front) ? back : front;
	}
}
