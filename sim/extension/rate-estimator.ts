import { HZ } from "../kernel.ts";
import type { Stateful } from "../stateful.ts";

/** Parameters of an estimator (`struct gnet_estimator`, include/uapi/linux/gen_stats.h, 6.1). */
export interface EstimatorParameters {
	/** A quarter of a second times 2 to the power of it, 0 to 5. */
	readonly interval: number;
	/** The moving average's weight is 2 to the power of minus it. */
	readonly weightLog: number;
}

/** Octets and packets a second. */
export interface Rate {
	readonly bytes: number;
	readonly packets: number;
}

/** What an estimator may hold: which packets came before a tick is not always known. */
interface Way {
	/** The tick that is due has been. */
	readonly isTicked: boolean;
	/** Averages, times 256 (`avbps` and `avpps` of `struct net_rate_estimator`). */
	readonly averageBytes: number;
	readonly averagePackets: number;
	/** Counted since the last tick. */
	readonly bytes: number;
	readonly packets: number;
}

interface Saved {
	readonly ticks: number;
	readonly ways: readonly Way[];
	readonly isLost: boolean;
}

const NEW: Way = {
	isTicked: false,
	averageBytes: 0,
	averagePackets: 0,
	bytes: 0,
	packets: 0,
};

/** A level of the timer wheel ends at 63 of its slots, and each slot is eight times those of the level below it (`LVL_START`, kernel/time/timer.c, 6.1). */
const LEVEL_SLOTS = 63;
const LEVEL_FACTOR = 8;

/** As a state that rules share by its name (`ExtensionHost.named`). */
export const ESTIMATOR = "estimator";

/** More than these are not told apart. */
const MOST_WAYS = 64;

/**
 * A rate estimator (`est_timer`, net/core/gen_estimator.c, 6.1): a timer takes the average of what was
 * counted. The timer wheel runs the timer up to one of its slots late, which depends on how long the machine
 * has been up: for a packet within that time, both ways are kept.
 */
export class RateEstimator implements Stateful<Saved> {
	private readonly parameters: EstimatorParameters;
	/** In ticks of the kernel's clock: when it was made, and its interval (`HZ / 4`, rounded down). */
	private readonly since: number;
	private readonly interval: number;
	/** How late the timer may run. */
	private readonly slack: number;
	/** Runs of the timer that are over, whichever way. */
	private ticks = 0;
	private ways: readonly Way[] = [NEW];
	/** There were too many ways to keep them all. */
	private isLost = false;

	constructor(parameters: EstimatorParameters, nowMs: number) {
		this.parameters = parameters;
		this.since = jiffies(nowMs);
		this.interval = Math.floor(HZ / 4) << parameters.interval;
		this.slack = 1;
		while (this.interval >= LEVEL_SLOTS * this.slack)
			this.slack *= LEVEL_FACTOR;
	}

	count(nowMs: number, length: number): void {
		this.runTimer(nowMs);
		this.ways = this.ways.map((way) => ({
			...way,
			bytes: way.bytes + length,
			packets: way.packets + 1,
		}));
	}

	/** `gen_estimator_read`: all rates that it may say now; `null` where there were too many to keep them. */
	rates(nowMs: number): readonly Rate[] | null {
		this.runTimer(nowMs);
		if (this.isLost) return null;
		return this.ways.map(({ averageBytes, averagePackets }) => ({
			bytes: Math.floor(averageBytes / 256),
			packets: Math.floor(averagePackets / 256),
		}));
	}

	save(): Saved {
		const { ticks, ways, isLost } = this;
		return { ticks, ways, isLost };
	}

	restore({ ticks, ways, isLost }: Saved): void {
		this.ticks = ticks;
		this.ways = ways;
		this.isLost = isLost;
	}

	private runTimer(nowMs: number): void {
		const now = jiffies(nowMs);
		while (now > this.due + this.slack) {
			const before = this.ways;
			this.ways = distinct(before.map((way) => this.afterTick(way)));
			this.ticks++;
			const isSettled = before.every((way, at) => same(way, this.ways[at]));
			if (!isSettled) continue;
			// Nothing changes any more: all further runs are over at once.
			const over = now - this.slack - this.since - 1;
			this.ticks = Math.max(this.ticks, Math.floor(over / this.interval));
		}
		if (now <= this.due || this.isLost) return;
		const ticked = this.ways
			.filter(({ isTicked }) => !isTicked)
			.map((way) => this.tick(way));
		this.ways = distinct([...this.ways, ...ticked]);
		this.isLost = this.ways.length > MOST_WAYS;
	}

	private get due(): number {
		return this.since + (this.ticks + 1) * this.interval;
	}

	private afterTick(way: Way): Way {
		return { ...(way.isTicked ? way : this.tick(way)), isTicked: false };
	}

	/** `est_timer` */
	private tick({ averageBytes, averagePackets, bytes, packets }: Way): Way {
		const { interval, weightLog } = this.parameters;
		const weight = 2 ** weightLog;
		const next = (average: number, counted: number): number =>
			average +
			Math.floor((counted * 2 ** (10 - interval)) / weight) -
			Math.floor(average / weight);
		return {
			isTicked: true,
			averageBytes: next(averageBytes, bytes),
			averagePackets: next(averagePackets, packets),
			bytes: 0,
			packets: 0,
		};
	}
}

function distinct(ways: readonly Way[]): readonly Way[] {
	if (ways.length === 1) return ways;
	return ways.filter(
		(way, at) => ways.findIndex((other) => same(way, other)) === at,
	);
}

function same(one: Way, other: Way | undefined): boolean {
	return (
		other !== undefined &&
		one.isTicked === other.isTicked &&
		one.averageBytes === other.averageBytes &&
		one.averagePackets === other.averagePackets &&
		one.bytes === other.bytes &&
		one.packets === other.packets
	);
}

/** The kernel's clock. */
function jiffies(nowMs: number): number {
	return Math.floor((nowMs * HZ) / 1000);
}
