/** A probe that runs, and what it tells the one who started it. */
import type { CheckedTarget } from "../config/config.ts";

export interface RunningProbe {
	/** Nobody waits for it any more, nor for its good-bye: everything of it ends now. */
	abandon(): void;
}

/** Who waits for a probe. Neither is called before the probe has been handed over, nor after it was abandoned. */
export interface ProbeEvents {
	/** Once at most: its first packet goes out, or its program runs. */
	readonly out: () => void;
	/**
	 * Once at most.
	 * @param ok `null`: it could not be made: something of our own is short, or its program does not run
	 */
	readonly done: (ok: boolean | null, reason: string) => void;
}

/** Never throws, whatever the machine refuses. A probe has no time-out of its own. */
export type StartProbe = (
	target: CheckedTarget,
	events: ProbeEvents,
) => RunningProbe;
