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

/** It waits in a line of alarms with the same delay. */
const IN_LINE = -2;

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
	/** Moves time on to `toMs`, which is not after the next timer: one that is due then has not fired yet. */
	standAt(toMs: number): void;
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
	/**
	 * Alarms in the background, by their delay: there are few delays, such as that of TIME_WAIT, and very many alarms.
	 * What was cancelled stays in its line until its time, and is passed over.
	 */
	readonly #delays = new Map<number, Line<Alarm>>();
	/** The same lines: a map has no order that could be gone through without an iterator. */
	readonly #delayLines: Line<Alarm>[] = [];
	/** Timers that wait and are not in the background. */
	foreground = 0;
	#set = 0;
	/** The alarm that is due first; `null` while it has to be looked for. */
	#firstAlarm: Alarm | undefined | null = null;
	/** Of the lines, the one whose first is due first; `undefined` while it has to be looked for. */
	#firstOfLines: Line | null | undefined;

	constructor(startMs: number) {
		this.nowMs = startMs;
	}

	get nextMs(): number {
		const timerMs = this.#first()?.atMs ?? Number.POSITIVE_INFINITY;
		const lineMs = this.#firstLine()?.atMs ?? Number.POSITIVE_INFINITY;
		return timerMs < lineMs ? timerMs : lineMs;
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
				if (!background && !alarm.isSet) this.foreground++;
				if (alarm === this.#firstAlarm) this.#firstAlarm = null;
				alarm.dueMs = atMs;
				alarm.dueOrder = this.#set++;
				return;
			}
			this.cancel(alarm);
		}
		if (background) this.#putInLine(alarm, atMs, delayMs);
		else this.#put(alarm, atMs, false);
	}

	stop(alarm: Alarm): void {
		if (alarm === this.#firstAlarm) this.#firstAlarm = null;
		if (alarm.isSet && !alarm.background) this.foreground--;
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
					// One that is put behind others is not the first of all.
					if (line.length === 0) this.#firstOfLines = undefined;
					line.put(atMs, this.#set++, thing);
					this.foreground++;
				}
			},
		};
	}

	cancel(timer: Timer | null): void {
		const alarm = timer as Alarm | null;
		if (alarm === null || alarm.index === NOT_WAITING) return;
		this.stop(alarm);
		if (alarm.index === IN_LINE) alarm.index = NOT_WAITING;
		else remove(this.#heapOf(alarm), alarm);
	}

	advanceTo(toMs: number): void {
		if (!(toMs >= this.nowMs))
			broken(`time cannot go from ${this.nowMs} to ${toMs}`);
		while (this.fireNext(toMs));
		this.nowMs = toMs;
	}

	standAt(toMs: number): void {
		if (!(toMs >= this.nowMs && toMs <= this.nextMs))
			broken(`time cannot stand at ${toMs}`);
		this.nowMs = toMs;
	}

	fireNext(toMs: number): boolean {
		const entry = this.#first();
		const line = this.#firstLine();
		if (line !== null && (entry === undefined || isEarlier(line, entry))) {
			if (line.atMs > toMs) return false;
			this.nowMs = line.atMs;
			this.#firstOfLines = undefined;
			this.foreground--;
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
		if (this.#firstOfLines === undefined)
			this.#firstOfLines = this.#findFirstLine();
		return this.#firstOfLines;
	}

	#findFirstLine(): Line | null {
		let first: Line | null = null;
		for (let index = 0; index < this.#lines.length; index++) {
			const line = this.#lines[index] as Line;
			if (line.length === 0) continue;
			if (first === null || isEarlier(line, first)) first = line;
		}
		return first;
	}

	#put(alarm: Alarm, atMs: number, background: boolean): void {
		this.#place(alarm, atMs, background);
		insert(this.#heapOf(alarm), alarm);
	}

	/** Of one delay, what is set later is due later. */
	#putInLine(alarm: Alarm, atMs: number, delayMs: number): void {
		this.#place(alarm, atMs, true);
		alarm.index = IN_LINE;
		let line = this.#delays.get(delayMs);
		if (line === undefined) {
			line = new Line<Alarm>();
			this.#delays.set(delayMs, line);
			this.#delayLines.push(line);
		}
		line.put(atMs, alarm.order, alarm);
	}

	#place(alarm: Alarm, atMs: number, background: boolean): void {
		if (!(atMs >= this.nowMs))
			broken(`a timer for ${atMs} was set at ${this.nowMs}`);
		// Of the same moment, the one that was set before is first.
		const first = this.#firstAlarm;
		if (first === undefined || (first !== null && atMs < first.atMs))
			this.#firstAlarm = null;
		alarm.atMs = atMs;
		alarm.order = this.#set++;
		alarm.dueMs = alarm.atMs;
		alarm.dueOrder = alarm.order;
		alarm.background = background;
		if (!background) this.foreground++;
	}

	#heapOf(entry: Alarm): Alarm[] {
		return entry.background ? this.#backgroundHeap : this.#heap;
	}

	#first(): Alarm | undefined {
		if (this.#firstAlarm === null) this.#firstAlarm = this.#findFirst();
		return this.#firstAlarm;
	}

	#findFirst(): Alarm | undefined {
		let first: Alarm | undefined;
		// Before the heaps, to which they may give an alarm.
		for (let index = 0; index < this.#delayLines.length; index++)
			first = earlierOf(
				first,
				this.#firstIn(this.#delayLines[index] as Line<Alarm>),
			);
		first = earlierOf(first, settled(this.#backgroundHeap));
		return earlierOf(first, settled(this.#heap));
	}

	/** The alarm of a line that is due first: one that is due later than where it stands goes to the heap. */
	#firstIn(line: Line<Alarm>): Alarm | undefined {
		let alarm = line.first;
		while (alarm !== undefined) {
			const isThere = alarm.index === IN_LINE && alarm.order === line.order;
			if (isThere && alarm.dueOrder === alarm.order && alarm.isSet)
				return alarm;
			line.take();
			if (isThere) {
				alarm.index = NOT_WAITING;
				if (alarm.isSet) place(this.#backgroundHeap, alarm);
			}
			alarm = line.first;
		}
		return undefined;
	}
}

function earlierOf(
	one: Alarm | undefined,
	other: Alarm | undefined,
): Alarm | undefined {
	if (one === undefined || other === undefined) return one ?? other;
	return isEarlier(other, one) ? other : one;
}

/** Gives an alarm the place of the time at which it is due. */
function place(heap: Alarm[], alarm: Alarm): void {
	alarm.atMs = alarm.dueMs;
	alarm.order = alarm.dueOrder;
	insert(heap, alarm);
}

/** The alarm that is due first: those in front of it that are not due there move to their places. */
function settled(heap: Alarm[]): Alarm | undefined {
	let first = heap[0];
	while (
		first !== undefined &&
		(first.dueMs !== first.atMs || first.dueOrder !== first.order)
	) {
		remove(heap, first);
		if (first.isSet) place(heap, first);
		first = heap[0];
	}
	return first;
}
