/** What records of a load say, in figures. Pure. */
import type { LoadRecord } from "../programs/load.ts";

export interface LoadFigures {
	/** That got their banner. */
	readonly connections: number;
	readonly failed: number;
	readonly perSecond: number;
	/** Of the time from the first SYN to the banner. */
	readonly p50Ms: number;
	readonly p99Ms: number;
	/** By backend. */
	readonly split: Readonly<Record<string, number>>;
	/** CPU time of the router's container, for each connection. */
	readonly routerCpuMs: number;
	/** CPU time that all of the machine was busy, for each connection. */
	readonly machineCpuMs: number;
}

export interface FailoverFigures {
	readonly connections: number;
	/** Got no banner. */
	readonly failed: number;
	/** From the end of the backend to the last connection that failed; 0: none did; `null`: they failed to the end. */
	readonly gapMs: number | null;
	/** The longest that anybody waited for a banner since. */
	readonly slowestMs: number;
}

export interface CpuTimes {
	readonly routerMs: number;
	readonly machineMs: number;
}

/** One run of one contestant. */
export interface RunFigures {
	/** One connection at a time. */
	readonly single: LoadFigures;
	/** Twenty at a time. */
	readonly crowd: LoadFigures;
	readonly failover: FailoverFigures;
}

export const CROWD = 20;
export const FAILOVER_PER_SECOND = 50;

/** So close to the end of the load a failure means that nothing had been mended. */
const UNMENDED_MS = 2_000;

export function loadFigures(
	records: readonly LoadRecord[],
	{ before, after }: { readonly before: CpuTimes; readonly after: CpuTimes },
): LoadFigures {
	const waits = waitsOf(records);
	const count = waits.length;
	const began = Math.min(...records.map(({ startedMs }) => startedMs));
	const ended = Math.max(
		...records.map(({ startedMs, tookMs }) => startedMs + tookMs),
	);
	const split: Record<string, number> = {};
	for (const { backend } of records)
		if (backend !== null) split[backend] = (split[backend] ?? 0) + 1;
	return {
		connections: count,
		failed: records.length - count,
		split,
		perSecond: count / ((ended - began) / 1_000),
		p50Ms: quantile(waits, 0.5),
		p99Ms: quantile(waits, 0.99),
		routerCpuMs: (after.routerMs - before.routerMs) / count,
		machineCpuMs: (after.machineMs - before.machineMs) / count,
	};
}

/** @param killedMs when the backend's server was killed, Unix time */
export function failoverFigures(
	records: readonly LoadRecord[],
	killedMs: number,
): FailoverFigures {
	const since = records.filter(({ startedMs }) => startedMs >= killedMs);
	const endMs = Math.max(...records.map(({ startedMs }) => startedMs));
	const failed = records.filter(({ bannerMs }) => bannerMs === null);
	const lastMs = Math.max(
		killedMs,
		...failed.map(({ startedMs }) => startedMs),
	);
	return {
		connections: records.length,
		failed: failed.length,
		gapMs: lastMs > endMs - UNMENDED_MS ? null : lastMs - killedMs,
		slowestMs: waitsOf(since).at(-1) ?? 0,
	};
}

function waitsOf(records: readonly LoadRecord[]): readonly number[] {
	return records
		.flatMap(({ bannerMs }) => bannerMs ?? [])
		.sort((one, other) => one - other);
}

/** @param sorted ascending @returns the smallest that is no less than this part of them; `NaN` of none */
export function quantile(sorted: readonly number[], part: number): number {
	return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

export interface Spread {
	readonly median: number;
	readonly least: number;
	readonly most: number;
}

/** Of one figure over several runs. */
export function spread(values: readonly number[]): Spread {
	const sorted = values.toSorted((one, other) => one - other);
	const middle = sorted.length / 2;
	const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
	const high = sorted[Math.floor(middle)] ?? Number.NaN;
	return {
		median: (low + high) / 2,
		least: sorted[0] ?? Number.NaN,
		most: sorted.at(-1) ?? Number.NaN,
	};
}

/** Of `/proc/stat`, in hundredths of a second: all but idle and waiting for disks (proc(5)). */
export function busyMs(stat: string): number {
	const [, user, nice, system, , , irq, softirq] = (stat.split("\n")[0] ?? "")
		.split(/ +/)
		.map(Number);
	return [user, nice, system, irq, softirq].reduce<number>(
		(sum, ticks) => sum + (ticks ?? 0) * 10,
		0,
	);
}
