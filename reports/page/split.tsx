import type { Entry, SplitView, Stretches } from "../report.ts";
import { countAxis, type Dataset, LEGEND, NAMELESS } from "./axes.ts";
import { Picture, type PictureConfig } from "./chart.tsx";
import { type Colours, colourOf, faded } from "./colours.ts";
import { counted, number, percent, time } from "./format.ts";

/** Connections per backend: the total, over time, and how the shares settled. */
export function Split({
	entry,
	split,
}: {
	readonly entry: Entry;
	readonly split: SplitView;
}) {
	const { backends, connections } = entry;
	const names = [...backends, "no backend"];
	const said = names
		.map((name, index) => `${name} ${split.totals[index]}`)
		.filter(
			(_, index) => index < backends.length || (split.totals[index] ?? 0) > 0,
		)
		.join(", ");
	const { running } = split;
	return (
		<section>
			<h4>The split</h4>
			<div
				class="total"
				role="img"
				aria-label={`Of ${counted(connections.total, "connection")}: ${said}`}
			>
				{split.totals.map(
					(total, index) =>
						total > 0 && (
							<span
								key={names[index]}
								class={index < backends.length ? `b${index % 6}` : "none"}
								style={{ flexGrow: total }}
							>
								{names[index]} {number(total)} ·{" "}
								{percent(total / connections.total)}
							</span>
						),
				)}
			</div>
			<div class="pictures">
				{connections.total > 2 && (
					<figure>
						<figcaption>
							New connections per backend, each{" "}
							{time(split.stretches.stretchMs)}
						</figcaption>
						<Picture
							label={`New connections per backend over time. In all: ${said}.`}
							heightPx={240}
							config={(colours) => overTime(split.stretches, names, colours)}
						/>
					</figure>
				)}
				{running !== null && (
					<figure>
						<figcaption>
							Running share
							{running.isExpected &&
								`; shaded: what chance would allow (${percent(running.confidence)} of the time)`}
						</figcaption>
						<Picture
							label={`The share of each backend after so many connections, ending with ${said}.`}
							heightPx={240}
							config={(colours) => shares(running, backends, colours)}
						/>
					</figure>
				)}
			</div>
		</section>
	);
}

function overTime(
	stretches: Stretches,
	names: readonly string[],
	colours: Colours,
): PictureConfig {
	const { fromMs, stretchMs, counts } = stretches;
	const labels = (counts[0] ?? []).map((_, index) =>
		time(fromMs + index * stretchMs),
	);
	return {
		type: "bar",
		data: {
			labels,
			datasets: counts.flatMap((data, index): Dataset[] =>
				data.some((count) => count > 0)
					? [
							{
								type: "bar",
								label: names[index] ?? "",
								data: [...data],
								backgroundColor: colourOf(colours, index, names.length - 1),
								categoryPercentage: 1,
								barPercentage: 0.9,
							},
						]
					: [],
			),
		},
		options: {
			scales: {
				x: {
					stacked: true,
					ticks: { maxRotation: 0, autoSkipPadding: 12 },
					grid: { display: false },
				},
				y: { ...countAxis("new connections"), stacked: true },
			},
			plugins: { legend: LEGEND },
		},
	};
}

function shares(
	running: NonNullable<SplitView["running"]>,
	backends: readonly string[],
	colours: Colours,
): PictureConfig {
	const { points, isExpected } = running;
	const line = (of: (point: (typeof points)[number]) => number) =>
		points.map((point) => ({ x: point.connections, y: of(point) * 100 }));
	const bands = backends.flatMap((_, index): Dataset[] => {
		// Of two shares one says it all: the bands of both are each other's mirror.
		if (!isExpected || (backends.length === 2 && index === 1)) return [];
		const colour = faded(colourOf(colours, index, backends.length), 0.14);
		const edge = {
			type: "line" as const,
			label: NAMELESS,
			borderWidth: 0,
			pointRadius: 0,
		};
		return [
			{ ...edge, data: line((point) => point.bands[index]?.[1] ?? 0) },
			{
				...edge,
				data: line((point) => point.bands[index]?.[0] ?? 0),
				fill: "-1",
				backgroundColor: colour,
			},
		];
	});
	return {
		type: "line",
		data: {
			datasets: [
				...bands,
				...backends.map(
					(name, index): Dataset => ({
						type: "line",
						label: name,
						data: line((point) => point.shares[index] ?? 0),
						borderColor: colourOf(colours, index, backends.length),
						backgroundColor: colourOf(colours, index, backends.length),
						borderWidth: 2,
						pointRadius: points.length > 30 ? 0 : 2,
					}),
				),
			],
		},
		options: {
			scales: {
				x: {
					type: "linear",
					min: 1,
					max: points.at(-1)?.connections ?? 1,
					title: { display: true, text: "connections" },
					ticks: { precision: 0, maxRotation: 0 },
				},
				y: {
					min: 0,
					max: 100,
					title: { display: true, text: "share" },
					ticks: { callback: (value) => `${value} %` },
				},
			},
			plugins: {
				legend: LEGEND,
				tooltip: { filter: (item) => item.dataset.label !== NAMELESS },
			},
		},
	};
}
