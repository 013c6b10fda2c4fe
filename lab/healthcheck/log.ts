/** What the checker says of itself: one JSON object a line. */
import { writeSync } from "node:fs";
import { codeOf } from "../../scenarios/run/file-failure.ts";

/** The events, and what each of them tells. */
export type LogEvent =
	| {
			readonly event: "start";
			readonly pid: number;
			readonly config: string;
			readonly targets: readonly string[];
	  }
	/** A probe came to another result than the one before; with `--verbose`, every probe. */
	| {
			readonly event: "probe";
			readonly backend: string;
			readonly ok: boolean;
			readonly reason: string;
			readonly tookMs: number;
	  }
	/** Enough probes in a row: the backend is taken for alive, or for dead. */
	| {
			readonly event: "belief";
			readonly backend: string;
			readonly alive: boolean;
	  }
	/** It was to be marked dead, and stays: it is the last one (`neverAllDead`). */
	| { readonly event: "refused-all-dead"; readonly backend: string }
	/** A condition was written. */
	| {
			readonly event: "condition";
			readonly name: string;
			readonly value: string;
	  }
	/** A condition held something else than was written: a reload, or somebody's hand. */
	| {
			readonly event: "rewritten";
			readonly name: string;
			readonly value: string;
			readonly found: string;
	  }
	/** Told once; it is tried again, and `condition` says when it went well. */
	| {
			readonly event: "not-written";
			readonly name: string;
			readonly value: string;
			readonly reason: string;
	  }
	| {
			readonly event: "evicted";
			readonly backend: string;
			readonly entries: number | null;
	  }
	| {
			readonly event: "not-evicted";
			readonly backend: string;
			readonly reason: string;
	  }
	/** SIGHUP, and what came of it. */
	| {
			readonly event: "reloaded";
			readonly config: string;
			readonly targets: readonly string[];
	  }
	| {
			readonly event: "not-reloaded";
			readonly config: string;
			readonly faults: readonly string[];
	  }
	/** Nothing ran for so long (a suspended machine, a stopped process); it counts for nothing. */
	| { readonly event: "stood-still"; readonly ms: number }
	/** SIGUSR1: a line for each target. */
	| {
			readonly event: "status";
			readonly backend: string;
			readonly alive: boolean;
			readonly since: string;
			readonly condition: string;
			readonly value: string | null;
			readonly isWritten: boolean;
	  }
	| { readonly event: "status-not-written"; readonly reason: string }
	| {
			readonly event: "exit";
			readonly why: string;
			readonly left: "keep" | "alive" | "dead";
	  };

export type Log = (event: LogEvent) => void;

/** Nobody reads what is written: a closed pipe, a terminal that is gone. */
const UNREAD = ["EPIPE", "EIO"];

/**
 * Writes at once. A line that cannot be written is lost: a full disk must not keep a dead backend in
 * service.
 * @param descriptor 1 is standard output
 * @param unread nobody will ever read it
 */
export function openLog(descriptor: number, unread: () => void): Log {
	return (event) => {
		const line = { time: new Date().toISOString(), ...event };
		try {
			writeSync(descriptor, `${JSON.stringify(line)}\n`);
		} catch (error) {
			if (UNREAD.includes(codeOf(error) ?? "")) unread();
		}
	};
}
