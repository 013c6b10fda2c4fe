import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Divergence } from "../../scenarios/compare/lockstep/divergence.ts";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { avoided } from "../../scenarios/language/build/build.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../../scenarios/suites/index.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { jsonText } from "./json-text.ts";
import { readResults } from "./read-results.ts";
import { type Results, resultsFile } from "./results-file.ts";
import { FORMAT } from "./results-schema.ts";
import { CHANCE, fuzzed, fuzzResults } from "./test-fuzz.ts";

const folder = temporaryFolder();
const all = await loadBuiltInScenarios();
const driver = { kind: "vm", name: "vm", version: "linux 6.1" } as const;

const PACKETS: Divergence = {
	kind: "packets",
	atMs: 1,
	asked: "a packet",
	model: ["x"],
	kernel: [],
	rules: { model: [], kernel: [] },
};

/** A scenario on two drivers that differ in packets and in conntrack. */
function compared(): Results {
	const [loaded] = all;
	if (loaded === undefined) throw new Error("there are scenarios");
	const { scenario } = loaded;
	const result = checkScenario(scenario);
	const judged = judgeComparison({
		scenario,
		seed: 1,
		model: result.driver,
		kernel: driver,
		asks: 3,
		packets: 2,
		draws: 1,
		unknown: null,
		result,
		replay: { command: "compare", names: [] },
		divergences: [PACKETS, { ...PACKETS, kind: "conntrack" }],
	});
	return {
		commands: [{ command: "compare", names: [] }],
		shard: null,
		seed: null,
		results: [],
		comparisons: [judged],
		failures: [],
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
		...one,
		verdict: "agrees" as const,
	}));
	const file = written(resultsFile({ ...results, comparisons }));
	await expect(readResults(file)).rejects.toThrow(
		/comparisons\[0\]\.verdict: it says agrees, .* amounts to diverges/,
	);
});

it("reads every result that comes with marktwin, and writes it again as it was", async () => {
	const results: Results = {
		commands: [{ command: "run", names: [] }],
		shard: null,
		seed: null,
		comparisons: [],
		results: all.map(({ scenario }) => checkScenario(scenario)),
		failures: [],
	};
	const file = written(resultsFile(results));
	const text = readFileSync(file, "utf8");
	const read = await readResults(file);
	expect([...jsonText(resultsFile(read))].join("")).toBe(text);
});

const FUZZ = fuzzResults({
	covered: { matches: { met: [["tcp", 5]], holes: ["u32"] } },
});

it.each([
	["found nothing", fuzzed(FUZZ)],
	["found something", { ...compared(), fuzz: { ...FUZZ, findings: 1 } }],
	["has lost two cases", fuzzed({ ...FUZZ, lost: 2 })],
	[
		"left something out",
		fuzzed({ ...FUZZ, leftOut: [{ name: "-j LED", reason: "it lacks" }] }),
	],
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
		/fuzz\.chances\[0\]: more than all packets/,
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

it("holds a fuzz for unknown that has lost a case, and found nothing", () => {
	expect(resultsFile(fuzzed(FUZZ)).outcome).toBe("holds");
	expect(resultsFile(fuzzed({ ...FUZZ, lost: 1 })).outcome).toBe("unknown");
});

it("refuses a fuzz of which chance says otherwise than its outcome", async () => {
	const chances = [{ ...CHANCE, kernel: 1_200 }];
	const file = written({
		...resultsFile(fuzzed(FUZZ)),
		fuzz: { ...FUZZ, chances },
	});
	await expect(readResults(file)).rejects.toThrow(
		/outcome: it says holds, .* amounts to violated/,
	);
});

/** As much of a result as the tests change. */
interface Editable {
	readonly account: { readonly connections: object[] };
	readonly driver: object;
	readonly judgements: readonly object[];
	readonly scenario: {
		readonly expect: readonly object[];
		readonly setup: { readonly ruleset: object; readonly backends: object[] };
	};
}

/** What `run` writes of one scenario, and the same with something changed. */
function edited(name: string, edit: (result: Editable) => void, by?: object) {
	const found = all.find(({ scenario }) => scenario.name === name);
	if (found === undefined) throw new Error(`there is no ${name}`);
	const result = { ...checkScenario(found.scenario), ...by };
	const content = JSON.parse(
		JSON.stringify({
			format: FORMAT,
			outcome: result.outcome,
			commands: [{ command: "run", names: [] }],
			shard: null,
			seed: null,
			comparisons: [],
			failures: [],
			results: [result],
		}),
	);
	edit(content.results[0]);
	return written(content);
}

it.each<readonly [string, (result: Editable) => void, RegExp]>([
	[
		"another end of a connection",
		({ account }) =>
			Object.assign(account.connections[0] ?? {}, { outcome: "refused" }),
		/results\[0\]\.account\.connections\[0\]\.outcome: it says "refused", and the scenario and its seed make it "completed"/,
	],
	[
		"a connection that is gone",
		({ account }) => account.connections.splice(3, 1),
		/results\[0\]\.account\.connections\[3\]/,
	],
	[
		"a time that is a millisecond off",
		({ account }) => Object.assign(account, { endedMs: 1 }),
		/results\[0\]\.account\.endedMs: it says 1, /,
	],
	[
		"other rules",
		({ scenario }) =>
			Object.assign(scenario.setup.ruleset, { text: "*nat\nCOMMIT\n" }),
		/results\[0\]\.account\.connections\[0\]/,
	],
	[
		"rules that do not load",
		({ scenario }) =>
			Object.assign(scenario.setup.ruleset, {
				text: "*nat\n-A X\nCOMMIT\n",
			}),
		/results\[0\]\.scenario: it cannot be played: /,
	],
	[
		"a backend that does otherwise",
		({ scenario }) =>
			Object.assign(scenario.setup.backends[0] ?? {}, {
				behaviour: { kind: "refuse" },
			}),
		/results\[0\]\.account\.connections\[0\]/,
	],
	[
		"another seed of another model",
		({ driver }) => Object.assign(driver, { version: "linux 7.0" }),
		/results\[0\]\.driver\.version: it was played on the model of linux 7\.0/,
	],
	[
		"a key that nobody knows",
		({ account }) => Object.assign(account.connections[0] ?? {}, { more: 1 }),
		/results\[0\]\.account\.connections\[0\]\.more: /,
	],
	[
		"a scenario in which something is left to be filled in",
		({ scenario }) => Reflect.deleteProperty(scenario.setup, "seed"),
		/results\[0\]\.scenario\.setup\.seed: is missing/,
	],
	[
		"a list in place of an object",
		({ scenario }) => Object.assign(scenario.expect[0] ?? {}, { of: [] }),
		/results\[0\]\.scenario\.expect\[0\]\.of: is no object/,
	],
	[
		"a judgement of something else than an expectation",
		({ judgements }) =>
			Object.assign(judgements[0] ?? {}, { expectation: { kind: "luck" } }),
		/results\[0\]\.judgements\[0\]\.expectation\.kind: /,
	],
	[
		"tallies that are none",
		({ account }) => Object.assign(account, { tallies: 5 }),
		/results\[0\]\.account\.tallies: /,
	],
	[
		"mail that is none",
		({ account }) => Object.assign(account, { mail: "x" }),
		/results\[0\]\.account\.mail: /,
	],
])("refuses a result of the model with %s", async (_, edit, message) => {
	await expect(readResults(edited("split-alternates", edit))).rejects.toThrow(
		message,
	);
});

it.each<readonly [string, (result: Editable) => void, RegExp]>([
	[
		"an expectation that says otherwise",
		({ scenario }) =>
			Object.assign(scenario, {
				expect: [avoided("b1"), ...scenario.expect.slice(1)],
			}),
		/results\[0\]\.judgements\[0\]\.outcome: it says holds, .* amounts to violated/,
	],
	[
		"connections that went elsewhere",
		({ account }) => {
			for (const one of account.connections)
				Object.assign(one, { backend: "b1", met: ["b1"] });
		},
		/results\[0\]\.judgements\[\d\]\.outcome: it says holds, .* amounts to violated/,
	],
	[
		"packets that are none",
		({ account }) => Object.assign(account, { packets: [{ atMs: 1 }] }),
		/results\[0\]\.account\.packets\[0\]\./,
	],
])(
	"judges a kernel's result once more: refuses %s",
	async (_, edit, message) => {
		await expect(
			readResults(edited("split-alternates", edit, { driver })),
		).rejects.toThrow(message);
	},
);

it("believes no words of a judgement, and takes keys in any order", async () => {
	const file = edited("split-alternates", (result) => {
		const [judgement] = result.judgements;
		Object.assign(judgement ?? {}, { seen: "nothing at all" });
		const { account } = result;
		const turned = Object.entries(account).reverse();
		Object.assign(result, { account: Object.fromEntries(turned) });
	});
	const { results } = await readResults(file);
	expect(results[0]?.judgements[0]?.seen).not.toBe("nothing at all");
});
