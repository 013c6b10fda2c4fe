/**
 * A scenario's connections at a glance: how many met which backend, and in which order.
 *
 *     b1 ██████████ 500  b2 ██████████ 500   12121212121212…
 *     b1 ███ 4  b2 █████████████████ 20      1212│2222222…│1212    2 refused
 */

import { byService } from "../../scenarios/result/by-service.ts";
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
const STRIP_WIDTH = 40;
/** Shown of each stretch at least, however many there are. */
const STRETCH_LEAST = 6;

const COLOURS = ["cyan", "magenta", "yellow", "green", "blue"] as const;
/** A connection that met no backend. */
const NONE = "·";
const SOMETHING_HAPPENED = "│";
const AND_SO_ON = "…";

/** A line for each service, with its name where there are several; none when there are no connections to show. */
export function pictures(
	names: readonly string[],
	account: Pick<Account, "connections" | "operations" | "events">,
	paint: Paint,
): readonly string[] {
	const { connections } = account;
	const services = [...byService(connections)];
	if (services.length < 2) {
		const line = picture(names, account, paint);
		return line === "" ? [] : [line];
	}
	const width = Math.max(...services.map(([name]) => screenText(name).length));
	return services.map(([name, own]) => {
		const met = new Set(own.map(({ backend }) => backend));
		const line = picture(names, { ...account, connections: own }, paint, met);
		return `${screenText(name).padEnd(width)}  ${line}`;
	});
}

/** @param shown backends that get a bar; all when left out */
function picture(
	names: readonly string[],
	account: Pick<Account, "connections" | "operations" | "events">,
	paint: Paint,
	shown: ReadonlySet<string | null> = new Set(names),
): string {
	const { connections } = account;
	if (connections.length === 0) return "";
	const backends = shownAs(names, paint);
	const withBars = new Map([...backends].filter(([name]) => shown.has(name)));
	return [
		bars(connections, withBars),
		path(names, account, paint, STRIP_WIDTH).text,
		remarks(connections),
	]
		.join("   ")
		.trimEnd();
}

/** `1212│2222…│1212`: which backend each connection met, in about `width` columns. */
export function path(
	names: readonly string[],
	account: Pick<Account, "connections" | "operations" | "events">,
	paint: Paint,
	width: number,
): { readonly text: string; readonly width: number } {
	const { connections } = account;
	if (connections.length === 0) return { text: "", width: 0 };
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

/** `b1 ██████████ 500  b2 ██████████ 500`. */
function bars(
	connections: readonly ConnectionRecord[],
	backends: Backends,
): string {
	let width = -2;
	const shown = [...backends].map(([name, { paintBar }]) => {
		const met = connections.filter(({ backend }) => backend === name).length;
		const share = Math.round((met / connections.length) * BAR_WIDTH);
		const bar = met === 0 ? "" : `${"█".repeat(Math.max(1, share))} `;
		const said = screenText(name);
		width += `  ${said} ${bar}${met}`.length;
		return `${said} ${paintBar(bar)}${met}`;
	});
	return shown.join("  ") + " ".repeat(Math.max(0, BARS_WIDTH - width));
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
