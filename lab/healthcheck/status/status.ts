/**
 * The status file: what the running checker believes, for `--status` and whoever else wants to know.
 * Written whole after every probe, so its age tells whether the checker still runs. Age is measured
 * by the clock of the machine's boot, which nobody sets.
 */
import { codeOf, reasonOf } from "../../../scenarios/files/file-failure.ts";
import { bootId } from "../../../scenarios/files/this-machine.ts";
import { shortageOf } from "../../shortage.ts";
import type { HealthCheckConfig } from "../config/config.ts";
import type { Log } from "../log/log.ts";
import { openStatusFile, readStatusFile } from "./status-file.ts";
import {
	parseStatus,
	type Status,
	type TargetReport,
} from "./target-report.ts";

export type FoundStatus =
	| { readonly kind: "running"; readonly status: Status }
	| {
			readonly kind: "stale";
			readonly status: Status;
			/** `null`: from before the machine was booted. */
			readonly ageMs: number | null;
	  }
	/** There is none, or it is none. */
	| { readonly kind: "none"; readonly reason: string };

export interface StatusWriter {
	/** Something has changed; it is written before long. */
	touch(): void;
	/** Who does not run has no status. */
	remove(): void;
}

/** So many probes may fail to be told of before the checker is taken for gone. */
const MISSED_PROBES = 3;
const GRACE_MS = 1_000;
/** With a thousand targets something changes each millisecond: it is written so often at most … */
const LEAST_GAP_MS = 50;
/** … and takes no more than a twentieth of the time. */
const MOST_SHARE = 20;

/** @param configFile as it was named */
export function openStatus(
	config: HealthCheckConfig,
	configFile: string,
	report: () => readonly TargetReport[],
	log: Log,
): StatusWriter {
	if (config.status === null) return { touch() {}, remove() {} };
	const file = openStatusFile(config.status);
	const roundMs = config.intervalMs + config.jitterMs;
	let due: NodeJS.Timeout | null = null;
	let notBeforeMs = 0;
	let told: string | null = null;
	const now = (): Status => ({
		pid: process.pid,
		config: configFile,
		writtenAt: new Date().toISOString(),
		boot: bootId(),
		sinceBootMs: sinceBootMs(),
		staleAfterMs: MISSED_PROBES * roundMs + GRACE_MS,
		targets: report(),
	});
	/** Whatever the machine refuses: the checker has more to do than to say how it is. */
	const attempt = (what: () => void) => {
		let reason: string | null = null;
		try {
			what();
		} catch (error) {
			reason = shortageOf(error) ?? reasonOf(error);
		}
		if (reason !== null && reason !== told)
			log({ event: "status-not-written", reason });
		told = reason;
	};
	const write = () => {
		due = null;
		const beganMs = performance.now();
		attempt(() => file.replace(`${JSON.stringify(now())}\n`));
		const tookMs = performance.now() - beganMs;
		notBeforeMs = beganMs + Math.max(LEAST_GAP_MS, MOST_SHARE * tookMs);
	};
	return {
		touch() {
			const waitMs = Math.max(0, notBeforeMs - performance.now());
			due ??= setTimeout(write, waitMs);
		},
		remove() {
			if (due !== null) clearTimeout(due);
			attempt(() => file.remove());
		},
	};
}

export function findStatus(file: string): FoundStatus {
	let text: string;
	try {
		text = readStatusFile(file);
	} catch (error) {
		const reason =
			codeOf(error) === "ENOENT" ? "no checker runs" : reasonOf(error);
		return { kind: "none", reason };
	}
	const status = parseStatus(text);
	if (status === null)
		return { kind: "none", reason: "this is no status file" };
	if (status.boot !== bootId()) return { kind: "stale", status, ageMs: null };
	const ageMs = sinceBootMs() - status.sinceBootMs;
	// Nobody can have written it later than now.
	if (ageMs < 0) return { kind: "none", reason: "this is no status file" };
	return ageMs <= status.staleAfterMs
		? { kind: "running", status }
		: { kind: "stale", status, ageMs };
}

function sinceBootMs(): number {
	return Math.round(Number(process.hrtime.bigint() / 1_000_000n));
}
