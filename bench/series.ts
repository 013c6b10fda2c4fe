/** One figure, measured several times. */
export interface Series {
	readonly name: string;
	readonly unit: string;
	readonly values: readonly number[];
	/** What we would like to see; none when left out. */
	readonly aim?: number;
	/** Behind the point; none when left out. */
	readonly digits?: number;
}

/** Medians, by the names of their series. */
export type Figures = Readonly<Record<string, number>>;

/** `× 1.24` */
export function ratioOf(now: number, before: number): string {
	return `× ${(now / before).toFixed(2)}`;
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] as number;
	return sorted.length % 2 === 1
		? upper
		: ((sorted[middle - 1] as number) + upper) / 2;
}

/** How many of `count` are done in a second of CPU time: what else the machine does hardly matters. */
export function perSecond(count: number, work: () => void): number {
	const start = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(start);
	return count / ((user + system) / 1e6);
}
