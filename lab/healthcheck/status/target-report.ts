import type { CheckedTarget } from "../config/config.ts";

/** What a status file holds. */
export interface Status {
	readonly pid: number;
	/** The file that it was configured by. */
	readonly config: string;
	readonly writtenAt: string;
	readonly boot: string;
	readonly sinceBootMs: number;
	/** A checker that has not written for so long does not run, or hangs. */
	readonly staleAfterMs: number;
	readonly targets: readonly TargetReport[];
}

/** What a target looks like from outside. */
export interface TargetReport {
	readonly target: CheckedTarget;
	readonly alive: boolean;
	/** Since when that is believed, by the wall clock. */
	readonly since: string;
	/** What its condition should hold; `null` while nothing has been decided. */
	readonly value: string | null;
	readonly isWritten: boolean;
	readonly last: LastProbe | null;
	/** Why it is not probed at present: something of our own is short, or its program does not run; `null` while it is. */
	readonly notProbed: string | null;
}

export interface LastProbe {
	readonly ok: boolean;
	readonly reason: string;
	readonly at: string;
	readonly tookMs: number;
}

/** Its condition does not hold what is believed: the router's rules go by something else. */
export function isUnwritten({ value, isWritten }: TargetReport): boolean {
	return value !== null && !isWritten;
}
