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
/** What `setTimeout` takes at most; waking up before time is no harm. */
const MOST_DELAY_MS = 2 ** 31 - 1;

/** @param stoodStill is told how long nothing ran */
export function startClock(
	stoodStill: (ms: number) => void,
	monotonicMs: () => number = () => performance.now(),
): CheckerClock {
	let lostMs = 0;
	let dueMs = Number.POSITIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;
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
	}

	return {
		nowMs,
		stop,
		wakeAt(atMs, action) {
			const now = nowMs();
			stop();
			const delayMs = Math.min(Math.max(0, atMs - now), MOST_DELAY_MS);
			dueMs = now + delayMs;
			// Answers that are in already are read first: Node sees to sockets between timers and immediates.
			timer = setTimeout(() => {
				turn = setImmediate(action);
			}, Math.ceil(delayMs));
		},
	};
}
