/**
 * Script time and the guest's. The script's is virtual: it says when things happen. The guest's is
 * set to it, and stands still while nothing happens in the script, so that nobody has to wait and
 * nobody can be late; or it is left alone, and whoever asks for a wait waits.
 */

import { HZ } from "../../sim/kernel.ts";

/**
 * `moved`: the guest's clock is the script's, and a wait takes as long as the guest's timers need to
 * run, a few milliseconds. `live`: a wait is a wait, and the guest's clock is left alone.
 */
export type TimeMode = "moved" | "live";

/**
 * A neighbour is asked for again a second later (`RETRANS_TIME`, net/ipv4/arp.c), and given up a
 * second after the last time; the timer wheel is up to an eighth late.
 */
const ASKED_AGAIN_MS = 1_250;
/**
 * By a link without a carrier nobody hears it ask: until when it may still do so behind a packet, with the five
 * seconds for which it believes a neighbour that it kept (`DELAY_PROBE_TIME`).
 */
const ASKED_UNHEARD_MS = 5_000 + 3 * ASKED_AGAIN_MS;
/** While something is waited for, or TCP is spoken: how closely its time is told (`LATEST_TIMER` in `sim/` knows it). */
const CLOSE_MS = 40;
/** While somebody is silent whom it may ask for: the kernel looks after its neighbours by itself. */
const COARSE_MS = 1_000;
/** While all that it could ask would be answered at once. */
const COARSEST_MS = 10_000;
/** A long wait is taken in so many steps … */
const MOST_STEPS = 120;
/** … and in so few while nothing can come of it. */
const FEW_STEPS = 4;
/** A tick of the kernel's clock: where rules have timers of their own … */
const TICK_MS = 1000 / HZ;
/** … and so far at a time, that no answer of the guest's is waited for too long. */
const TICKED_MS = 10_000;
/** Shorter than any timer of the kernel's that a gateway may have running … */
const SHORT_MS = 500;
/** … and than those of one that speaks TCP itself (`TCP_DELACK_MIN`, include/net/tcp.h). */
const SHORT_FOR_TCP_MS = 40;

/** How time is to go by: so far before it is asked again how, with the guest's timers run every so often. */
export interface Pace {
	readonly toMs: number;
	readonly stepMs: number;
}

export class ScriptTime {
	/** Virtual time now. */
	nowMs = 0;
	/** What the guest was told last. */
	toldMs = 0;
	/** It still goes by that. */
	isTold = false;
	/** In less than that, no timer runs out. */
	shortMs: number;
	/** Rules have timers of their own, each of which is to run when it is due. */
	isTicked = false;
	private readonly speaksTcp: boolean;
	/** Since when the gateway waits for an answer to ARP; `null` until time is looked at again: it happened on the way there. */
	private readonly waiting = new Map<string, number | null>();
	/** Since when it may wait for somebody for whom nobody heard it ask. */
	private unheardMs = Number.NEGATIVE_INFINITY;

	/** @param speaksTcp the gateway has TCP sockets of its own */
	constructor(speaksTcp = false) {
		this.speaksTcp = speaksTcp;
		this.shortMs = speaksTcp ? SHORT_FOR_TCP_MS : SHORT_MS;
	}

	/** From now on every tick counts. */
	tick(): void {
		this.isTicked = true;
		this.shortMs = 0;
	}

	/** @returns whether the guest has to be told what time it is: from now on it knows */
	tell(): boolean {
		const { isTold, toldMs, nowMs } = this;
		this.toldMs = nowMs;
		this.isTold = true;
		return !isTold || toldMs !== nowMs;
	}

	/** The gateway asked for somebody who does not answer. */
	unanswered(who: string): void {
		this.waiting.set(who, null);
	}

	/** Whoever it was answers now, or is of no interest any more. */
	answered(who: string): void {
		this.waiting.delete(who);
	}

	/** The gateway may ask for somebody by a link without a carrier. */
	unheard(): void {
		this.unheardMs = this.nowMs;
	}

	/** Is the gateway bound to do something by itself soon? */
	get isExpectant(): boolean {
		return this.expectedUntilMs() > this.nowMs;
	}

	/** Until when the gateway may give up somebody for whom it waits. */
	private expectedUntilMs(): number {
		return Math.max(
			...this.lookedFor().map((sinceMs) => sinceMs + ASKED_AGAIN_MS),
			this.unheardMs + ASKED_UNHEARD_MS,
		);
	}

	/** Since when it waits for each of those for whom it still does. */
	private lookedFor(): readonly number[] {
		const times: number[] = [];
		for (const [who, one] of this.waiting) {
			const sinceMs = one ?? this.nowMs;
			if (this.nowMs - sinceMs > ASKED_AGAIN_MS) this.waiting.delete(who);
			else {
				this.waiting.set(who, sinceMs);
				times.push(sinceMs);
			}
		}
		return times;
	}

	/**
	 * How a wait goes on.
	 * @param allAnswer whoever it may ask for by itself is there: those whom it knows already
	 */
	pace(toMs: number, allAnswer: boolean): Pace {
		const leftMs = toMs - this.nowMs;
		if (this.isTicked)
			return { toMs: Math.min(toMs, this.nowMs + TICKED_MS), stepMs: TICK_MS };
		const untilMs = this.expectedUntilMs();
		if (untilMs > this.nowMs)
			return { toMs: Math.min(toMs, untilMs + CLOSE_MS), stepMs: CLOSE_MS };
		const stepMs = this.speaksTcp
			? Math.max(CLOSE_MS, leftMs / MOST_STEPS)
			: allAnswer
				? Math.max(COARSEST_MS, leftMs / FEW_STEPS)
				: Math.max(COARSE_MS, leftMs / MOST_STEPS);
		return { toMs, stepMs };
	}
}
