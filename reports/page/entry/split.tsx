import { Fragment } from "preact";
import type { Entry, SplitView, Stretches } from "../../contract/report.ts";
import {
	type Colours,
	colourClass,
	colourOf,
	faded,
} from "../parts/colours.ts";
import { counted, number, percent, shortNames, time } from "../parts/format.ts";
import {
	countAxis,
	type Dataset,
	LEGEND,
	NAMELESS,
	timeAxis,
} from "../pictures/axes.ts";
import { Picture, type PictureConfig } from "../pictures/chart.tsx";
import { stretchBars, stretchName } from "../pictures/stretch-bars.ts";

/** Of a name, in a picture. */
const MOST_SIGNS = 20;

/** Connections per backend: the total, over time, and how the shares settled. */
export function Split({
	entry,
	split,
}: {
	readonly entry: Entry;
	readonly split: SplitView;
}) {
	const { backends, connections } = entry;
	const nouns = `${connections.noun}s`;
	const names = [...backends, "no backend"];
	const short = shortNames(names, MOST_SIGNS);
	const said = names
		.map((name, index) => `${name} ${split.totals[index]}`)
		.filter(
			(_, index) => index < backends.length || (split.totals[index] ?? 0) > 0,
		)
		.join(", ");
	const { running, sources, clients } = split;
	return (
		<section>
			<h4>The split</h4>
			{split.services.length === 0 ? (
				<Totals totals={split.totals} names={names} noun={connections.noun} />
			) : (
				split.services.map(({ name, protocol, totals }) => (
					<Fragment key={name}>
						<h5>
							{name === "" ? "the service without a name" : name}{" "}
							<span class="protocol">{protocol}</span>
						</h5>
						<Totals
							totals={totals}
							names={names}
							noun={protocol === "udp" ? "flow" : "connection"}
						/>
					</Fragment>
				))
			)}
			{sources.length > 0 && (
				<>
					<h5>By the source that backends see</h5>
					<Totals
						totals={[...sources.map(({ total }) => total), 0]}
						names={[...sources.map(({ name }) => name), ""]}
						noun={connections.noun}
					/>
				</>
			)}
			{clients !== null && (
				<Clients clients={clients} names={names} nouns={nouns} />
			)}
			<div class="pictures">
				{connections.total > 2 && entry.failover === null && (
					<figure>
						<figcaption>
							New {nouns} per backend, each {time(split.stretches.stretchMs)}
						</figcaption>
						<Picture
							label={`New ${nouns} per backend over time. In all: ${said}.`}
							heightPx={240}
							config={(colours) =>
								overTime(split.stretches, short, { colours, nouns })
							}
						/>
					</figure>
				)}
				{running !== null && (
					<figure>
						<figcaption>
							Running share
							{running.of !== "" && ` of the ${nouns}${running.of}`}
							{running.expected.length > 0 && "; dashed: what is expected"}
							{running.hasBands &&
								`; shaded: what chance would allow (${percent(running.confidence)} of the time)`}
						</figcaption>
						<Picture
							label={describeShares(running, backends, connections.noun)}
							heightPx={240}
							config={(colours) =>
								shares(running, short.slice(0, backends.length), {
									colours,
									nouns,
								})
							}
						/>
					</figure>
				)}
			</div>
		</section>
	);
}

type Clients = NonNullable<SplitView["clients"]>;

/** A bar for each client, or network of clients. */
function Clients({
	clients,
	names,
	nouns,
}: {
	readonly clients: Clients;
	readonly names: readonly string[];
	readonly nouns: string;
}) {
	const { of, shown, omitted } = clients;
	return (
		<>
			<h5>
				By client
				{of !== "" && `: the ${nouns}${of}`}
			</h5>
			<table class="clients">
				<tbody>
					{shown.map(({ name, totals }) => (
						<tr key={name}>
							<th scope="row">{name}</th>
							<td>
								<Totals
									totals={totals}
									names={names}
									noun={nouns.slice(0, -1)}
								/>
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{omitted > 0 && (
				<p class="remark">… and {counted(omitted, "more client")}.</p>
			)}
		</>
	);
}

/** A bar of all connections, in parts by backend. @param names of the backends, and last `no backend` */
function Totals({
	totals,
	names,
	noun,
}: {
	readonly totals: readonly number[];
	readonly names: readonly string[];
	readonly noun: string;
}) {
	const all = totals.reduce((sum, count) => sum + count, 0);
	const short = shortNames(names, MOST_SIGNS);
	const said = names
		.map((name, index) => `${name} ${totals[index]}`)
		.filter((_, index) => (totals[index] ?? 0) > 0)
		.join(", ");
	return (
		<div
			class="total"
			role="img"
			aria-label={`Of ${counted(all, noun)}: ${said}`}
		>
			{totals.map(
				(total, index) =>
					total > 0 && (
						<span
							key={names[index]}
							class={index < names.length - 1 ? colourClass(index) : "none"}
							title={names[index]}
							style={{ flexGrow: total }}
						>
							{short[index]} {number(total)} · {percent(total / all)}
						</span>
					),
			)}
		</div>
	);
}

/** `The share of each backend, connection by connection; after 10 connections: b1 50 %, b2 50 %.` */
function describeShares(
	{ points, of }: NonNullable<SplitView["running"]>,
	backends: readonly string[],
	noun: string,
): string {
	const last = points.at(-1);
	const said = backends
		.map((name, index) => `${name} ${percent(last?.shares[index] ?? 0)}`)
		.join(", ");
	return `The share of each backend, ${noun} by ${noun}; after ${counted(last?.connections ?? 0, noun)}${of}: ${said}.`;
}

function overTime(
	stretches: Stretches,
	names: readonly string[],
	{ colours, nouns }: { readonly colours: Colours; readonly nouns: string },
): PictureConfig {
	const { fromMs, stretchMs, counts } = stretches;
	const toMs = fromMs + (counts[0]?.length ?? 0) * stretchMs;
	return {
		type: "bar",
		data: {
			datasets: counts.flatMap((data, index) =>
				stretchBars(stretches, data, {
					label: names[index] ?? "",
					backgroundColor: colourOf(colours, index, names.length - 1),
				}),
			),
		},
		options: {
			scales: {
				x: { ...timeAxis(fromMs, toMs), stacked: true },
				y: { ...countAxis(`new ${nouns}`), stacked: true },
			},
			plugins: {
				legend: LEGEND,
				tooltip: {
					callbacks: {
						title: ([item]) => stretchName(item?.parsed.x ?? 0, stretches),
					},
				},
			},
		},
	};
}

function shares(
	running: NonNullable<SplitView["running"]>,
	backends: readonly string[],
	{ colours, nouns }: { readonly colours: Colours; readonly nouns: string },
): PictureConfig {
	const { points, hasBands, expected } = running;
	const line = (of: (point: (typeof points)[number]) => number) =>
		points.map((point) => ({ x: point.connections, y: of(point) * 100 }));
	const bands = backends.flatMap((_, index): Dataset[] => {
		// Of two shares one says it all: the bands of both are each other's mirror.
		if (!hasBands || (backends.length === 2 && index === 1)) return [];
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
	const last = points.at(-1)?.connections ?? 1;
	const targets = [...new Set(expected)].flatMap((share): Dataset[] => {
		if (share === 0 || share === 1) return [];
		// Backends of equal shares have one line.
		const its = expected.indexOf(share);
		const isShared = expected.lastIndexOf(share) !== its;
		return [
			{
				type: "line",
				label: `${percent(share)} expected`,
				data: [1, last].map((x) => ({ x, y: share * 100 })),
				borderColor: isShared
					? colours.text
					: colourOf(colours, its, backends.length),
				backgroundColor: "transparent",
				borderDash: [6, 4],
				borderWidth: 1.5,
				pointRadius: 0,
			},
		];
	});
	return {
		type: "line",
		data: {
			datasets: [
				...bands,
				...targets,
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
					max: last,
					title: { display: true, text: nouns },
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
