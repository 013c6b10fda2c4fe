/** What the checker says of itself: one JSON object a line. */
import { openLines } from "./lines.ts";

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
	/** A probe could not be made, for lack of something of our own; told once until one is made again. */
	| {
			readonly event: "not-probed";
			readonly backend: string;
			readonly reason: string;
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
	/** So many lines before this one are lost: nobody took them away in time. */
	| { readonly event: "lines-lost"; readonly count: number }
	| {
			readonly event: "exit";
			readonly why: string;
			readonly left: "keep" | "alive" | "dead";
	  };

export type Log = (event: LogEvent) => void;

export interface OpenLog {
	readonly log: Log;
	/** What is still to be written is written now, or after a moment not at all. */
	close(): Promise<void>;
}

/**
 * Never waits: a log that nobody takes away must not keep a dead backend in service. Lines that find no
 * room are lost, and counted.
 * @param descriptor 1 is standard output
 * @param unread nobody will ever read it
 */
export function openLog(descriptor: number, unread: () => void): OpenLog {
	const line = (event: LogEvent) =>
		`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`;
	const writer = openLines(descriptor, {
		unread,
		lost: (count) => line({ event: "lines-lost", count }),
	});
	return {
		log: (event) => writer.write(line(event)),
		close: () => writer.close(),
	};
}
