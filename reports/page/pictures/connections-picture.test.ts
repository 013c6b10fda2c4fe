import { expect, it } from "vitest";
import type { ConnectionView } from "../../contract/report.ts";
import { connection, entry } from "../../contract/test-entries.ts";
import type { Colours } from "../parts/colours.ts";
import { connectionsPicture } from "./connections-picture.ts";

const COLOURS = { backends: ["#000000"] } as unknown as Colours;

/** In words where each stands, and from when on it is late. */
function pictureOf(shown: readonly ConnectionView[]) {
	const connections = { ...entry({ name: "a", suite: "b", title: "" }) };
	const one: typeof connections = {
		...connections,
		connections: { ...connections.connections, noun: "flow", shown },
	};
	const { data, options } = connectionsPicture(one, {
		colours: COLOURS,
		widthPx: 1_000,
		onChoose: () => {},
	});
	const { ticks } = (options?.scales?.y ?? {}) as {
		readonly ticks: { readonly callback: (value: number) => string };
	};
	const { annotations } = options?.plugins?.annotation ?? {};
	const lines = Object.values(annotations ?? {}) as readonly {
		readonly yMin?: number;
	}[];
	const points = data.datasets.flatMap(
		(set) => set.data as unknown as { number: number; y: number }[],
	);
	return {
		places: points
			.toSorted((a, b) => a.number - b.number)
			.map(({ y }) => ticks.callback(y)),
		lateMs: lines.flatMap(({ yMin }) => yMin ?? []),
	};
}

const sent = (number: number) =>
	connection({
		number,
		startedMs: 0,
		backend: 0,
		protocol: "udp",
		outcome: "sent",
		serving: "served",
		connectedMs: null,
		greetedMs: null,
	});

it("has a lane for flows that await no answer, and does not call them lost", () => {
	const lost = { ...sent(2), outcome: "undelivered", serving: "lost" as const };
	const waiting = { ...sent(3), outcome: "open", serving: "waiting" as const };
	expect(pictureOf([sent(1), lost, waiting]).places).toEqual([
		"sent",
		"lost",
		"waiting",
	]);
	expect(pictureOf([lost]).places).toEqual(["lost"]);
});

it("draws the line of what is late where their clients send again", () => {
	const answered = (number: number, waitMs: number, againMs: number | null) =>
		({
			...sent(number),
			startedMs: 0,
			connectedMs: waitMs,
			outcome: "answered",
			serving: againMs === null ? "served" : "late",
			retransmittedMs: againMs === null ? [] : [againMs],
		}) as const;
	expect(pictureOf([answered(1, 40, null)]).lateMs).toEqual([]);
	expect(
		pictureOf([answered(1, 1_500, null), answered(2, 5_020, 5_000)]).lateMs,
	).toEqual([5_000]);
	const mixed = [answered(1, 2_100, 2_000), answered(2, 5_020, 5_000)];
	expect(pictureOf(mixed).lateMs).toEqual([]);
	const tcp = { ...answered(3, 3_000, 1_000), protocol: "tcp" as const };
	expect(pictureOf([tcp]).lateMs).toEqual([1_000]);
});
