/** Measured figures as a table and in words. Pure. */
import {
	CROWD,
	FAILOVER_PER_SECOND,
	type RunFigures,
	spread,
} from "./figures.ts";

export interface Measured {
	readonly name: string;
	readonly about: string;
	readonly runs: readonly RunFigures[];
}

export interface Measurement {
	/** ISO 8601. */
	readonly createdAt: string;
	/** What it was measured on. */
	readonly machine: string;
	/** Of a minute, before it began and when it was over: who else was busy, and how much of it is ours. */
	readonly loadAverage: { readonly before: number; readonly after: number };
	readonly measured: readonly Measured[];
	/** What could not be measured, and why. */
	readonly missing: readonly string[];
}

interface Row {
	readonly name: string;
	readonly of: (run: RunFigures) => number;
}

const ROWS: readonly Row[] = [
	{ name: "connections/s, one at a time", of: (run) => run.single.perSecond },
	{
		name: `connections/s, ${CROWD} at a time`,
		of: (run) => run.crowd.perSecond,
	},
	{ name: "banner p50, one at a time, ms", of: (run) => run.single.p50Ms },
	{ name: "banner p99, one at a time, ms", of: (run) => run.single.p99Ms },
	{ name: `banner p50, ${CROWD} at a time, ms`, of: (run) => run.crowd.p50Ms },
	{ name: `banner p99, ${CROWD} at a time, ms`, of: (run) => run.crowd.p99Ms },
	{
		name: "failed under these loads",
		of: ({ single, crowd }) => single.failed + crowd.failed,
	},
	{
		name: "share of the first backend, %",
		of: ({ crowd: { split, connections } }) =>
			(100 * (split.b1 ?? 0)) / connections,
	},
	{
		name: "CPU of the router's container, ms per connection",
		of: (run) => run.crowd.routerCpuMs,
	},
	{
		name: "CPU of the whole machine, ms per connection",
		of: (run) => run.crowd.machineCpuMs,
	},
	{
		name: "failover gap, s",
		of: ({ failover: { gapMs } }) =>
			gapMs === null ? Number.POSITIVE_INFINITY : gapMs / 1_000,
	},
	{ name: "failed while failing over", of: (run) => run.failover.failed },
	{
		name: "longest wait for a banner since, ms",
		of: (run) => run.failover.slowestMs,
	},
];

/** A table as Markdown has it, and below it what was compared. */
export function measurementText(measurement: Measurement): string {
	const { measured, missing, machine, createdAt, loadAverage } = measurement;
	const runs = Math.max(...measured.map((one) => one.runs.length));
	const cells = [
		["", ...measured.map(({ name }) => name)],
		...ROWS.map(({ name, of }) => [
			name,
			...measured.map((one) => figure(one.runs.map(of))),
		]),
	];
	return [
		...markdown(cells),
		"",
		`Measured on ${createdAt.slice(0, 10)} on ${machine}; ${
			runs === 1
				? "one run"
				: `median of ${runs} runs, each in a lab of its own, and the range in brackets`
		}. Load average ${loadAverage.before.toFixed(1)} before it began, ${loadAverage.after.toFixed(1)} at its end.`,
		"",
		...measured.map(({ name, about }) => `- ${name}: ${about}.`),
		...missing.map((why) => `- Not measured: ${why}.`),
		"",
		...WORDS,
		"",
	].join("\n");
}

const WORDS = [
	"All of them have the same two backends (postfix), the same client (one Node process) and the same",
	"wires; client, backends and router share one machine's processors, so none of the figures is what a",
	"router of one's own does: where the client or postfix is the limit, all come out alike. A connection",
	"is SYN to banner, then QUIT. Forwarding in the kernel is done in soft interrupts, which are charged to",
	"the running process, not to the router's container: compare what the whole machine needed for a",
	"connection, which client, backends and anything else on the machine are part of.",
	"A kernel under QEMU's translation (tcg) is not a fair router: its row tells about failover, not speed.",
	`Failover: the first backend's mail server is killed under ${FAILOVER_PER_SECOND} connections/s; the gap reaches from there to`,
	"the last connection that failed. A proxy can hand a refused connection to the other backend before its",
	"client notices; rules in the kernel cannot: what they sent to a dead backend fails until the checker",
	"has spoken. Nothing but a refusing server was tried here; one that hangs is another story.",
];

/** `1204 (1180–1230)`; a single run has no range. All three with as many digits as the median needs. */
export function figure(values: readonly number[]): string {
	const { median, least, most } = spread(values);
	const finite = values.filter(Number.isFinite);
	const digits = finite.every(Number.isInteger)
		? 0
		: median >= 100
			? 0
			: median >= 10
				? 1
				: 2;
	const text = (value: number) =>
		Number.isFinite(value) ? value.toFixed(digits) : "does not end";
	if (values.length === 1 || least === most) return text(median);
	return `${text(median)} (${text(least)}–${text(most)})`;
}

function markdown(rows: readonly (readonly string[])[]): readonly string[] {
	const widths = (rows[0] ?? []).map((_, column) =>
		Math.max(...rows.map((row) => row[column]?.length ?? 0)),
	);
	const line = (cells: readonly string[]) =>
		`| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
	const rule = line(widths.map((width) => "-".repeat(width)));
	const [head = [], ...body] = rows;
	return [line(head), rule, ...body.map(line)];
}
