/** The picture of a failover: lanes above, connections below, on one time axis. */
import type { Scale } from "chart.js";
import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { FailoverView, Lane, Moment } from "../../contract/report.ts";
import { type Colours, colourOf, crossedOut, faded } from "../parts/colours.ts";
import { shortNames } from "../parts/format.ts";
import { doneMarks } from "../parts/moments.tsx";
import { countAxis, type Dataset, LEGEND, NAMELESS, timeAxis } from "./axes.ts";
import type { PictureConfig } from "./chart.tsx";
import { gapMarks } from "./failover-gaps.ts";
import { stretchBars, stretchName } from "./stretch-bars.ts";

const LANE_PX = 22;
const COUNTS_PX = 200;
const AXIS_PX = 70;
/** The lane that the numbers of what was done stand in. */
const DONE = " ";
/** A sign of the axis' names is about so wide. */
const SIGN_PX = 7;

export function failoverHeightPx({ lanes }: FailoverView): number {
	return (lanes.length + 1) * LANE_PX + COUNTS_PX + AXIS_PX;
}

export function failoverPicture(
	given: {
		readonly failover: FailoverView;
		readonly backends: readonly string[];
		readonly moments: readonly Moment[];
		readonly noun: string;
	},
	colours: Colours,
	widthPx: number,
): PictureConfig {
	const { failover, backends, moments } = given;
	const { fromMs, toMs, lanes, gaps } = failover;
	const mostSigns = widthPx < 500 ? 12 : 24;
	// Whose it is must not be what is cut.
	const names = shortNames(
		lanes.map(({ name }) =>
			widthPx < 500 ? name.replace(/^checker on /, "check ") : name,
		),
		mostSigns,
	);
	const named = lanes.map((lane, index) => ({
		...lane,
		name: names[index] ?? "",
	}));
	const longest = Math.max(...names.map((name) => name.length), 4);
	const axis = { fromMs, toMs, widthPx: widthPx - longest * SIGN_PX - 30 };
	return {
		type: "bar",
		data: {
			datasets: [
				...named.flatMap((lane) => laneOf(lane, colours)),
				...countsOf(failover, shortNames(backends, mostSigns), colours),
			],
		},
		options: {
			scales: {
				x: timeAxis(fromMs, toMs),
				counts: countsAxis(given.noun),
				lanes: lanesAxis(names, longest * SIGN_PX + 12),
			},
			plugins: {
				legend: LEGEND,
				tooltip: {
					filter: (item) => item.dataset.label !== NAMELESS,
					callbacks: {
						title: ([item]) =>
							stretchName(item?.parsed.x ?? 0, failover.stretches),
					},
				},
				annotation: {
					clip: false,
					annotations: [
						...doneMarks(
							moments,
							axis,
							{ yScaleID: "lanes", yValue: DONE },
							colours,
						),
						...labelsOf(named, axis, colours),
						...gapMarks(gaps, axis, colours),
					],
				},
			},
		},
	};
}

function countsAxis(noun: string) {
	return {
		...countAxis(`new ${noun}s`),
		// Room for the name of the gap, and none for a number beside the lanes.
		grace: "20%",
		afterBuildTicks: (scale: Scale) => {
			scale.ticks = scale.ticks.filter(({ value }) => value < scale.max);
		},
		position: "left" as const,
		stack: "all",
		stackWeight: COUNTS_PX,
		stacked: true,
	};
}

/** @param leastPx so wide, whatever the picture has room for: names are not cut */
function lanesAxis(names: readonly string[], leastPx: number) {
	return {
		type: "category" as const,
		labels: [DONE, ...names],
		position: "left" as const,
		stack: "all",
		stackWeight: (names.length + 1) * LANE_PX,
		offset: true,
		afterFit: (scale: Scale) => {
			scale.width = Math.max(scale.width, leastPx);
		},
		ticks: { autoSkip: false },
		grid: { display: false },
	};
}

/** A lane is a thick line, cut where the value changes. What is only believed is softer. */
function laneOf(
	{ name, kind, spans }: Lane,
	colours: Colours,
): readonly Dataset[] {
	const { idle, switched, good, bad, goodSoft, badSoft } = colours;
	const [fine, other] = {
		health: [good, bad],
		belief: [goodSoft, badSoft],
		condition: [idle, switched],
	}[kind];
	return spans.map(
		({ fromMs, toMs, isGood }): Dataset => ({
			type: "line",
			label: NAMELESS,
			data: [
				{ x: fromMs, y: name },
				{ x: toMs, y: name },
			] as unknown as number[],
			yAxisID: "lanes",
			borderColor: (isGood ? fine : other) ?? idle,
			borderWidth: LANE_PX - 8,
			borderCapStyle: "butt",
			pointRadius: 0,
		}),
	);
}

/** What a lane is, written into it where there is room for that. */
function labelsOf(
	lanes: readonly Lane[],
	axis: {
		readonly fromMs: number;
		readonly toMs: number;
		readonly widthPx: number;
	},
	colours: Colours,
): readonly AnnotationOptions[] {
	const perMs = axis.widthPx / (axis.toMs - axis.fromMs);
	return lanes.flatMap(({ name, kind, spans }) =>
		spans
			.filter(
				(span) =>
					(span.toMs - span.fromMs) * perMs > (span.value.length + 1) * SIGN_PX,
			)
			.map(
				(span): AnnotationOptions => ({
					type: "label",
					xValue: (span.fromMs + span.toMs) / 2,
					yValue: name,
					yScaleID: "lanes",
					xScaleID: "x",
					content: span.value,
					color: kind === "belief" ? colours.text : colours.onColour,
					font: { size: 11, weight: "bold" },
				}),
			),
	);
}

/** A bar from the beginning of its stretch to its end; what was lost on top of what was not, backend by backend. */
function countsOf(
	{ stretches }: FailoverView,
	backends: readonly string[],
	colours: Colours,
): readonly Dataset[] {
	const { counts, lost, late } = stretches;
	const names = [...backends, "no backend"];
	const bars = (
		label: string,
		data: readonly number[],
		backgroundColor: string | CanvasPattern,
	) =>
		stretchBars(stretches, data, {
			label,
			backgroundColor,
			yAxisID: "counts",
			stack: "counts",
		});
	return counts.flatMap((data, index) => {
		const colour = colourOf(colours, index, backends.length);
		const gone = lost[index] ?? [];
		const waited = late[index] ?? [];
		const name = names[index] ?? "";
		return [
			...bars(
				name,
				data.map((count, at) => count - (gone[at] ?? 0) - (waited[at] ?? 0)),
				colour,
			),
			...bars(`${name}, late`, waited, faded(colour, 0.45)),
			...bars(`${name}, lost`, gone, crossedOut(colour, colours)),
		];
	});
}
