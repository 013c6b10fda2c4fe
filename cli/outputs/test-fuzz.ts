/** Totals of a fuzz by hand, for the tests of whoever writes, reads and merges them. */
import {
	COVERAGE_KINDS,
	type CoverageKind,
} from "../../scenarios/fuzz/coverage.ts";
import type { CoverageTotals } from "../../scenarios/fuzz/totals.ts";
import type { FuzzResults, Results } from "./results-file.ts";

export const CHANCE = {
	probability: "0.50000000000",
	inverted: false,
	packets: 2_000,
	model: 1_003,
	kernel: 990,
	low: 891,
	high: 1_109,
};

type Covered = Partial<Record<CoverageKind, Partial<CoverageTotals>>>;

export function fuzzResults(
	parts: Partial<Omit<FuzzResults, "coverage">> & {
		readonly covered?: Covered;
	} = {},
): FuzzResults {
	const { covered = {}, ...others } = parts;
	return {
		seed: 3,
		kernel: { kind: "vm", name: "vm", version: "linux 6.1" },
		cases: 10,
		packets: 500,
		tookMs: 2_000,
		findings: 0,
		coverage: COVERAGE_KINDS.map((kind) => ({
			kind,
			met: [],
			holes: [],
			...covered[kind],
		})),
		chances: [CHANCE],
		texts: null,
		known: [],
		...others,
	};
}

/** What `marktwin fuzz` hands over when it has found nothing. */
export function fuzzed(
	fuzz: FuzzResults,
	parts: Partial<Results> = {},
): Results {
	return {
		commands: [{ command: "fuzz", names: [], seed: 3, runs: 30 }],
		shard: null,
		seed: 3,
		results: [],
		comparisons: [],
		failures: [],
		fuzz,
		...parts,
	};
}
