import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Divergence } from "../../scenarios/compare/divergence.ts";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../../scenarios/suites/index.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { jsonText } from "./json-text.ts";
import { readResults } from "./read-results.ts";
import { type Results, resultsFile } from "./results-file.ts";
import { CHANCE, fuzzed, fuzzResults } from "./test-fuzz.ts";

const folder = temporaryFolder();
const all = await loadBuiltInScenarios();
const driver = { name: "vm", version: "linux 6.1" };

const PACKETS: Divergence = {
	...{ kind: "packets", atMs: 1, asked: "a packet", model: ["x"], kernel: [] },
	rules: { model: [], kernel: [] },
};

/** A scenario on two drivers that differ in packets and in conntrack. */
function compared(): Results {
	const [loaded] = all;
	if (loaded === undefined) throw new Error("there are scenarios");
	const { scenario } = loaded;
	const result = checkScenario(scenario);
	const judged = judgeComparison({
		...{ scenario, seed: 1, model: result.driver, kernel: driver },
		...{
			asks: 3,
			packets: 2,
			draws: 1,
			unknown: null,
			result,
			replay: "again",
		},
		divergences: [PACKETS, { ...PACKETS, kind: "conntrack" }],
	});
	return {
		...{ command: "marktwin compare", shard: null, seed: null, results: [] },
		...{ comparisons: [judged], failures: [] },
	};
}

function written(content: object): string {
	const file = join(folder, "results.json");
	writeFileSync(file, [...jsonText(content)].join(""));
	return file;
}

it("reads what was written", async () => {
	const results = compared();
	const read = await readResults(written(resultsFile(results)));
	expect(read).toEqual(results);
});

it("refuses a comparison that says other than what stands in it", async () => {
	const results = compared();
	const comparisons = results.comparisons.map((one) => ({
		...{ ...one, verdict: "agrees" as const },
	}));
	const file = written(resultsFile({ ...results, comparisons }));
	await expect(readResults(file)).rejects.toThrow(
		/comparisons\[0\]\.verdict: it says agrees, .* amounts to diverges/,
	);
});

it("reads every result that comes with marktwin", async () => {
	const results = {
		...{ command: "marktwin run", shard: null, seed: null, comparisons: [] },
		...{ results: all.map(({ scenario }) => checkScenario(scenario)) },
		failures: [],
	};
	const read = await readResults(written(resultsFile(results)));
	expect(read.results).toHaveLength(all.length);
});

const FUZZ = fuzzResults({
	covered: { matches: { met: [["tcp", 5]], holes: ["u32"] } },
});

it.each([
	["found nothing", fuzzed(FUZZ)],
	["found something", { ...compared(), fuzz: { ...FUZZ, findings: 1 } }],
	["has drawn from several seeds", fuzzed({ ...FUZZ, seed: [3, 7] })],
])("reads a fuzz that %s", async (_, results) => {
	const read = await readResults(written(resultsFile(results)));
	expect(read).toEqual(results);
});

it.each<readonly [string, object, RegExp]>([
	["a count that is none", { cases: -1 }, /fuzz\.cases: /],
	["a speed that is none", { tookMs: "fast" }, /fuzz\.tookMs: /],
	["no seed", { seed: [] }, /fuzz\.seed: /],
	["coverage that is gone", { coverage: [] }, /fuzz\.coverage: each kind/],
	[
		"what was met and was not",
		{
			coverage: fuzzResults({
				covered: { matches: { met: [["tcp", 5]], holes: ["tcp"] } },
			}).coverage,
		},
		/fuzz\.coverage\[0\]: something stands in it twice/,
	],
	[
		"what was met no times",
		{
			coverage: fuzzResults({ covered: { hooks: { met: [["raw INPUT", 0]] } } })
				.coverage,
		},
		/fuzz\.coverage\[2\]\.met\[0\]\[1\]: /,
	],
	[
		"more matches than packets",
		{ chances: [{ ...CHANCE, kernel: 2_001 }] },
		/fuzz\.chances\[0\]: there were not so many packets/,
	],
	[
		"findings that are gone",
		{ findings: 1 },
		/fuzz\.findings: it says 1, and 0 stand in it/,
	],
])("refuses a fuzz with %s", async (_, parts, message) => {
	const fuzz = { ...FUZZ, ...parts };
	const file = written({ ...resultsFile(fuzzed(FUZZ)), fuzz });
	await expect(readResults(file)).rejects.toThrow(message);
});

it("refuses a fuzz of which chance says otherwise than its outcome", async () => {
	const chances = [{ ...CHANCE, kernel: 1_200 }];
	const file = written({
		...{ ...resultsFile(fuzzed(FUZZ)), fuzz: { ...FUZZ, chances } },
	});
	await expect(readResults(file)).rejects.toThrow(
		/outcome: it says holds, .* amounts to violated/,
	);
});
