import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { Entry, FailoverView, Gap, Lane } from "../report.ts";
import { countAxis, type Dataset, LEGEND, NAMELESS, timeAxis } from "./axes.ts";
import { Picture, type PictureConfig } from "./chart.tsx";
import { type Colours, colourOf, faded } from "./colours.ts";
import { counted, milliseconds, time } from "./format.ts";

const LANE_PX = 22;
const COUNTS_PX = 200;
const AXIS_PX = 70;

/** One time axis: what the backends really were, what was believed, what was switched, and what it cost. */
export function Failover({
	entry,
	failover,
}: {
	readonly entry: Entry;
	readonly failover: FailoverView;
}) {
	const { backends } = entry;
	const { lanes, gaps } = failover;
	return (
		<section>
			<h4>The failover</h4>
			{gaps.length > 0 && (
				<ul class="gaps">
					{gaps.map((gap, index) => (
						<li key={index}>{describeGap(gap, backends)}</li>
					))}
				</ul>
			)}
			<figure>
				<figcaption>
					True health, the checker's belief, and the conditions; below, new
					connections per backend and those that were lost
				</figcaption>
				<Picture
					label={[
						...lanes.map(describeLane),
						...gaps.map((gap) => describeGap(gap, backends)),
					].join(" ")}
					heightPx={lanes.length * LANE_PX + COUNTS_PX + AXIS_PX}
					config={(colours) => picture(failover, backends, colours)}
				/>
			</figure>
		</section>
	);
}

/** `b1 failed at 2.5 s; the checker believed it after 3,300 ms; failover gap 3,350 ms; 29 connections were lost.` */
export function describeGap(gap: Gap, backends: readonly string[]): string {
	const { failedMs, noticedMs, servedMs, recoveredMs, lost } = gap;
	const parts = [
		`${backends[gap.backend] ?? "a backend"} failed at ${time(failedMs)}`,
		...(noticedMs === null
			? []
			: [`the checker noticed after ${milliseconds(noticedMs - failedMs)}`]),
		lost === 0
			? "no connection was lost"
			: `${counted(lost, "connection")} ${lost === 1 ? "was" : "were"} lost`,
		...(lost === 0
			? []
			: [
					servedMs === null
						? "none was served elsewhere after the last loss"
						: `failover gap ${milliseconds(servedMs - failedMs)}`,
				]),
		...(recoveredMs === null
			? []
			: [`it served again at ${time(recoveredMs)}`]),
	];
	return `${parts.join("; ")}.`;
}

function describeLane({ name, spans }: Lane): string {
	const said = spans.map(
		({ fromMs, value }) => `${value} from ${time(fromMs)}`,
	);
	return `${name}: ${said.join(", ")}.`;
}

function picture(
	failover: FailoverView,
	backends: readonly string[],
	colours: Colours,
): PictureConfig {
	const { fromMs, toMs, lanes, gaps } = failover;
	return {
		type: "bar",
		data: {
			datasets: [
				...lanes.flatMap((lane) => laneOf(lane, colours)),
				...countsOf(failover, backends, colours),
			],
		},
		options: {
			scales: {
				x: timeAxis(fromMs, toMs),
				counts: {
					...countAxis("new connections"),
					// Room for the name of the gap, and none for a number beside the lanes.
					grace: "20%",
					afterBuildTicks: (axis) => {
						axis.ticks = axis.ticks.filter(({ value }) => value < axis.max);
					},
					position: "left",
					stack: "all",
					stackWeight: COUNTS_PX,
					stacked: true,
				},
				lanes: {
					type: "category",
					labels: lanes.map(({ name }) => name),
					position: "left",
					stack: "all",
					stackWeight: lanes.length * LANE_PX,
					offset: true,
					ticks: { autoSkip: false },
					grid: { display: false },
				},
			},
			plugins: {
				legend: LEGEND,
				tooltip: { filter: (item) => item.dataset.label !== NAMELESS },
				annotation: {
					annotations: [
						...labelsOf(failover, colours),
						...gaps.flatMap((gap) => gapMarks(gap, failover, colours)),
					],
				},
			},
		},
	};
}

/** A lane is a thick line, cut where the value changes. */
function laneOf(
	{ name, kind, spans }: Lane,
	colours: Colours,
): readonly Dataset[] {
	const colour = (isGood: boolean) =>
		kind === "condition"
			? isGood
				? colours.idle
				: colours.switched
			: isGood
				? colours.good
				: colours.bad;
	return spans.map(
		({ fromMs, toMs, isGood }): Dataset => ({
			type: "line",
			label: NAMELESS,
			data: [
				{ x: fromMs, y: name },
				{ x: toMs, y: name },
			] as unknown as number[],
			yAxisID: "lanes",
			borderColor:
				kind === "belief" ? faded(colour(isGood), 0.6) : colour(isGood),
			borderWidth: LANE_PX - 8,
			borderCapStyle: "butt",
			pointRadius: 0,
		}),
	);
}

/** What a lane is, written into it where there is room for that. */
function labelsOf(
	{ lanes, fromMs, toMs }: FailoverView,
	colours: Colours,
): readonly AnnotationOptions[] {
	return lanes.flatMap(({ name, spans }) =>
		spans
			.filter(
				(span) =>
					span.toMs - span.fromMs >
					(toMs - fromMs) * (0.015 * span.value.length + 0.02),
			)
			.map(
				(span): AnnotationOptions => ({
					type: "label",
					xValue: (span.fromMs + span.toMs) / 2,
					yValue: name,
					yScaleID: "lanes",
					xScaleID: "x",
					content: span.value,
					color: colours.onColour,
					font: { size: 11, weight: "bold" },
				}),
			),
	);
}

function countsOf(
	{ stretches, toMs }: FailoverView,
	backends: readonly string[],
	colours: Colours,
): readonly Dataset[] {
	const { fromMs, stretchMs, counts, lost } = stretches;
	const names = [...backends, "no backend"];
	const bars = counts.flatMap((data, index): Dataset[] =>
		data.every((count) => count === 0)
			? []
			: [
					{
						type: "bar",
						label: names[index] ?? "",
						data: data.map((y, at) => ({
							x: Math.min(toMs, fromMs + (at + 0.5) * stretchMs),
							y,
						})),
						yAxisID: "counts",
						stack: "counts",
						backgroundColor: colourOf(colours, index, backends.length),
						categoryPercentage: 1,
						barPercentage: 0.9,
					},
				],
	);
	const losses = lost.flatMap((count, at) =>
		count === 0
			? []
			: [{ x: Math.min(toMs, fromMs + (at + 0.5) * stretchMs), y: count }],
	);
	if (losses.length === 0) return bars;
	return [
		...bars,
		{
			type: "bar",
			label: "lost, of these",
			data: losses,
			yAxisID: "counts",
			// On top of the others, not beside or above them: they are counted there already.
			stack: "lost",
			grouped: false,
			backgroundColor: colours.bad,
			categoryPercentage: 1,
			barPercentage: 0.35,
			order: -1,
		},
	];
}

/** The gap as a shaded box with its length; and when the checker noticed. */
function gapMarks(
	gap: Gap,
	{ toMs }: FailoverView,
	colours: Colours,
): readonly AnnotationOptions[] {
	const { failedMs, servedMs, noticedMs, recoveredMs, lost } = gap;
	const endMs = servedMs ?? recoveredMs ?? toMs;
	const box: AnnotationOptions = {
		type: "box",
		drawTime: "beforeDatasetsDraw",
		xScaleID: "x",
		yScaleID: "counts",
		xMin: failedMs,
		xMax: endMs,
		backgroundColor: faded(colours.bad, 0.1),
		borderColor: faded(colours.bad, 0.5),
		borderWidth: 1,
		borderDash: [4, 3],
	};
	const isLeft = failedMs < toMs / 2;
	const name: AnnotationOptions = {
		type: "label",
		xScaleID: "x",
		yScaleID: "counts",
		xValue: isLeft ? endMs : failedMs,
		yValue: (context) => context.chart.scales.counts?.max ?? 0,
		position: { x: isLeft ? "start" : "end", y: "start" },
		content:
			servedMs === null
				? "not served elsewhere"
				: `failover gap ${milliseconds(servedMs - failedMs)}`,
		color: colours.bad,
		backgroundColor: faded(colours.background, 0.85),
		font: { weight: "bold", size: 12 },
	};
	const noticed: readonly AnnotationOptions[] =
		noticedMs === null
			? []
			: [
					{
						type: "line",
						xScaleID: "x",
						xMin: noticedMs,
						xMax: noticedMs,
						borderColor: colours.muted,
						borderWidth: 1,
						borderDash: [2, 3],
					},
				];
	return lost === 0 ? noticed : [box, name, ...noticed];
}
