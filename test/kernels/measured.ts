/** What kernels said when `make matrix` asked them: measured.json beside it, as data. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import {
	count,
	data,
	listOf,
	text,
	texts,
} from "../../scenarios/language/schema/plain.ts";
import { invariant } from "../../sim/invariant.ts";
import {
	BACKENDS,
	DEBIAN,
	type Linux,
	linuxName,
	parseLinux,
	RELEASES,
} from "../../sim/linux/linux.ts";

/** Debian's releases with both backends, oldest first. */
export const DEBIAN_LINUXES: readonly Linux[] = RELEASES.flatMap((release) =>
	BACKENDS.map((backend) => ({ ...DEBIAN[release], backend })),
);

/** Kernels with programs of bookworm: what differs there from bookworm is the kernel's. */
const MIXED_LINUXES: readonly Linux[] = [
	"bullseye+bookworm",
	"trixie+bookworm",
	"sid+bookworm",
].flatMap((name) => parseLinux(name) ?? []);

/** All that are asked, in the page's order. */
export const MATRIX: readonly Linux[] = [...DEBIAN_LINUXES, ...MIXED_LINUXES];

/** How a play came about. */
const play = {
	/** When it ended, in UTC: `2026-11-29 12:49`. What is mended later is not in it. */
	date: text,
	/** Hash of the sources that were played: a play of others is not repeated. */
	sources: text,
	/** What answered, with the versions of its packages. */
	kernel: text,
	packets: count,
};

/** One thing that did not come out as it should: a scenario or a generated case, and what was seen. */
const exception = data({ name: text, why: text });
const exceptions = listOf(exception);

const scenarios = data({
	...play,
	agree: count,
	differ: exceptions,
	unknown: exceptions,
	notCompared: exceptions,
	/** Scenarios of the table of differences that agree. */
	shown: texts,
	/** Kinds of draws that did not come as often as their chances say. */
	odds: texts,
});

const fuzz = data({
	...play,
	seed: count,
	runs: count,
	rulesets: count,
	texts: count,
	differ: exceptions,
	/** What the model did not know, and how often. */
	unknown: listOf(data({ why: text, times: count })),
	odds: texts,
});

const cell = data({
	linux: text,
	scenarios: v.nullable(scenarios),
	fuzz: v.nullable(fuzz),
});

export type Exception = v.InferOutput<typeof exception>;
export type PlayedScenarios = v.InferOutput<typeof scenarios>;
export type PlayedFuzz = v.InferOutput<typeof fuzz>;
/** What is known of one Linux; `null`: it was not played. */
export type Cell = v.InferOutput<typeof cell>;

const FILE = join(import.meta.dirname, "measured.json");

/** A cell for each Linux of the matrix, in its order. */
export function readMeasured(): readonly Cell[] {
	const cells = v.parse(listOf(cell), JSON.parse(readFileSync(FILE, "utf8")));
	return MATRIX.map(
		(linux) =>
			cells.find((one) => one.linux === linuxName(linux)) ?? {
				linux: linuxName(linux),
				scenarios: null,
				fuzz: null,
			},
	);
}

export function cellOf(cells: readonly Cell[], linux: Linux): Cell {
	const found = cells.find((one) => one.linux === linuxName(linux));
	invariant(found !== undefined, `${linuxName(linux)} is in the matrix`);
	return found;
}

/** Writes a part of a cell. The file is read anew: another process may have written its own cell. */
export function writeCell(
	linux: Linux,
	part: Partial<Pick<Cell, "scenarios" | "fuzz">>,
): void {
	const cells = readMeasured().map((one) =>
		one.linux === linuxName(linux) ? { ...one, ...part } : one,
	);
	writeFileSync(FILE, `${JSON.stringify(cells, null, "\t")}\n`);
}

/** Names of the Linuxes on whose kernel a scenario of the table came out as on the model. */
export function agreeOn(
	scenario: string,
	cells: readonly Cell[],
): readonly string[] {
	return cells
		.filter(({ scenarios }) => scenarios?.shown.includes(scenario))
		.map(({ linux }) => linux);
}

/**
 * What cells amount to. `violated`: a kernel differs, and the table of differences does not say so;
 * `lab`: something was not played; `unknown`: a scenario ended before its end.
 */
export function outcomeOf(
	cells: readonly Cell[],
): "holds" | "violated" | "lab" | "unknown" {
	const differs = cells.some(({ scenarios, fuzz }) =>
		[scenarios?.differ, scenarios?.odds, fuzz?.differ, fuzz?.odds].some(
			(list) => list !== undefined && list.length > 0,
		),
	);
	if (differs) return "violated";
	const isMissing = cells.some(
		({ scenarios, fuzz }) =>
			scenarios === null || fuzz === null || scenarios.notCompared.length > 0,
	);
	if (isMissing) return "lab";
	const isUnknown = cells.some(
		({ scenarios }) => scenarios !== null && scenarios.unknown.length > 0,
	);
	return isUnknown ? "unknown" : "holds";
}
