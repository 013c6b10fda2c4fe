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

const folder = temporaryFolder();
const all = await loadBuiltInScenarios();
const driver = { name: "vm", version: "linux 6.1" };

const PACKETS: Divergence = {
	...{ kind: "packets", atMs: 1, asked: "a packet", model: ["x"], kernel: [] },
	rules: { model: [], kernel: [] },
};

/** A scenario on two drivers, of which it is known that they differ in packets, and not in conntrack. */
function compared(): Results {
	const [loaded] = all;
	if (loaded === undefined) throw new Error("there are scenarios");
	const { scenario } = loaded;
	const result = checkScenario(scenario);
	const judged = judgeComparison(
		{
			...{ scenario, seed: 1, model: result.driver, kernel: driver },
			...{ asks: 3, packets: 2, unknown: null, result, replay: "again" },
			divergences: [PACKETS, { ...PACKETS, kind: "conntrack" }],
		},
		[{ scenario: scenario.name, kinds: ["packets"], reason: "either draws" }],
	);
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
	// What nobody expects is among all that differs, and told once.
	const [judged] = read.comparisons;
	expect(judged?.unexpected).toHaveLength(1);
	for (const one of judged?.unexpected ?? [])
		expect(judged?.comparison.divergences).toContain(one);
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
