/** Runs of connections: how far each end is from its share in those that end now. */
import type { Rational } from "../../../../sim/rational.ts";
import type { Part } from "../../split/split.ts";

/** Whole numbers over a common denominator. */
export interface Bound {
	readonly key: string;
	readonly share: number;
	readonly bound: number;
	readonly deviation: Rational;
}

export function commonOf(parts: readonly Part[]): bigint {
	return parts.reduce((common, { share, deviation }) => {
		const all = [
			share.kind === "exact" ? share.value.denominator : 1n,
			deviation?.anyWindow.denominator ?? 1n,
		];
		return all.reduce((one, other) => (one / gcd(one, other)) * other, common);
	}, 1n);
}

function gcd(one: bigint, other: bigint): bigint {
	return other === 0n ? one : gcd(other, one % other);
}

export function boundsOf(parts: readonly Part[]): readonly Bound[] | null {
	const common = commonOf(parts);
	if (common > 1_000_000n) return null;
	const scaled = ({ numerator, denominator }: Rational) =>
		Number((numerator * common) / denominator);
	const bounds = parts.flatMap(({ key, share, deviation }) =>
		share.kind === "exact" && deviation !== null
			? [
					{
						key,
						share: scaled(share.value),
						bound: scaled(deviation.anyWindow),
						deviation: deviation.anyWindow,
					},
				]
			: [],
	);
	return bounds.length === parts.length ? bounds : null;
}

/** Runs of connections that end now: the most that each end got over its share, and the least. */
export interface Runs {
	readonly over: readonly number[];
	readonly under: readonly number[];
	/** Step at which the run with `over`, and `under`, begins. */
	readonly overFrom: readonly number[];
	readonly underFrom: readonly number[];
}

export function grown(
	{ over, under, overFrom, underFrom }: Runs,
	{
		at,
		bounds,
		common,
		step,
	}: {
		readonly at: number;
		readonly bounds: readonly Bound[];
		readonly common: number;
		readonly step: number;
	},
): Runs {
	const deltas = bounds.map(
		({ share }, index) => (index === at ? common : 0) - share,
	);
	return {
		over: over.map(
			(one, index) => Math.max(0, one) + (deltas[index] as number),
		),
		under: under.map(
			(one, index) => Math.min(0, one) + (deltas[index] as number),
		),
		overFrom: overFrom.map((from, index) =>
			(over[index] as number) <= 0 ? step : from,
		),
		underFrom: underFrom.map((from, index) =>
			(under[index] as number) >= 0 ? step : from,
		),
	};
}

export function emptied(runs: Runs): Runs {
	const none = runs.over.map(() => 0);
	return { ...runs, over: none, under: none };
}
