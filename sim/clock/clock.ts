/**
 * Virtual time. Nothing happens by itself: timers fire when, and only when, the clock is advanced.
 * Timers that are due at the same instant fire in the order in which they were set.
 */
import { broken } from "../invariant.ts";
import {
	type HeapEntry,
	insert,
	isEarlier,
	NOT_WAITING,
	remove,
} from "./heap.ts";
import { type Due, Line } from "./line.ts";

/** A timer that was set; only the clock that made it knows what is in it. */
export interface Timer {
	readonly atMs: number;
}

/**
 * A timer that may be set many times, one time after the other. All are of one shape, whatever is due. Its place among
 * the others is that of a time before which it is not due: most are set to a later time, or stopped, before they are
 * due, and move when their place comes up, which is seldom.
 */
export class Alarm implements Timer, HeapEntry {
	/** Its place among the others. */
	atMs = 0;
	order = 0;
	index = NOT_WAITING;
	background = false;
	/** When it is due; `Infinity` where it is stopped. */
	dueMs = Number.POSITIVE_INFINITY;
	dueOrder = 0;
	readonly due: Due;

	/** @param due fires when the time has come */
	constructor(due: Due) {
		this.due = due;
	}

	/** Is it set, and its time has not come? */
	get isSet(): boolean {
		return this.dueMs !== Number.POSITIVE_INFINITY;
	}
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
	/** Sets an alarm to `delayMs` from now, in place of the time to which it is set. */
	set(alarm: Alarm, delayMs: number, background?: boolean): void;
	/** Stops an alarm that will be set again. Its place is kept until it comes up, with all that the alarm holds. */
	stop(alarm: Alarm): void;
	/**
	 * Sets a timer for each thing that is put there. It is fast where what is put later is due later, as on a link
	 * that takes the same time for all packets.
	 */
	createRow(): Row;
	/** Forgets a timer. One that fired already, or `null`, is no mistake. */
	cancel(timer: Timer | null): void;
	/** Moves time on to `toMs` and fires what is due until then, also what is set meanwhile. */
	advanceTo(toMs: number): void;
	/** Moves time on to the next timer if it is due by `toMs`, and fires that one alone. */
	fireNext(toMs: number): boolean;
}

/** A row of things that wait. */
export interface Row {
	/** @param atMs not before now */
	put(atMs: number, thing: Due): void;
}

/** A clock that stands at `startMs`. */
export function createClock(startMs = 0): Clock {
	return new TimerClock(startMs);
}

/** A class, so that all clocks are of one shape: every packet asks one for the time. */
class TimerClock implements Clock {
	nowMs: number;
	// Two heaps: what merely tidies up is plenty and far away, and would make the other one slow.
	readonly #heap: Alarm[] = [];
	readonly #backgroundHeap: Alarm[] = [];
	readonly #lines: Line[] = [];
	/** Alarms that are set and not in the background. */
	#foreground = 0;
	#set = 0;

	constructor(startMs: number) {
		this.nowMs = startMs;
	}

	get nextMs(): number {
		const timerMs = this.#first()?.atMs ?? Number.POSITIVE_INFINITY;
		const lineMs = this.#firstLine()?.atMs ?? Number.POSITIVE_INFINITY;
		return timerMs < lineMs ? timerMs : lineMs;
	}

	get foreground(): number {
		let waiting = this.#foreground;
		for (let index = 0; index < this.#lines.length; index++)
			waiting += (this.#lines[index] as Line).length;
		return waiting;
	}

	at(atMs: number, action: () => void, background = false): Timer {
		const alarm = new Alarm({ fire: action });
		this.#put(alarm, atMs, background);
		return alarm;
	}

	after(delayMs: number, action: () => void, background?: boolean): Timer {
		return this.at(this.nowMs + delayMs, action, background);
	}

	set(alarm: Alarm, delayMs: number, background = false): void {
		const atMs = this.nowMs + delayMs;
		if (alarm.index !== NOT_WAITING) {
			if (alarm.background === background && atMs >= alarm.atMs) {
				if (!background && !alarm.isSet) this.#foreground++;
				alarm.dueMs = atMs;
				alarm.dueOrder = this.#set++;
				return;
			}
			this.cancel(alarm);
		}
		this.#put(alarm, atMs, background);
	}

	stop(alarm: Alarm): void {
		if (alarm.isSet && !alarm.background) this.#foreground--;
		alarm.dueMs = Number.POSITIVE_INFINITY;
	}

	createRow(): Row {
		const line = new Line();
		this.#lines.push(line);
		return {
			put: (atMs, thing) => {
				if (!line.takes(atMs)) this.at(atMs, () => thing.fire());
				else {
					if (!(atMs >= this.nowMs))
						broken(`a timer for ${atMs} was set at ${this.nowMs}`);
					line.put(atMs, this.#set++, thing);
				}
			},
		};
	}

	cancel(timer: Timer | null): void {
		const alarm = timer as Alarm | null;
		if (alarm === null || alarm.index === NOT_WAITING) return;
		this.stop(alarm);
		remove(this.#heapOf(alarm), alarm);
	}

	advanceTo(toMs: number): void {
		if (!(toMs >= this.nowMs))
			broken(`time cannot go from ${this.nowMs} to ${toMs}`);
		while (this.fireNext(toMs));
		this.nowMs = toMs;
	}

	fireNext(toMs: number): boolean {
		const entry = this.#first();
		const line = this.#firstLine();
		if (line !== null && (entry === undefined || isEarlier(line, entry))) {
			if (line.atMs > toMs) return false;
			this.nowMs = line.atMs;
			line.take().fire();
			return true;
		}
		if (entry === undefined || entry.atMs > toMs) return false;
		this.nowMs = entry.atMs;
		this.cancel(entry);
		entry.due.fire();
		return true;
	}

	#firstLine(): Line | null {
		let first: Line | null = null;
		for (let index = 0; index < this.#lines.length; index++) {
			const line = this.#lines[index] as Line;
			if (line.length === 0) continue;
			if (first === null || isEarlier(line, first)) first = line;
		}
		return first;
	}

	#put(alarm: Alarm, atMs: number, background: boolean): void {
		if (!(atMs >= this.nowMs))
			broken(`a timer for ${atMs} was set at ${this.nowMs}`);
		alarm.atMs = atMs;
		alarm.order = this.#set++;
		alarm.dueMs = alarm.atMs;
		alarm.dueOrder = alarm.order;
		alarm.background = background;
		if (!background) this.#foreground++;
		insert(this.#heapOf(alarm), alarm);
	}

	#heapOf(entry: Alarm): Alarm[] {
		return entry.background ? this.#backgroundHeap : this.#heap;
	}

	#first(): Alarm | undefined {
		// No destructuring: that would be an iterator for every packet.
		const front = settled(this.#heap);
		const back = settled(this.#backgroundHeap);
		if (front === undefined || back === undefined) return front ?? back;
		return isEarlier(back, front) ? back : front;
	}
}

/** The alarm that is due first: those in front of it that are not due there move to their places. */
function settled(heap: Alarm[]): Alarm | undefined {
	let first = heap[0];
	while (
		first !== undefined &&
		(first.dueMs !== first.atMs || first.dueOrder !== first.order)
	) {
		remove(heap, first);
		if (first.isSet) {
			first.atMs = first.dueMs;
			first.order = first.dueOrder;
			insert(heap, first);
		}
		first = heap[0];
	}
	return first;
}
