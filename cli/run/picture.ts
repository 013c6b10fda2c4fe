/**
 * A scenario's connections at a glance: how many met which backend, and in which order.
 *
 *     b1 ██████████ 500  b2 ██████████ 500   12121212121212…
 *     b1 ███ 4  b2 █████████████████ 20      1212│2222222…│1212    2 refused
 *
 * What a line has no room for stands below it.
 */

import { counted } from "../../reports/wording.ts";
import {
	byClient,
	byService,
	bySource,
} from "../../scenarios/result/groups.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { lateWords, servingCounts } from "../../scenarios/result/serving.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { screenText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";

const BAR_WIDTH = 20;
/** Bars of two backends with two-digit counts fit; what stands behind them is then aligned. */
const BARS_WIDTH = 36;
/** Of the strip: the widest that there is room for; else it stands below, as wide as the first. */
const STRIP_WIDTHS = [40, 32, 24, 16] as const;
const STRIP_GAP = 3;
/** Shown of each stretch at least, however many there are. */
const STRETCH_LEAST = 6;

const COLOURS = ["cyan", "magenta", "yellow", "green", "blue"] as const;
/** A connection that met no backend. */
const NONE = "·";
const SOMETHING_HAPPENED = "│";
const AND_SO_ON = "…";

type Pictured = Pick<Account, "connections" | "operations" | "events">;

export interface PictureView {
	readonly paint: Paint;
	/** Room for a line. */
	readonly columns: number;
}

/** A picture for each service, with its name where there are several; none when there are no connections to show. */
export function pictures(
	names: readonly string[],
	account: Pictured,
	view: PictureView,
): readonly string[] {
	const services = [...byService(account.connections)];
	if (services.length < 2)
		return picture(names, account, {
			...view,
			remarks: remarks(account.connections),
		});
	const isMixed = new Set(account.connections.map(protocolOf)).size > 1;
	return labelled(
		services.map(([name, own]) => {
			const protocol = isMixed ? ` ${own.map(protocolOf)[0]}` : "";
			return { label: `${screenText(name)}${protocol}`, connections: own };
		}),
		(own, room) => {
			const met = new Set(own.map(({ backend }) => backend));
			const connections = { ...account, connections: own };
			return picture(names, connections, {
				...view,
				columns: room,
				shown: met,
				remarks: remarks(own),
			});
		},
		view,
	);
}

function protocolOf({ protocol }: ConnectionRecord): string {
	return protocol ?? "tcp";
}

/** Clients that get a picture of their own. */
const MOST_CLIENTS = 12;

/** The split by translated source, and that of each client, where these are asked for. */
export function splitPictures(
	result: Pick<RunResult, "scenario" | "account">,
	view: PictureView,
): readonly string[] {
	const names = result.scenario.setup.backends.map(({ name }) => name);
	const { account } = result;
	const sources = bySource(result);
	const clients = byClient(result);
	const groups = [...(clients?.groups ?? [])];
	const more = groups.length - MOST_CLIENTS;
	return [
		...(sources === null ? [] : sourcePicture(sources, account, view)),
		...(clients === null ? [] : [`by client${clients.of}`]),
		...labelled(
			groups
				.slice(0, MOST_CLIENTS)
				.map(([name, connections]) => ({ label: name, connections })),
			(connections, room) =>
				picture(
					names,
					{ ...account, connections },
					{
						...view,
						columns: room - 2,
						shown: new Set(connections.map(({ backend }) => backend)),
					},
				),
			view,
		).map((line) => `  ${line}`),
		...(more > 0 ? [`  and ${counted(more, "more client")}`] : []),
	];
}

/** As if each source were a backend. */
function sourcePicture(
	sources: ReadonlyMap<string, readonly ConnectionRecord[]>,
	account: Pictured,
	view: PictureView,
): readonly string[] {
	const given = new Map(
		[...sources].flatMap(([source, own]) =>
			own.map(({ id }) => [id, source] as const),
		),
	);
	const connections = account.connections.map((one) => ({
		...one,
		backend: given.get(one.id) ?? null,
	}));
	return labelled(
		[{ label: "by source", connections }],
		(own, room) =>
			picture(
				[...sources.keys()],
				{ ...account, connections: own },
				{ ...view, columns: room },
			),
		view,
	);
}

/** Pictures behind their labels, one below the other. */
function labelled(
	parts: readonly {
		readonly label: string;
		readonly connections: readonly ConnectionRecord[];
	}[],
	draw: (
		connections: readonly ConnectionRecord[],
		room: number,
	) => readonly string[],
	{ columns }: PictureView,
): readonly string[] {
	const width = Math.max(0, ...parts.map(({ label }) => label.length));
	return parts.flatMap(({ label, connections }) =>
		draw(connections, columns - width - 2).map(
			(line, index) => `${(index === 0 ? label : "").padEnd(width)}  ${line}`,
		),
	);
}

/** @param shown backends that get a bar; all when left out */
function picture(
	names: readonly string[],
	account: Pictured,
	{
		paint,
		columns,
		shown = new Set(names),
		remarks = "",
	}: PictureView & {
		readonly shown?: ReadonlySet<string | null>;
		readonly remarks?: string;
	},
): readonly string[] {
	const { connections } = account;
	if (connections.length === 0) return [];
	const backends = shownAs(names, paint);
	const withBars = new Map([...backends].filter(([name]) => shown.has(name)));
	const lines = packed(bars(connections, withBars), columns, 2);
	const [last = NOTHING] = lines.slice(-1);
	const padding = lines.length > 1 ? 0 : Math.max(0, BARS_WIDTH - last.width);
	const room = columns - last.width - padding - STRIP_GAP;
	const strips = STRIP_WIDTHS.map((width) =>
		path(names, account, paint, width),
	);
	const strip =
		strips.find(({ width }) => width <= room) ?? strips[0] ?? NOTHING;
	return [
		...lines.slice(0, -1),
		...packed(
			[
				{
					text: last.text + " ".repeat(padding),
					width: last.width + padding,
				},
				strip,
				{ text: remarks, width: remarks.length },
			],
			columns,
			STRIP_GAP,
		),
	].map(({ text }) => text.trimEnd());
}

/** A text, and how many columns it takes: colours take none. */
interface Piece {
	readonly text: string;
	readonly width: number;
}

const NOTHING: Piece = { text: "", width: 0 };

/** As many of them in a line as there is room for, `gap` apart. */
function packed(
	pieces: readonly Piece[],
	columns: number,
	gap: number,
): readonly Piece[] {
	const lines: Piece[] = [];
	for (const piece of pieces) {
		if (piece.width === 0) continue;
		const last = lines.at(-1);
		const width = (last?.width ?? 0) + gap + piece.width;
		if (last === undefined || width > columns) lines.push(piece);
		else
			lines[lines.length - 1] = {
				text: `${last.text}${" ".repeat(gap)}${piece.text}`,
				width,
			};
	}
	return lines;
}

/** `1212│2222…│1212`: which backend each connection met, in about `width` columns. */
export function path(
	names: readonly string[],
	account: Pictured,
	paint: Paint,
	width: number,
): Piece {
	const { connections } = account;
	if (connections.length === 0) return NOTHING;
	const parts = stretches(connections, moments(account));
	const plain = strip(parts, { backends: shownAs(names, unpainted), width });
	const backends = shownAs(names, paint);
	return {
		text: strip(parts, { backends, width, paint }),
		width: plain.length,
	};
}

const unpainted: Paint = (_, text) => text;

function shownAs(names: readonly string[], paint: Paint): Backends {
	return new Map(
		names.map((name, index): [string, Shown] => {
			const colour = COLOURS[index % COLOURS.length] ?? "white";
			// 1 to 9, then letters.
			const symbol = paint(colour, (index + 1).toString(36));
			return [name, { symbol, paintBar: (bar) => paint(colour, bar) }];
		}),
	);
}

/** How a backend is shown. */
interface Shown {
	readonly symbol: string;
	paintBar(bar: string): string;
}

type Backends = ReadonlyMap<string, Shown>;

/** `b1 ██████████ 500` of each. */
function bars(
	connections: readonly ConnectionRecord[],
	backends: Backends,
): readonly Piece[] {
	return [...backends].map(([name, { paintBar }]) => {
		const met = connections.filter(({ backend }) => backend === name).length;
		const share = Math.round((met / connections.length) * BAR_WIDTH);
		const bar = met === 0 ? "" : `${"█".repeat(Math.max(1, share))} `;
		const said = screenText(name);
		return {
			text: `${said} ${paintBar(bar)}${met}`,
			width: `${said} ${bar}${met}`.length,
		};
	});
}

function strip(
	parts: readonly (readonly ConnectionRecord[])[],
	how: {
		readonly backends: Backends;
		readonly width: number;
		readonly paint?: Paint;
	},
): string {
	const { backends, paint = unpainted } = how;
	const room = Math.max(STRETCH_LEAST, Math.floor(how.width / parts.length));
	const shown: string[] = [];
	let width = 0;
	for (const part of parts) {
		width += Math.min(part.length, room) + 1;
		if (width > how.width + 1) break;
		const path = part
			.slice(0, room)
			.map(({ backend }) => backends.get(backend ?? "")?.symbol)
			.map((symbol) => symbol ?? paint("dim", NONE));
		shown.push(path.join("") + (part.length > room ? AND_SO_ON : ""));
	}
	if (shown.length < parts.length) shown.push(AND_SO_ON);
	return shown.join(paint("dim", SOMETHING_HAPPENED));
}

/** When something was done to the gateway or a backend, or was found out about one. */
function moments({
	operations,
	events,
}: Pick<Account, "operations" | "events">): readonly number[] {
	const happened = events.filter(({ kind }) => kind !== "probe");
	return [...operations, ...happened]
		.map(({ atMs }) => atMs)
		.sort((a, b) => a - b);
}

/** The connections between two moments each, in their order. */
function stretches(
	connections: readonly ConnectionRecord[],
	moments: readonly number[],
): readonly (readonly ConnectionRecord[])[] {
	const found: ConnectionRecord[][] = [];
	let next = 0;
	for (const connection of connections) {
		let isNew = found.length === 0;
		while (
			(moments[next] ?? Number.POSITIVE_INFINITY) <= connection.startedMs
		) {
			next++;
			isNew = true;
		}
		if (isNew) found.push([]);
		found[found.length - 1]?.push(connection);
	}
	return found;
}

const AS_WISHED: ReadonlySet<string> = new Set([
	"completed",
	"open",
	"answered",
	"sent",
]);

/** What did not go as a client wishes: `2 refused, 1 moved, 3 late (longest wait 3 s)`. */
function remarks(connections: readonly ConnectionRecord[]): string {
	const counts = new Map<string, number>();
	for (const { outcome, met } of connections) {
		if (!AS_WISHED.has(outcome))
			counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
		if (met.length > 1) counts.set("moved", (counts.get("moved") ?? 0) + 1);
	}
	const { late, longestWaitMs } = servingCounts(connections);
	return [
		...[...counts].map(([what, count]) => `${count} ${what}`),
		...(late === 0 ? [] : [lateWords(late, longestWaitMs)]),
	].join(", ");
}
