import type { ConnectionView, Entry } from "../report.ts";
import { type Dataset, LEGEND, NAMELESS, timeAxis } from "./axes.ts";
import { Picture, type PictureConfig } from "./chart.tsx";
import { type Colours, colourOf } from "./colours.ts";
import { counted, number, time } from "./format.ts";
import { Scrolls } from "./scrolls.tsx";

const AXES_PX = 80;

/** A lane for each connection: where it went, when it was answered, what went wrong. */
export function Connections({ entry }: { readonly entry: Entry }) {
	const { total, outcomes, moved, shown, sampling } = entry.connections;
	const said = outcomes
		.map(({ outcome, count }) => `${number(count)} ${outcome}`)
		.join(", ");
	const laneHeightPx = shown.length > 100 ? 5 : shown.length > 30 ? 9 : 16;
	return (
		<section>
			<h4>The connections</h4>
			<p>
				{counted(total, "connection")}: {said}
				{moved > 0 && `; ${number(moved)} met more than one backend`}.
				{sampling !== "" && <strong class="sampling"> {sampling}.</strong>}
			</p>
			<figure>
				<figcaption>
					Each line is a connection, from its SYN to its end, in the order of
					their numbers
				</figcaption>
				<Picture
					label={`${counted(total, "connection")}: ${said}. The table below has the same in words.`}
					heightPx={Math.max(60, shown.length * laneHeightPx) + AXES_PX}
					config={(colours) => lanes(entry, colours, laneHeightPx)}
				/>
			</figure>
			<details>
				<summary>The same as a table</summary>
				<ConnectionTable shown={shown} backends={entry.backends} />
			</details>
		</section>
	);
}

/** Markers, and when a connection has them. */
const MARKS: readonly {
	readonly name: string;
	readonly style: "triangle" | "circle" | "crossRot" | "rect" | "star";
	readonly colour: (colours: Colours) => string;
	readonly times: (connection: ConnectionView) => readonly (number | null)[];
}[] = [
	{
		name: "answered",
		style: "triangle",
		colour: (colours) => colours.good,
		times: ({ connectedMs }) => [connectedMs],
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
		times: (one) => (one.isLost && !isReset(one) ? [one.endedMs] : []),
	},
];

function isReset({ outcome }: ConnectionView): boolean {
	return outcome === "refused" || outcome === "reset";
}

function lanes(
	{ connections, backends, endedMs }: Entry,
	colours: Colours,
	laneHeightPx: number,
): PictureConfig {
	const { shown } = connections;
	const endOf = (one: ConnectionView) => one.endedMs ?? endedMs;
	const fromMs = Math.min(...shown.map(({ startedMs }) => startedMs));
	const toMs = Math.max(...shown.map(endOf));
	const groups = [...backends.keys(), -1].map((backend) => ({
		backend,
		of: shown
			.map((one, lane) => ({ one, lane }))
			.filter(({ one }) => one.backend === backend),
	}));
	const lines = groups
		.filter(({ of }) => of.length > 0)
		.map(
			({ backend, of }): Dataset => ({
				type: "line",
				label: backends[backend] ?? "no backend",
				data: of.flatMap(({ one, lane }) => [
					{ x: one.startedMs, y: lane },
					{ x: endOf(one), y: lane },
					// A hole: the next line begins elsewhere.
					{ x: Number.NaN, y: lane },
				]),
				borderColor: colourOf(colours, backend, backends.length),
				backgroundColor: colourOf(colours, backend, backends.length),
				borderWidth: Math.max(2, laneHeightPx / 2),
				pointRadius: 0,
				pointHitRadius: 4,
			}),
		);
	const marks = MARKS.flatMap((mark): Dataset[] => {
		const data = shown.flatMap((one, lane) =>
			mark.times(one).flatMap((x) => (x === null ? [] : [{ x, y: lane }])),
		);
		if (data.length === 0) return [];
		const colour = mark.colour(colours);
		return [
			{
				type: "scatter",
				label: mark.name,
				data,
				pointStyle: mark.style,
				pointRadius: Math.max(3, laneHeightPx / 3),
				borderColor: colour,
				backgroundColor: colour,
				borderWidth: 1.5,
				order: -1,
			},
		];
	});
	const marginMs = Math.max(1, (toMs - fromMs) * 0.02);
	return {
		type: "line",
		data: { datasets: [...lines, ...marks] },
		options: {
			scales: {
				x: timeAxis(Math.max(0, fromMs - marginMs), toMs + marginMs),
				y: {
					type: "linear",
					reverse: true,
					min: -0.5,
					max: shown.length - 0.5,
					title: { display: true, text: "connection" },
					grid: { display: false },
					afterBuildTicks: (axis) => {
						const every = Math.ceil(shown.length / 12);
						axis.ticks = shown.flatMap((_, lane) =>
							lane % every === 0 ? [{ value: lane }] : [],
						);
					},
					ticks: {
						autoSkip: false,
						callback: (value) => `#${shown[Number(value)]?.number ?? ""}`,
					},
				},
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
			},
		},
	};
}

/** Rows; whoever wants more reads the JSON. */
const MOST_ROWS = 100;

function ConnectionTable({
	shown,
	backends,
}: {
	readonly shown: readonly ConnectionView[];
	readonly backends: readonly string[];
}) {
	const nameOf = (backend: number) => backends[backend] ?? "none";
	return (
		<Scrolls label="Connections">
			<table>
				<thead>
					<tr>
						<th scope="col">#</th>
						<th scope="col">client</th>
						<th scope="col">began</th>
						<th scope="col">backends met</th>
						<th scope="col">answered</th>
						<th scope="col">retransmitted</th>
						<th scope="col">ended</th>
						<th scope="col">how</th>
						<th scope="col">the gateway said</th>
					</tr>
				</thead>
				<tbody>
					{shown.slice(0, MOST_ROWS).map((one) => (
						<tr key={one.number}>
							<td>{one.number}</td>
							<td>{one.client}</td>
							<td>{time(one.startedMs)}</td>
							<td>{one.met.map(nameOf).join(", then ") || "none"}</td>
							<td>
								{one.connectedMs === null ? "never" : time(one.connectedMs)}
							</td>
							<td>
								{one.retransmittedMs.length === 0
									? ""
									: one.retransmittedMs.map(time).join(", ")}
							</td>
							<td>{one.endedMs === null ? "" : time(one.endedMs)}</td>
							<td class={one.isLost ? "bad" : ""}>{one.outcome}</td>
							<td>{one.gatewayAnswers.join(", ")}</td>
						</tr>
					))}
				</tbody>
			</table>
			{shown.length > MOST_ROWS && (
				<p class="remark">
					… and {shown.length - MOST_ROWS} more that are drawn above.
				</p>
			)}
		</Scrolls>
	);
}
