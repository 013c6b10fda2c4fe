/**
 * What a packet costs with ever more rules, entries and connections, as a drawing: `make bench ONLY=charts` writes
 * `docs/cost.svg`. Times are of CPU, medians of rounds in turns.
 */
import { writeFileSync } from "node:fs";
import { connectOnly, smtp } from "../scenarios/language/build/build.ts";
import type { Dialogue } from "../sim/endpoint/dialogue.ts";
import { receive } from "../sim/gateway/ip/events.ts";
import { takeEmissions } from "../sim/gateway/ip/neighbours.ts";
import type { GatewayState } from "../sim/gateway/state/gateway-state.ts";
import { playMany } from "./play-bench.ts";
import { createRecipeGateway, OUTSIDE, syns } from "./recipe-gateway.ts";
import {
	connectionsTo,
	gatewayBehind,
	hostRule,
	prefixRule,
} from "./rules-bench.ts";
import { median, perSecond, type Series } from "./series.ts";

const ROUNDS = 2;
const FILE = "docs/cost.svg";

interface Line {
	readonly name: string;
	/** How many there are, and what one costs then, µs. */
	readonly points: readonly (readonly [count: number, cost: number])[];
}

interface Chart {
	readonly title: string;
	readonly unit: string;
	readonly lines: readonly Line[];
}

/** Measures and draws; the figures of the greatest numbers are returned. */
export function measureCharts(): readonly Series[] {
	const charts = [costOfRules(), costOfEntries(), costOfConnections()];
	writeFileSync(FILE, drawing(charts));
	console.error(`${FILE} is drawn`);
	return charts.flatMap(({ title, lines }) =>
		lines.map(({ name, points }) => ({
			name: `${title}, ${name}`,
			unit: "µs",
			values: [points.at(-1)?.[1] ?? 0],
			digits: 2,
		})),
	);
}

function costOfRules(): Chart {
	const counts = [1, 10, 100, 1_000, 10_000, 100_000];
	const line = (name: string, rule: (index: number) => string): Line => ({
		name,
		points: inTurns(
			counts,
			(count) => gatewayBehind(count, rule),
			connectionsTo,
		),
	});
	return {
		title: "new connection behind many rules",
		unit: "rules",
		lines: [
			line("hosts and ports", hostRule),
			line("prefixes of 8 to 32 bits", prefixRule),
		],
	};
}

const MOST_ENTRIES = 1_000_000;
const PACKETS = 100_000;
const BATCH = 10_000;

function costOfEntries(): Chart {
	const counts = [10, 100, 1_000, 10_000, 100_000, MOST_ENTRIES];
	const gateway = createRecipeGateway(MOST_ENTRIES);
	let entries = 0;
	const points = counts.map((count): [number, number] => {
		while (entries < count) {
			const to = Math.min(count, entries + BATCH);
			sendAll(gateway, entries, to);
			entries = to;
		}
		const values = Array.from({ length: ROUNDS + 1 }, () =>
			retransmit(gateway, count),
		);
		return [count, median(values.slice(1))];
	});
	return {
		title: "packet among many entries",
		unit: "entries",
		lines: [{ name: "of connections all over the table", points }],
	};
}

/** SYNs again, of connections all over the table. @returns µs for one */
function retransmit(gateway: GatewayState, count: number): number {
	const stride = Math.max(1, Math.floor(count / PACKETS));
	const packets = syns(0, count).filter((_, index) => index % stride === 0);
	const times = Math.ceil(PACKETS / packets.length);
	return (
		1e6 /
		perSecond(packets.length * times, () => {
			for (let time = 0; time < times; time++)
				for (const packet of packets) {
					receive(gateway, OUTSIDE, packet);
					takeEmissions(gateway);
				}
		})
	);
}

function sendAll(gateway: GatewayState, from: number, to: number): void {
	for (const packet of syns(from, to)) {
		receive(gateway, OUTSIDE, packet);
		takeEmissions(gateway);
	}
}

function costOfConnections(): Chart {
	const counts = [10, 100, 1_000, 10_000, 100_000];
	const line = (name: string, dialogue: Dialogue): Line => ({
		name,
		points: inTurns(
			counts,
			(count) => count,
			(count) =>
				perSecond(count * timesOf(count), () => {
					for (let time = 0; time < timesOf(count); time++)
						playMany(count, dialogue);
				}),
		),
	});
	return {
		title: "connection of a whole play",
		unit: "connections",
		lines: [
			line("SMTP dialogues", smtp()),
			line("connections that close", connectOnly()),
		],
	};
}

/** So often that it can be measured. */
function timesOf(count: number): number {
	return Math.max(1, Math.floor(1_000 / count));
}

/** @returns by count, µs for one: medians of rounds, of which the first is not counted */
function inTurns<Made>(
	counts: readonly number[],
	make: (count: number) => Made,
	speedOf: (made: Made) => number,
): Line["points"] {
	const made = counts.map(make);
	const rounds = Array.from({ length: ROUNDS + 1 }, () =>
		made.map((one) => 1e6 / speedOf(one)),
	).slice(1);
	return counts.map((count, index) => [
		count,
		median(rounds.map((round) => round[index] as number)),
	]);
}

const WIDTH = 360;
const HEIGHT = 250;
const LEFT = 46;
const TOP = 34;
const PLOT = { width: WIDTH - LEFT - 16, height: HEIGHT - TOP - 62 };
const COLOURS = ["#0b6bcb", "#c2410c"];

function drawing(charts: readonly Chart[]): string {
	const width = WIDTH * charts.length;
	const parts = charts.map(
		(chart, index) =>
			`<g transform="translate(${index * WIDTH} 0)">${partsOf(chart).join("")}</g>`,
	);
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="#333" role="img"><title>What one costs, in microseconds of CPU, with ever more rules, entries and connections</title><rect width="${width}" height="${HEIGHT}" fill="#fff"/>\n${parts.join("\n")}\n</svg>\n`;
}

/** Both axes are logarithmic. */
function partsOf({ title, unit, lines }: Chart): readonly string[] {
	const all = lines.flatMap(({ points }) => points);
	const decadesX = decadesOf(all.map(([count]) => count));
	const decadesY = decadesOf(all.map(([, cost]) => cost));
	const x = (count: number) => LEFT + share(decadesX, count) * PLOT.width;
	const y = (cost: number) => TOP + (1 - share(decadesY, cost)) * PLOT.height;
	const bottom = TOP + PLOT.height;
	const grid = [
		...ticksOf(decadesX).flatMap((count) => [
			rule(x(count), TOP, x(count), bottom),
			text(x(count), bottom + 14, count.toLocaleString("en"), "middle"),
		]),
		...ticksOf(decadesY).flatMap((cost) => [
			rule(LEFT, y(cost), LEFT + PLOT.width, y(cost)),
			text(LEFT - 6, y(cost) + 4, `${cost} µs`, "end"),
		]),
	];
	const curves = lines.flatMap(({ name, points }, index) => {
		const colour = COLOURS[index] as string;
		const path = points.map(
			([count, cost]) => `${round(x(count))},${round(y(cost))}`,
		);
		return [
			`<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
			...points.map(
				([count, cost]) =>
					`<circle cx="${round(x(count))}" cy="${round(y(cost))}" r="3" fill="${colour}"><title>${count.toLocaleString("en")} ${unit}: ${cost.toFixed(2)} µs</title></circle>`,
			),
			`<rect x="${LEFT + index * 130}" y="${HEIGHT - 20}" width="10" height="10" fill="${colour}"/>`,
			text(LEFT + 14 + index * 130, HEIGHT - 11, name, "start"),
		];
	});
	return [
		`<text x="${LEFT}" y="18" font-size="13" font-weight="600">${title}</text>`,
		...grid,
		text(LEFT + PLOT.width / 2, bottom + 28, unit, "middle"),
		...curves,
	];
}

type Decades = readonly [from: number, to: number];

function decadesOf(values: readonly number[]): Decades {
	const from = Math.floor(Math.log10(Math.min(...values)));
	return [from, Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

function share([from, to]: Decades, value: number): number {
	return (Math.log10(value) - from) / (to - from);
}

function ticksOf([from, to]: Decades): readonly number[] {
	return Array.from({ length: to - from + 1 }, (_, index) =>
		Number(`1e${from + index}`),
	);
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
	return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#e2e2e2"/>`;
}

function text(x: number, y: number, words: string, anchor: string): string {
	return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
}

function round(value: number): number {
	return Math.round(value * 10) / 10;
}
