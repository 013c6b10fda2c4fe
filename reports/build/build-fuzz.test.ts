import { expect, it } from "vitest";
import type { CoverageKind } from "../../scenarios/fuzz/coverage.ts";
import type { CoverageTotals } from "../../scenarios/fuzz/totals.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import { buildReport } from "./build.ts";
import { buildFuzz, type Fuzzed } from "./build-fuzz.ts";

const MODEL: DriverInfo = {
	kind: "model",
	name: "model",
	version: "linux 6.1.192",
};
const KERNEL: DriverInfo = {
	kind: "vm",
	name: "vm",
	version: "linux 6.1.0-56",
};

function fuzzed(parts: Partial<Fuzzed> = {}): Fuzzed {
	return {
		seeds: [3],
		model: MODEL,
		kernels: [KERNEL],
		tookMs: 1_000,
		cases: 5,
		packets: 300,
		findings: 0,
		coverage: [],
		chances: [],
		texts: null,
		known: [],
		...parts,
	};
}

function covered(
	kind: CoverageKind,
	parts: Partial<CoverageTotals>,
): Fuzzed["coverage"] {
	return [{ kind, met: [], holes: [], ...parts }];
}

it("is a comparison, also where nothing was found", () => {
	const report = buildReport({
		marktwin: "0",
		command: "marktwin fuzz",
		createdAt: null,
		notPlayed: [],
		tookMs: null,
		seed: 3,
		notices: [],
		verdicts: [],
		played: [],
		fuzzed: fuzzed(),
	});
	expect(report).toMatchObject({
		isComparison: true,
		drivers: ["model (linux 6.1.192)", "vm (linux 6.1.0-56)"],
		fuzz: { status: "holds", rulesets: 5, packets: 300, seeds: [3] },
	});
});

it("is none where nothing was fuzzed", () => {
	const report = buildReport({
		marktwin: "0",
		command: "marktwin run",
		createdAt: null,
		notPlayed: [],
		tookMs: null,
		seed: null,
		notices: [],
		verdicts: [],
		played: [],
		fuzzed: null,
	});
	expect(report).toMatchObject({
		isComparison: false,
		drivers: [],
		fuzz: null,
	});
});

it.each([
	{ parts: {}, status: "holds" },
	{ parts: { findings: 1 }, status: "violated" },
	{ parts: { kernel: 10 }, status: "holds" },
	{ parts: { kernel: 11 }, status: "violated" },
	{ parts: { model: 1 }, status: "violated" },
])("$status with $parts", ({ parts, status }) => {
	const { findings = 0, ...counts } = { findings: 0, ...parts };
	const chance = {
		probability: "0.5",
		inverted: true,
		packets: 12,
		model: 5,
		kernel: 6,
		low: 2,
		high: 10,
		...counts,
	};
	const view = buildFuzz(fuzzed({ findings, chances: [chance] }));
	expect(view.status).toBe(status);
	expect(view.chances[0]?.rule).toBe("! --probability 0.5");
});

it("makes a grid of transitions: direction and segment, and state", () => {
	const { coverage } = buildFuzz(
		fuzzed({
			coverage: covered("transitions", {
				met: [
					["reply fin ESTABLISHED", 9],
					["original syn NONE", 5],
				],
				holes: ["original syn ESTABLISHED"],
			}),
		}),
	);
	expect(coverage).toMatchObject([
		{
			kind: "grid",
			title: "TCP transitions",
			total: 3,
			axes: ["segment", "state"],
			columns: ["NONE", "ESTABLISHED"],
			rows: [
				{ name: "original syn", times: [5, 0] },
				{ name: "reply fin", times: [null, 9] },
			],
			holes: ["original syn ESTABLISHED"],
		},
	]);
});

it("has chains in the order in which a packet meets them, and what it does not know of last", () => {
	const { coverage } = buildFuzz(
		fuzzed({
			coverage: covered("hooks", {
				met: [
					["other ELSEWHERE", 1],
					["nat OUTPUT", 3],
					["raw PREROUTING", 2],
				],
			}),
		}),
	);
	expect(coverage).toMatchObject([
		{
			columns: ["PREROUTING", "OUTPUT", "ELSEWHERE"],
			rows: [
				{ name: "raw", times: [2, null, null] },
				{ name: "nat", times: [null, 3, null] },
				{ name: "other", times: [null, null, 1] },
			],
		},
	]);
});

it("tells what was not known, and only those known divergences that were seen", () => {
	const why = { reason: "a symbol" };
	const view = buildFuzz(
		fuzzed({
			coverage: covered("unknown", { met: [["a queue", 2]] }),
			known: [
				{ name: "seen", times: 3, ...why },
				{ name: "not seen", times: 0, ...why },
			],
		}),
	);
	expect(view).toMatchObject({
		coverage: [],
		unknown: [{ what: "a queue", times: 2 }],
		known: [{ name: "seen", times: 3 }],
	});
});
