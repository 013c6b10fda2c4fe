/**
 * How fast the model is, with the recipe and both conditions, in one process: `make bench`.
 * Figures are medians over rounds of one run, per second of CPU time; compare figures of one run only.
 */
import { measureAnalysis } from "./analysis-bench.ts";
import { measureGateway } from "./gateway-bench.ts";
import { measureMemory } from "./memory-bench.ts";
import { measureParser } from "./parser-bench.ts";
import { measureRules } from "./rules-bench.ts";
import { median, type Series } from "./series.ts";
import { measureSplit } from "./split-bench.ts";

function print({ name, unit, values, aim, digits = 0 }: Series): void {
	const thousands = new Intl.NumberFormat("en-US", {
		maximumFractionDigits: digits,
	});
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const cells = [
		name.padEnd(34),
		thousands.format(median(values)).padStart(12),
		unit.padEnd(16),
		`${thousands.format(low)} … ${thousands.format(high)}`.padEnd(28),
		`aim ${thousands.format(aim)}`,
	];
	console.log(cells.join(" "));
}

console.log(`node ${process.version} on ${process.platform} ${process.arch}\n`);
console.log(
	`${"".padEnd(34)} ${"median".padStart(12)} ${"".padEnd(16)} lowest … highest`,
);
// Memory first, while there is nothing else that could be taken for it.
for (const measure of [
	measureMemory,
	measureGateway,
	measureRules,
	measureParser,
	measureSplit,
	measureAnalysis,
])
	for (const series of measure()) print(series);
console.log(
	"\nFor comparison: a 6.18 kernel on two cores, same recipe without its conditions, AF_PACKET sender included:\n" +
		"about 190,000 new connections/s and 280,000 packets/s of known connections.",
);
