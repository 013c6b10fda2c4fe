/**
 * How fast the model is, with the recipe and both conditions, in one process: `make bench`.
 * Figures are medians over rounds of one run, per second of CPU time; compare figures of one run only.
 *
 * `--json` prints the medians alone, for `against.ts`; `--record=0.2.0` adds them to `history.json` as those of a
 * version; a word takes the measurements whose names contain it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { measureAnalysis } from "./analysis-bench.ts";
import { measureCharts } from "./cost-chart.ts";
import { measureGateway } from "./gateway-bench.ts";
import { measureKernel } from "./kernel-bench.ts";
import { measureMemory } from "./memory-bench.ts";
import { measureParser } from "./parser-bench.ts";
import { measurePlays } from "./play-bench.ts";
import { measureRules } from "./rules-bench.ts";
import { type Figures, median, ratioOf, type Series } from "./series.ts";
import { measureSplit } from "./split-bench.ts";

/** Memory is first, while there is nothing else that could be taken for it. */
const MEASUREMENTS: Readonly<Record<string, () => readonly Series[]>> = {
	memory: measureMemory,
	gateway: measureGateway,
	plays: measurePlays,
	rules: measureRules,
	parser: measureParser,
	split: measureSplit,
	analysis: measureAnalysis,
	kernel: measureKernel,
};
/** Only when they are asked for: they write a file of the documentation. */
const DRAWINGS: typeof MEASUREMENTS = { charts: measureCharts };

interface Release {
	readonly version: string;
	/** What they were measured on: figures of another machine say little. */
	readonly machine: string;
	readonly figures: Figures;
}

const words = process.argv.slice(2);
const isJson = words.includes("--json");
const only = words.find((word) => !word.startsWith("--")) ?? "";
const recorded = words
	.find((word) => word.startsWith("--record="))
	?.slice("--record=".length);
const chosen = Object.entries(
	only in DRAWINGS ? DRAWINGS : MEASUREMENTS,
).filter(([name]) => name.includes(only));
if (chosen.length === 0) {
	console.error(
		`there is no measurement "${only}"; there are: ${Object.keys({ ...MEASUREMENTS, ...DRAWINGS }).join(", ")}`,
	);
	process.exit(2);
}

const HISTORY = "bench/history.json";

function readReleases(): readonly Release[] {
	const text = readFileSync(HISTORY, "utf8");
	return (JSON.parse(text) as { releases: readonly Release[] }).releases;
}

/** What was measured takes the place of what the version has of the same names. */
function record(version: string, figures: Figures): void {
	const all = readReleases();
	const before = all.find((one) => one.version === version)?.figures;
	const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Linux ${release()}, node ${process.version}`;
	const now = { version, machine, figures: { ...before, ...figures } };
	const releases = [...all.filter((one) => one.version !== version), now];
	writeFileSync(HISTORY, `${JSON.stringify({ releases }, null, "\t")}\n`);
}

function print(series: Series, last: Release | undefined): void {
	const { name, unit, values, aim, digits = 0 } = series;
	const thousands = new Intl.NumberFormat("en-US", {
		maximumFractionDigits: digits,
	});
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const before = last?.figures[name];
	const cells = [
		name.padEnd(34),
		thousands.format(median(values)).padStart(12),
		unit.padEnd(16),
		`${thousands.format(low)} … ${thousands.format(high)}`.padEnd(28),
		(aim === undefined ? "" : `aim ${thousands.format(aim)}`).padEnd(16),
		before === undefined ? "" : ratioOf(median(values), before),
	];
	console.log(cells.join(" ").trimEnd());
}

const figures: Record<string, number> = {};
const last = isJson ? undefined : readReleases().at(-1);
if (!isJson) {
	console.log(`node ${process.version} on ${process.platform} ${process.arch}`);
	console.log(
		`\n${"".padEnd(34)} ${"median".padStart(12)} ${"".padEnd(16)} ${"lowest … highest".padEnd(28)} ${"".padEnd(16)} ${last === undefined ? "" : `of ${last.version}'s, on another machine perhaps`}`,
	);
}
for (const [, measure] of chosen)
	for (const series of measure()) {
		figures[series.name] = median(series.values);
		if (!isJson) print(series, last);
	}
if (isJson) console.log(JSON.stringify(figures, null, "\t"));
if (recorded !== undefined) record(recorded, figures);
