/**
 * How fast the model is, with the recipe and both conditions, in one process: `make bench`.
 * Figures are medians over rounds of one run, per second of CPU time; compare figures of one run only.
 *
 * `--json` prints the medians alone, for `against.ts` and `history.json`; a word takes the measurements whose names
 * contain it.
 */
import { readFileSync } from "node:fs";
import { measureAnalysis } from "./analysis-bench.ts";
import { measureGateway } from "./gateway-bench.ts";
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
};

interface Release {
	readonly version: string;
	readonly figures: Figures;
}

const words = process.argv.slice(2);
const isJson = words.includes("--json");
const only = words.find((word) => !word.startsWith("--")) ?? "";
const chosen = Object.entries(MEASUREMENTS).filter(([name]) =>
	name.includes(only),
);
if (chosen.length === 0) {
	console.error(
		`there is no measurement "${only}"; there are: ${Object.keys(MEASUREMENTS).join(", ")}`,
	);
	process.exit(2);
}

function readLastRelease(): Release | undefined {
	const text = readFileSync("bench/history.json", "utf8");
	const { releases } = JSON.parse(text) as { releases: readonly Release[] };
	return releases.at(-1);
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
		`aim ${thousands.format(aim)}`.padEnd(16),
		before === undefined ? "" : ratioOf(median(values), before),
	];
	console.log(cells.join(" ").trimEnd());
}

const figures: Record<string, number> = {};
const last = isJson ? undefined : readLastRelease();
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
else
	console.log(
		"\nFor comparison: a 6.18 kernel on two cores, same recipe without its conditions, AF_PACKET sender included:\n" +
			"about 190,000 new connections/s and 280,000 packets/s of known connections.",
	);
