/** What the pictures' axes and legends have in common. */
import { Chart, type ChartDataset, type Scale } from "chart.js";

/** Steps that a reader counts in, in ms: of seconds by 1, 2 and 5, of minutes and hours as clocks have them. */
const STEPS_MS: readonly number[] = [
	...[0.1, 1, 10, 100, 1_000].flatMap((power) =>
		[1, 2, 5].map((factor) => factor * power),
	),
	...[10, 15, 30].map((seconds) => seconds * 1_000),
	...[1, 2, 5, 10, 15, 30, 60, 120, 240, 480].map(
		(minutes) => minutes * 60_000,
	),
	...[1, 2, 5, 10, 20, 50, 100].map((days) => days * 86_400_000),
].sort((one, other) => one - other);

/** A tick of about that width has to fit beside the next. */
const TICK_PX = 64;

/** Times of an axis at round numbers. @param room how many may stand on it */
export function timeTicks(
	fromMs: number,
	toMs: number,
	room: number,
): readonly number[] {
	const leastMs = (toMs - fromMs) / Math.max(1, room);
	const stepMs =
		STEPS_MS.find((step) => step >= leastMs) ?? STEPS_MS.at(-1) ?? 1;
	const first = Math.ceil(fromMs / stepMs);
	const last = Math.floor(toMs / stepMs);
	// A multiple of the step, so that no sum of fractions strays.
	return Array.from(
		{ length: Math.max(0, Math.min(1_000, last - first + 1)) },
		(_, index) => Number(((first + index) * stepMs).toPrecision(12)),
	);
}

/** All of an axis in one unit: `0.5 s`, `1 s`, `1.5 s`. */
export function tickTime(ms: number, toMs: number): string {
	const [unitMs, unit] =
		toMs < 1_000
			? [1, "ms"]
			: toMs <= 120_000
				? [1_000, "s"]
				: toMs <= 7_200_000
					? [60_000, "min"]
					: [3_600_000, "h"];
	return `${Number((ms / unitMs).toFixed(3))} ${unit}`;
}

/** Virtual time along the bottom. */
export function timeAxis(fromMs: number, toMs: number) {
	return {
		type: "linear" as const,
		min: fromMs,
		max: toMs,
		offset: false,
		title: { display: true, text: "time" },
		afterBuildTicks: (scale: Scale) => {
			const room = Math.floor((scale.chart.width - 60) / TICK_PX);
			scale.ticks = timeTicks(fromMs, toMs, room).map((value) => ({ value }));
		},
		ticks: {
			autoSkip: false,
			maxRotation: 0,
			callback: (value: string | number) => tickTime(Number(value), toMs),
		},
	};
}

/** Whole numbers only. */
export function countAxis(title: string) {
	return {
		type: "linear" as const,
		min: 0,
		title: { display: true, text: title },
		ticks: { precision: 0 },
	};
}

/** More names than that are a list, and no legend. */
const MOST_NAMED = 14;

/** Below the picture, without those that have no name; thick lines as small as everything else. */
export const LEGEND = {
	position: "bottom" as const,
	labels: {
		boxWidth: 12,
		boxHeight: 8,
		generateLabels: (chart: Chart) => {
			const all = Chart.defaults.plugins.legend.labels
				.generateLabels(chart)
				.filter(({ text }) => text !== NAMELESS)
				.map((label) => ({ ...label, lineWidth: 1 }));
			if (all.length <= MOST_NAMED) return all;
			const rest = {
				text: `… and ${all.length - MOST_NAMED + 1} more`,
				fillStyle: "transparent",
				lineWidth: 0,
			};
			return [...all.slice(0, MOST_NAMED - 1), rest];
		},
	},
};

/** Something without a name does not stand in the legend. */
export const NAMELESS = "";

export type Dataset = ChartDataset<"bar" | "line" | "scatter">;
