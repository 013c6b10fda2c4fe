/** What the pictures' axes and legends have in common. */
import { Chart, type ChartDataset } from "chart.js";
import { time } from "../parts/format.ts";

/** Virtual time along the bottom. */
export function timeAxis(fromMs: number, toMs: number) {
	return {
		type: "linear" as const,
		min: fromMs,
		max: toMs,
		offset: false,
		title: { display: true, text: "time" },
		ticks: {
			maxRotation: 0,
			autoSkipPadding: 12,
			// The ends of the picture are no round numbers.
			includeBounds: false,
			callback: (value: string | number) => time(Number(value)),
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
