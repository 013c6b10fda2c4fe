/**
 * The status file: what the running checker believes, for `--status` and whoever else wants to know.
 * Written whole after every probe, so its age tells whether the checker still runs. Age is measured
 * by the clock of the machine's boot, which nobody sets.
 */
import {
	chmodSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf, reasonOf } from "../../scenarios/run/file-failure.ts";
import type { TargetReport } from "./checker.ts";
import type { HealthCheckConfig } from "./config.ts";
import type { Log } from "./log.ts";

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

/** @param configFile as it was named */
export function openStatus(
	config: HealthCheckConfig,
	configFile: string,
	report: () => readonly TargetReport[],
	log: Log,
): StatusWriter {
	const file = config.status;
	if (file === null) return { touch() {}, remove() {} };
	const roundMs = config.intervalMs + config.jitterMs;
	let due: NodeJS.Immediate | null = null;
	let told: string | null = null;
	const write = () => {
		due = null;
		const status: Status = {
			pid: process.pid,
			config: configFile,
			writtenAt: new Date().toISOString(),
			boot: bootId(),
			sinceBootMs: sinceBootMs(),
			staleAfterMs: MISSED_PROBES * roundMs + GRACE_MS,
			targets: report(),
		};
		const reason = replace(file, `${JSON.stringify(status)}\n`);
		if (reason !== null && reason !== told)
			log({ event: "status-not-written", reason });
		told = reason;
	};
	return {
		touch() {
			due ??= setImmediate(write);
		},
		remove() {
			if (due !== null) clearImmediate(due);
			rmSync(file, { force: true });
		},
	};
}

export function findStatus(file: string): FoundStatus {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		const reason =
			codeOf(error) === "ENOENT" ? "no checker runs" : reasonOf(error);
		return { kind: "none", reason };
	}
	const status = readStatus(text);
	if (status === null)
		return { kind: "none", reason: "this is no status file" };
	if (status.boot !== bootId()) return { kind: "stale", status, ageMs: null };
	const ageMs = sinceBootMs() - status.sinceBootMs;
	return ageMs <= status.staleAfterMs
		? { kind: "running", status }
		: { kind: "stale", status, ageMs };
}

/** @returns why it could not be written; `null` when it was */
function replace(file: string, text: string): string | null {
	const beside = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
	try {
		writeFileSync(beside, text);
		// Whatever the umask says: everybody may know.
		chmodSync(beside, 0o644);
		renameSync(beside, file);
		return null;
	} catch (error) {
		rmSync(beside, { force: true });
		return reasonOf(error);
	}
}

/** What another program wrote there is not ours to show. */
function readStatus(text: string): Status | null {
	try {
		const found: unknown = JSON.parse(text);
		const isStatus =
			typeof found === "object" &&
			found !== null &&
			"targets" in found &&
			Array.isArray(found.targets) &&
			"sinceBootMs" in found;
		return isStatus ? (found as Status) : null;
	} catch {
		// Files of ours are there whole: this is somebody else's.
		return null;
	}
}

function sinceBootMs(): number {
	return Math.round(Number(process.hrtime.bigint() / 1_000_000n));
}

function bootId(): string {
	return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
