/** The picture of the connections: a lane for each, from its SYN to its end. */
import type { Scale } from "chart.js";
import type { ConnectionView, Entry } from "../../contract/report.ts";
import { type Colours, colourOf } from "../parts/colours.ts";
import { shortNames, time } from "../parts/format.ts";
import { doneMarks } from "../parts/moments.tsx";
import { type Dataset, LEGEND, NAMELESS, timeAxis } from "./axes.ts";
import type { PictureConfig } from "./chart.tsx";

const AXES_PX = 100;
/** From so many on, lanes are thin and marks in each other's way. */
const CROWDED = 100;
/** A picture that is so long has its times at the top as well. */
const LONG = 30;
/** Room for the numbers of what was done, above the first lane. */
const DONE_PX = 18;
const NAMES_PX = 70;

function laneHeightPx(lanes: number): number {
	if (lanes > CROWDED) return 5;
	return lanes > LONG ? 9 : 16;
}

export function connectionsHeightPx(lanes: number): number {
	return Math.max(60, lanes * laneHeightPx(lanes)) + DONE_PX + AXES_PX;
}

/** Markers, and when a connection has them. */
const MARKS: readonly {
	readonly name: string;
	readonly style: "triangle" | "circle" | "crossRot" | "rect" | "star";
	readonly colour: (colours: Colours) => string;
	readonly times: (
		connection: ConnectionView,
		isCrowded: boolean,
	) => readonly (number | null)[];
}[] = [
	{
		name: "answered",
		style: "triangle",
		colour: (colours) => colours.good,
		// Of many, only those that tell something: that a connection went well, its line says.
		times: (one, isCrowded) =>
			isCrowded && (one.outcome === "completed" || one.outcome === "answered")
				? []
				: [one.connectedMs],
	},
	{
		name: "retransmitted",
		style: "circle",
		colour: (colours) => colours.switched,
		times: ({ retransmittedMs }) => retransmittedMs,
	},
	{
		name: "refused or reset",
		style: "star",
		colour: (colours) => colours.bad,
		times: (one) => (isReset(one) ? [one.endedMs] : []),
	},
	{
		name: "lost otherwise",
		style: "crossRot",
		colour: (colours) => colours.bad,
		times: (one) =>
			one.serving === "lost" && !isReset(one) ? [one.endedMs] : [],
	},
];

function isReset({ outcome }: ConnectionView): boolean {
	return outcome === "refused" || outcome === "reset";
}

/** When the picture begins and ends: with the connections, and a little around them. */
function timesOf({ connections, endedMs }: Entry) {
	const { shown } = connections;
	const endOf = (one: ConnectionView) => one.endedMs ?? endedMs;
	const fromMs = shown.reduce(
		(least, one) => Math.min(least, one.startedMs),
		Number.POSITIVE_INFINITY,
	);
	const toMs = shown.reduce((most, one) => Math.max(most, endOf(one)), 0);
	const marginMs = Math.max(1, (toMs - fromMs) * 0.02);
	return {
		fromMs: Math.max(0, fromMs - marginMs),
		toMs: toMs + marginMs,
		endOf,
	};
}

function linesOf(
	entry: Entry,
	colours: Colours,
	widthPx: number,
): readonly Dataset[] {
	const { connections, backends } = entry;
	const { shown } = connections;
	const { endOf } = timesOf(entry);
	const heightPx = laneHeightPx(shown.length);
	const names = shortNames(backends, widthPx < 500 ? 12 : 24);
	const groups = [...backends.keys(), -1].map((backend) => ({
		backend,
		of: shown
			.map((one, lane) => ({ one, lane }))
			.filter(({ one }) => one.backend === backend),
	}));
	return groups
		.filter(({ of }) => of.length > 0)
		.map(
			({ backend, of }): Dataset => ({
				type: "line",
				label: names[backend] ?? "no backend",
				data: of.flatMap(({ one, lane }) => [
					{ x: one.startedMs, y: lane },
					{ x: endOf(one), y: lane },
					// A hole: the next line begins elsewhere.
					{ x: Number.NaN, y: lane },
				]),
				borderColor: colourOf(colours, backend, backends.length),
				backgroundColor: colourOf(colours, backend, backends.length),
				borderWidth: shown.length > CROWDED ? heightPx - 1 : heightPx / 2,
				pointRadius: 0,
				pointHitRadius: 4,
			}),
		);
}

function marksOf(
	shown: readonly ConnectionView[],
	colours: Colours,
): readonly Dataset[] {
	return MARKS.flatMap((mark): Dataset[] => {
		const data = shown.flatMap((one, lane) =>
			mark
				.times(one, shown.length > CROWDED)
				.flatMap((x) => (x === null ? [] : [{ x, y: lane }])),
		);
		if (data.length === 0) return [];
		const colour = mark.colour(colours);
		return [
			{
				type: "scatter",
				label: mark.name,
				data,
				pointStyle: mark.style,
				pointRadius: Math.max(3, laneHeightPx(shown.length) / 3),
				borderColor: colour,
				backgroundColor: colour,
				borderWidth: 1.5,
				// Those of the first lane stand half outside.
				clip: false,
				order: -1,
			},
		];
	});
}

/** A number for every so many lanes, and room above the first one. */
function laneAxis({ shown, noun }: Entry["connections"], aboveLanes: number) {
	return {
		type: "linear" as const,
		reverse: true,
		min: -0.5 - aboveLanes,
		max: shown.length - 0.5,
		title: { display: true, text: noun },
		grid: { display: false },
		afterBuildTicks: (scale: Scale) => {
			const every = Math.ceil(shown.length / 12);
			scale.ticks = shown.flatMap((_, lane) =>
				lane % every === 0 ? [{ value: lane }] : [],
			);
		},
		ticks: {
			autoSkip: false,
			callback: (value: string | number) =>
				`#${shown[Number(value)]?.number ?? ""}`,
		},
	};
}

export function connectionsPicture(
	entry: Entry,
	colours: Colours,
	widthPx: number,
): PictureConfig {
	const { shown } = entry.connections;
	const { fromMs, toMs } = timesOf(entry);
	const axis = { fromMs, toMs, widthPx: widthPx - NAMES_PX };
	const aboveLanes = DONE_PX / laneHeightPx(shown.length);
	return {
		type: "line",
		data: {
			datasets: [
				...linesOf(entry, colours, widthPx),
				...marksOf(shown, colours),
			],
		},
		options: {
			scales: {
				x: timeAxis(fromMs, toMs),
				...(shown.length > LONG
					? {
							above: {
								...timeAxis(fromMs, toMs),
								axis: "x" as const,
								position: "top" as const,
								title: { display: false },
								grid: { display: false },
							},
						}
					: {}),
				y: laneAxis(entry.connections, aboveLanes),
			},
			plugins: {
				legend: {
					...LEGEND,
					labels: { ...LEGEND.labels, usePointStyle: true },
				},
				tooltip: {
					filter: (item) => item.dataset.label !== NAMELESS,
					callbacks: {
						title: () => "",
						label: (item) => {
							const one = shown[Math.round(item.parsed.y ?? 0)];
							return one === undefined
								? ""
								: `#${one.number} ${one.client} ${item.dataset.label}: ${one.outcome}, ${time(item.parsed.x ?? 0)}`;
						},
					},
				},
				annotation: {
					clip: false,
					annotations: [
						...doneMarks(
							entry.moments,
							axis,
							{ yScaleID: "y", yValue: -0.5 - aboveLanes / 2 },
							colours,
						),
					],
				},
			},
		},
	};
}
