/** The picture of the connections: when each began, and how long it took until it was served; what was lost stands above. */
import type { Scale } from "chart.js";
import type { ConnectionView, Entry } from "../../contract/report.ts";
import { type Colours, colourOf } from "../parts/colours.ts";
import { shortNames, time } from "../parts/format.ts";
import { doneMarks } from "../parts/moments.tsx";
import { type Dataset, LEGEND, NAMELESS, tickTime, timeAxis } from "./axes.ts";
import type { PictureConfig } from "./chart.tsx";

export const CONNECTIONS_PX = 300;
/** What stands beside the picture itself. */
const NAMES_PX = 90;
/** A client of TCP sends its SYN again after so long: a wait is late from there on. */
const LATE_MS = 1_000;

/** Lanes of what has no time, from the lowest one up: the first of them that one fits is its own. */
const LANES: readonly {
	readonly name: string;
	readonly fits: (one: ConnectionView) => boolean;
}[] = [
	// Nothing was to come back.
	{ name: "sent", fits: ({ serving }) => serving === "served" },
	{ name: "waiting", fits: ({ serving }) => serving === "waiting" },
	{ name: "lost", fits: ({ serving }) => serving === "lost" },
];
/** From lane to lane, above the longest wait, in powers of ten. */
const LANE = 0.4;
/** From the uppermost lane to the numbers of what was done, and from these to the edge. */
const ABOVE = { done: 0.5, edge: 0.3 } as const;

interface Point {
	readonly x: number;
	readonly y: number;
	readonly number: number;
}

/** How long each took; `null` for those that were lost, or still wait. */
function waitMs({ serving, startedMs, connectedMs }: ConnectionView) {
	if (connectedMs === null || (serving !== "served" && serving !== "late"))
		return null;
	return connectedMs - startedMs;
}

/** Powers of ten, and above them the lanes that something stands in. */
function axisOf(shown: readonly ConnectionView[]) {
	const waits = waitsOf(shown);
	const untimed = shown.filter((one) => waitMs(one) === null);
	const lanes = LANES.filter(({ fits }) => untimed.some(fits)).map(
		({ name, fits }, index) => {
			return { name, fits, value: 10 ** (waits.to + (index + 1) * LANE) };
		},
	);
	const doneAt = waits.to + lanes.length * LANE + ABOVE.done;
	return { ...waits, lanes, doneAt, top: doneAt + ABOVE.edge };
}

/** Whole powers of ten around all waits. */
function waitsOf(shown: readonly ConnectionView[]) {
	const waits = shown.flatMap((one) => waitMs(one) ?? []);
	const power = (ms: number) => Math.log10(Math.max(ms, 0.1));
	const least = waits.reduce((min, ms) => Math.min(min, power(ms)), 3);
	const most = waits.reduce((max, ms) => Math.max(max, power(ms)), -1);
	const from = Math.floor(Math.min(least, most));
	return { from, to: Math.max(from + 1, Math.ceil(most + 0.001)) };
}

/** From the first to the last beginning, and a little around them. */
function timesOf(shown: readonly ConnectionView[]) {
	const from = shown.reduce(
		(min, one) => Math.min(min, one.startedMs),
		Number.POSITIVE_INFINITY,
	);
	const to = shown.reduce((max, one) => Math.max(max, one.startedMs), 0);
	const marginMs = Math.max(1, (to - from) * 0.02);
	return { fromMs: Math.max(0, from - marginMs), toMs: to + marginMs };
}

const KINDS: readonly {
	readonly name: string;
	readonly style: "circle" | "triangle" | "crossRot" | "rectRot";
	readonly radius: number;
	readonly fits: (one: ConnectionView) => boolean;
}[] = [
	{
		name: "",
		style: "circle",
		radius: 3,
		fits: (one) => one.serving === "served",
	},
	{
		name: ", late",
		style: "triangle",
		radius: 5,
		fits: (one) => one.serving === "late",
	},
	{
		name: ", waiting",
		style: "rectRot",
		radius: 5,
		fits: (one) => one.serving === "waiting",
	},
	{
		name: ", lost",
		style: "crossRot",
		radius: 5,
		fits: (one) => one.serving === "lost",
	},
];

function pointsOf(
	entry: Entry,
	names: readonly string[],
	colours: Colours,
): readonly Dataset[] {
	const { backends, connections } = entry;
	const { lanes } = axisOf(connections.shown);
	const yOf = (one: ConnectionView) =>
		waitMs(one) ?? lanes.find(({ fits }) => fits(one))?.value ?? 0;
	return [...backends.keys(), -1].flatMap((backend) =>
		KINDS.flatMap(({ name, style, radius, fits }): readonly Dataset[] => {
			const data = connections.shown
				.filter((one) => one.backend === backend && fits(one))
				.map((one): Point => {
					const { startedMs, number } = one;
					return { x: startedMs, y: Math.max(yOf(one), 0.1), number };
				});
			if (data.length === 0) return [];
			const colour = colourOf(colours, backend, backends.length);
			return [
				{
					type: "scatter",
					label: `${names[backend] ?? "no backend"}${name}`,
					data,
					pointStyle: style,
					pointRadius: radius,
					pointHoverRadius: radius + 2,
					backgroundColor: colour,
					borderColor: style === "circle" ? colour : colours.bad,
					borderWidth: style === "circle" ? 0 : 2,
					clip: false,
				},
			];
		}),
	);
}

/** Powers of ten, and above them the lanes of what has no time. */
function waitAxis(shown: readonly ConnectionView[], title: string) {
	const { from, to, lanes, top } = axisOf(shown);
	return {
		type: "logarithmic" as const,
		min: 10 ** from,
		max: 10 ** top,
		title: { display: true, text: title },
		afterBuildTicks: (scale: Scale) => {
			const powers = Array.from({ length: to - from + 1 }, (_, index) => ({
				value: 10 ** (from + index),
			}));
			scale.ticks = [...powers, ...lanes.map(({ value }) => ({ value }))];
		},
		ticks: {
			autoSkip: false,
			callback: (value: string | number) => {
				const lane = lanes.find((one) => one.value === Number(value));
				return lane?.name ?? tickTime(Number(value), Number(value));
			},
		},
	};
}

/** @param onChoose the number of a connection that was clicked */
export function connectionsPicture(
	entry: Entry,
	{
		colours,
		widthPx,
		onChoose,
	}: {
		readonly colours: Colours;
		readonly widthPx: number;
		readonly onChoose: (connection: number) => void;
	},
): PictureConfig {
	const { shown, noun } = entry.connections;
	const { fromMs, toMs } = timesOf(shown);
	const { to, doneAt } = axisOf(shown);
	const lateMs = lateFromMs(shown);
	const axis = { fromMs, toMs, widthPx: widthPx - NAMES_PX };
	const names = shortNames(entry.backends, widthPx < 500 ? 12 : 24);
	const byNumber = new Map(shown.map((one) => [one.number, one]));
	const datasets = pointsOf(entry, names, colours);
	const done = { yScaleID: "y", yValue: 10 ** doneAt };
	return {
		type: "scatter",
		data: { datasets: [...datasets] },
		options: {
			onClick: (_, [first]) => {
				const data = datasets[first?.datasetIndex ?? -1]?.data;
				const point = data?.[first?.index ?? -1] as Point | undefined;
				if (point !== undefined) onChoose(point.number);
			},
			scales: {
				x: timeAxis(fromMs, toMs),
				y: waitAxis(
					shown,
					noun === "flow" ? "until answered" : "until connected",
				),
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
							const one = byNumber.get((item.raw as Point).number);
							return one === undefined
								? ""
								: pointWords(one, item.dataset.label);
						},
					},
				},
				annotation: {
					clip: false,
					annotations: [
						...doneMarks(entry.moments, axis, done, colours),
						...(lateMs !== null && 10 ** to > lateMs
							? [lateLine(lateMs, colours)]
							: []),
					],
				},
			},
		},
	};
}

function pointWords(one: ConnectionView, name = ""): string {
	const { number, client, outcome, startedMs } = one;
	const wait = waitMs(one);
	const after = wait === null ? "" : ` after ${time(wait)}`;
	return `#${number} ${client} ${name}: ${outcome}${after}, began at ${time(startedMs)}`;
}

/** From how long on a wait is late; `null` where that is not one time for all. */
function lateFromMs(shown: readonly ConnectionView[]): number | null {
	if (shown.every(({ protocol }) => protocol === "tcp")) return LATE_MS;
	if (shown.some(({ protocol }) => protocol === "tcp")) return null;
	// A client sends a datagram again when it pleases: all of one scenario mostly do alike.
	const again = shown.flatMap(({ startedMs, retransmittedMs: [first] }) =>
		first === undefined ? [] : [first - startedMs],
	);
	const [least = 0, most = 0] = [Math.min(...again), Math.max(...again)];
	return again.length > 0 && most - least < 1 ? least : null;
}

function lateLine(atMs: number, colours: Colours) {
	return {
		type: "line" as const,
		drawTime: "beforeDatasetsDraw" as const,
		yScaleID: "y",
		yMin: atMs,
		yMax: atMs,
		borderColor: colours.switched,
		borderWidth: 1,
		borderDash: [4, 3],
	};
}
