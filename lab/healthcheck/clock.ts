/**
 * Time for the checker: monotonic, so that nobody who sets the clock moves it, and only while we run.
 * A machine that was suspended and a process that was stopped have not waited for an answer.
 */

export interface CheckerClock {
	nowMs(): number;
	/**
	 * One wake-up at a time: a new one takes the place of the one before.
	 * @param atMs of `nowMs`; `Infinity` is never
	 */
	wakeAt(atMs: number, action: () => void): void;
	/** No wake-up any more. */
	stop(): void;
}

/** So much late is late; more, and we did not run. */
const STANDSTILL_MS = 1_000;
/**
 * How often sockets are looked at before it is believed that time is up: an answer that is in takes
 * two (connected; the banner), and encryption one more.
 */
const LOOKS = 3;
/** What `setTimeout` takes at most; waking up before time is no harm. */
const MOST_DELAY_MS = 2 ** 31 - 1;

/** @param stoodStill is told how long nothing ran */
export function startClock(
	stoodStill: (ms: number) => void,
	monotonicMs: () => number = () => performance.now(),
): CheckerClock {
	let lostMs = 0;
	let dueMs = Number.POSITIVE_INFINITY;
	let wake: () => void = () => {};
	let timer: NodeJS.Timeout | undefined;
	/** While sockets are looked at: time is up, unless an answer changes that. */
	let turn: NodeJS.Immediate | undefined;

	function nowMs(): number {
		const now = monotonicMs() - lostMs;
		const lateMs = now - dueMs;
		if (lateMs <= STANDSTILL_MS) return now;
		lostMs += lateMs;
		stoodStill(Math.round(lateMs));
		return dueMs;
	}

	function stop(): void {
		dueMs = Number.POSITIVE_INFINITY;
		clearTimeout(timer);
		clearImmediate(turn);
		turn = undefined;
	}

	/** Answers that are in already are read first: Node sees to sockets between two immediates. */
	function look(more: number): void {
		turn = more === 0 ? undefined : setImmediate(look, more - 1);
		if (more === 0) wake();
	}

	return {
		nowMs,
		stop,
		wakeAt(atMs, action) {
			const now = nowMs();
			const delayMs = Math.min(Math.max(0, atMs - now), MOST_DELAY_MS);
			wake = action;
			// Answers that come in one after the other must not put off what is due.
			const isLooking = turn !== undefined && delayMs === 0;
			if (!isLooking) {
				stop();
				timer = setTimeout(look, Math.ceil(delayMs), LOOKS);
			}
			dueMs = now + delayMs;
		},
	};
}
