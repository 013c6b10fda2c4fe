import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { lintSchema } from "../cli/lint/lint-schema.ts";
import { jsonText } from "../cli/outputs/json-text.ts";
import { type Results, resultsFile } from "../cli/outputs/results-file.ts";
import { resultsSchema } from "../cli/outputs/results-schema.ts";
import { CHANCE, fuzzed, fuzzResults } from "../cli/outputs/test-fuzz.ts";
import { configSchema } from "../lab/healthcheck/config/config.ts";
import { validateConfig } from "../lab/healthcheck/config/read-config.ts";
import {
	type Status,
	statusSchema,
	type TargetReport,
} from "../lab/healthcheck/status/target-report.ts";
import { lintJson } from "../reports/lint/lint-json.ts";
import { finding, lintReport } from "../reports/lint/test-lint-report.ts";
import { baselineOf } from "../scenarios/analysis/lint/run/baseline.ts";
import type { Divergence } from "../scenarios/compare/lockstep/divergence.ts";
import { judgeComparison } from "../scenarios/compare/verdict.ts";
import { scenarioSchema } from "../scenarios/language/schema/schema-scenario.ts";
import { parseJson } from "../scenarios/load/parse-json.ts";
import { checkScenario } from "../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../scenarios/suites/index.ts";
import { parseAddress } from "../sim/packet/address.ts";
import { jsonSchemas } from "./json-schemas.ts";

const ROOT = join(import.meta.dirname, "..");
const all = jsonSchemas("0.0.0");
// Strict: a keyword that nobody knows, or that says nothing about its type, is a mistake of ours.
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const takes = {
	scenario: ajv.compile(all.scenario),
	healthcheck: ajv.compile(all.healthcheck),
	status: ajv.compile(all["healthcheck-status"]),
	results: ajv.compile(all.results),
	lint: ajv.compile(all.lint),
	baseline: ajv.compile(all.baseline),
};

/** What is wrong with it, by the JSON Schema. */
function faultsOf(validate: ValidateFunction, data: unknown) {
	return validate(data) ? [] : (validate.errors ?? []);
}

const asJson = (data: unknown): unknown => JSON.parse(JSON.stringify(data));
const builtIn = await loadBuiltInScenarios();

describe("the schema of scenarios", () => {
	it("takes every scenario that comes with marktwin", () => {
		for (const { scenario } of builtIn)
			expect(faultsOf(takes.scenario, asJson(scenario))).toEqual([]);
		const scenarios = builtIn.map(({ scenario }) => asJson(scenario));
		expect(faultsOf(takes.scenario, scenarios)).toEqual([]);
		expect(faultsOf(takes.scenario, { suite: "mine", scenarios })).toEqual([]);
	});

	it("takes the files of regressions, and those of the documentation", () => {
		const folder = join(ROOT, "scenarios", "regressions");
		const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
		const texts = files.map((name) => readFileSync(join(folder, name), "utf8"));
		const written = examples("scenarios.md").filter(({ name }) =>
			name.endsWith(".scenario.json"),
		);
		expect(files.length).toBeGreaterThan(10);
		expect(written.length).toBeGreaterThan(0);
		for (const text of [...texts, ...written.map((one) => one.text)])
			expect(faultsOf(takes.scenario, JSON.parse(text))).toEqual([]);
	});

	it("has the key by which editors find it, at the top of a file alone", () => {
		const [first] = builtIn.map(({ scenario }) => asJson(scenario) as object);
		const $schema = "./node_modules/marktwin/dist/schemas/scenario.json";
		expect(faultsOf(takes.scenario, { $schema, ...first })).toEqual([]);
		expect(takes.scenario({ $schema: 7, ...first })).toBe(false);
		expect(takes.scenario([{ $schema, ...first }])).toBe(false);
		const suite = { $schema, suite: "mine", scenarios: [first] };
		expect(faultsOf(takes.scenario, suite)).toEqual([]);
	});
});

/** The files of a page's examples. */
function examples(page: string) {
	const text = readFileSync(join(ROOT, "docs", page), "utf8");
	return [...text.matchAll(/^```json file=(\S+)\n([\s\S]*?)^```$/gm)].map(
		([, name = "", content = ""]) => ({ name, text: content }),
	);
}

describe("the schema of the health checker's configuration", () => {
	it("takes what the documentation shows, and refuses what that shows as wrong", () => {
		const shown = examples("healthcheck.md");
		expect(shown.length).toBeGreaterThan(4);
		for (const { name, text } of shown)
			expect([name, takes.healthcheck(JSON.parse(text))]).toEqual([
				name,
				name !== "wrong.json",
			]);
	});

	it("is what the table in the documentation says, with the defaults", () => {
		const page = readFileSync(join(ROOT, "docs", "healthcheck.md"), "utf8");
		const [, section = ""] = page.split(/^## The file$|^### Probes$/m);
		const rows = [...section.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (.*?) \|/gm)];
		const table = rows.flatMap(([, keys = "", defaults = ""]) => {
			const values = defaults.replaceAll("`", "");
			const names = keys.replaceAll("`", "").split(", ");
			// One value, or one for each.
			return names.length === 1
				? [[names[0], JSON.parse(values)] as const]
				: names.map(
						(name, at) =>
							[name, JSON.parse(values.split(", ")[at] ?? "")] as const,
					);
		});
		const file = join(ROOT, "healthcheck.json");
		const { targets, ...config } = validateConfig({ targets: [TARGET] }, file);
		const keys = Object.keys(configSchema.entries);
		expect(table.map(([key]) => key).sort()).toEqual(
			keys.filter((key) => key !== "targets").sort(),
		);
		const { probe, ...others } = Object.fromEntries(table);
		expect(config).toEqual(others);
		expect(targets[0]?.probe).toMatchObject(probe);
	});
});

/** As `openStatus` writes it: with all that is known of a target. */
function statusOf(targets: readonly TargetReport[]): Status {
	return {
		pid: 8755,
		config: "healthcheck.json",
		writtenAt: "2026-03-02T09:00:48.378Z",
		boot: "4c2a8b0e-0f3c-4a38-9a43-6f8f9d7c2a11",
		sinceBootMs: 7_200_000,
		staleAfterMs: 4_000,
		targets,
	};
}

const TARGET = {
	backend: "b1",
	address: "192.168.0.1",
	port: 25,
	condition: "mail1up",
};
const REPORT: TargetReport = {
	target: { ...TARGET, probe: { kind: "tcp" } },
	alive: true,
	since: "2026-03-01T11:02:45.575Z",
	value: "0",
	isWritten: true,
	last: {
		ok: true,
		reason: "220 mail1 ESMTP",
		at: "2026-03-02T09:00:48.378Z",
		tookMs: 3.2,
	},
	notProbed: null,
};
const NEVER_PROBED = {
	...REPORT,
	value: null,
	last: null,
	notProbed: "EMFILE",
};

it("has a schema of the health checker's status, which later versions may add to", () => {
	for (const targets of [[], [REPORT, NEVER_PROBED]])
		expect(faultsOf(takes.status, asJson(statusOf(targets)))).toEqual([]);
	const later = { ...REPORT, more: 1 };
	expect(faultsOf(takes.status, statusOf([later]))).toEqual([]);
	const { alive: _, ...without } = REPORT;
	expect(takes.status({ ...statusOf([]), targets: [without] })).toBe(false);
});

describe("the schema of what the linter writes", () => {
	const stale = { code: "MT102", file: "a", fingerprint: "f", rule: "-A X" };
	const written = [
		finding(),
		finding({ suppressed: "weights", assumes: "eth0 has 10.0.0.1/8" }),
		finding({ known: true, related: [], path: [], repair: [] }),
	];

	it("takes findings", () => {
		for (const report of [
			lintReport([]),
			lintReport(written, { hasBaseline: true, stale: [stale] }),
		]) {
			const json = asJson(lintJson(report));
			expect(faultsOf(takes.lint, json)).toEqual([]);
			expect(v.safeParse(lintSchema, json).issues ?? []).toEqual([]);
		}
	});

	it("takes a baseline", () => {
		const baseline = asJson(baselineOf(written, (file) => file));
		expect(faultsOf(takes.baseline, baseline)).toEqual([]);
		expect(takes.baseline({ format: "marktwin baseline 0" })).toBe(false);
	});
});

describe("the schema of results", () => {
	const [PACKETS]: readonly Divergence[] = [
		{
			kind: "packets",
			atMs: 1,
			asked: "a packet",
			model: ["x"],
			kernel: [],
			rules: { model: [], kernel: [] },
		},
	];
	const nothing: Results = {
		commands: [{ command: "run", names: [] }],
		shard: { index: 1, total: 2 },
		seed: 7,
		results: [],
		comparisons: [],
		failures: [],
	};
	const kernel = { kind: "vm", name: "vm", version: "linux 6.1" } as const;

	function mustBeTaken(results: Results): void {
		const written = [...jsonText(resultsFile(results))].join("");
		expect(faultsOf(takes.results, JSON.parse(written))).toEqual([]);
	}

	it("takes what run writes of every sixth scenario, with packets too", () => {
		for (const [index, { scenario }] of builtIn.entries()) {
			if (index % 6 !== 0) continue;
			const result = checkScenario(scenario, { keepPackets: index % 4 === 0 });
			mustBeTaken({ ...nothing, results: [result] });
		}
	});

	it("takes what compare and fuzz write, and what could not be played or was left", () => {
		const [loaded] = builtIn;
		if (loaded === undefined) throw new Error("there are scenarios");
		const { scenario } = loaded;
		const result = checkScenario(scenario);
		const { replay } = result;
		const judged = judgeComparison({
			scenario,
			seed: 1,
			model: result.driver,
			kernel,
			asks: 3,
			packets: 2,
			draws: 1,
			unknown: null,
			result,
			replay,
			divergences: PACKETS === undefined ? [] : [PACKETS],
		});
		const driver = kernel;
		const failed = { scenario, driver, seed: 1, message: "it died", replay };
		mustBeTaken({
			...nothing,
			comparisons: [judged],
			failures: [failed, { ...failed, cause: "input" }],
			notPlayed: [{ name: "x", suite: "own", title: "X" }],
		});
		const met = fuzzResults({
			covered: { matches: { met: [["tcp", 5]], holes: ["u32"] } },
		});
		for (const seed of [3, [3, 7]])
			mustBeTaken(fuzzed({ ...met, seed, chances: [CHANCE] }));
	});
});

it("says in words what a key is for", () => {
	const { anyOf, $defs } = all.scenario as {
		readonly anyOf: readonly object[];
		readonly $defs: { readonly scenario: { readonly properties: object } };
	};
	expect(anyOf).toHaveLength(3);
	for (const properties of [
		$defs.scenario.properties,
		Object(all.healthcheck.properties),
	])
		for (const [key, schema] of Object.entries(properties))
			expect([key, Object(schema).description]).toEqual([
				key,
				expect.stringMatching(/\.$/),
			]);
});

it("has addresses as the model reads them", () => {
	const { pattern } = Object(Object(all.healthcheck.$defs).address);
	const octet = fc.oneof(
		fc.nat({ max: 300 }).map(String),
		fc.constantFrom("00", "01", "007", "", "-1", "1a", "٣"),
	);
	const dotted = fc
		.array(octet, { minLength: 3, maxLength: 5 })
		.map((octets) => octets.join("."));
	fc.assert(
		fc.property(fc.oneof(dotted, fc.ipV4(), fc.string()), (text) => {
			expect(new RegExp(pattern, "u").test(text)).toBe(
				parseAddress(text) !== null,
			);
		}),
		{ numRuns: 2_000 },
	);
});

/** A value somewhere in data, replaced, taken out or put in. */
interface Mutation {
	readonly at: number;
	readonly how: "replace" | "remove" | "add";
	readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
	at: fc.nat({ max: 1_000_000 }),
	how: fc.constantFrom("replace", "replace", "remove", "add"),
	value: fc.oneof(
		fc.constantFrom(null, true, "", "up", "a\nb", "10.0.0.1", "10.0.0.1/8"),
		fc.constantFrom(-1, 0, 0.5, 1, 65_536, 1e9, 2 ** 53, 1e300),
		fc.constantFrom("order", "smtp", "command", "vanish", "rst", "0", "[]"),
		fc.constantFrom({}, [], [null], { kind: "up" }, { kind: "none" }),
	),
});

interface Container {
	[key: string | number]: unknown;
}

function mutated(data: unknown, { at, how, value }: Mutation): unknown {
	const copy = asJson({ data }) as Container;
	const places: (readonly [Container, string | number])[] = [];
	const visit = (one: unknown): void => {
		if (typeof one !== "object" || one === null) return;
		const container = one as Container;
		const keys = Array.isArray(one) ? one.keys() : Object.keys(one);
		for (const key of keys) {
			places.push([container, key]);
			visit(container[key]);
		}
	};
	visit(copy);
	const [container, key] = places[at % places.length] ?? [copy, "data"];
	const there = Object(container[key]);
	// To valibot a list is an object without keys, and all keys of some objects may be left out.
	const isObject = typeof container[key] === "object" && !Array.isArray(there);
	if (how === "remove" && Array.isArray(container))
		container.splice(Number(key), 1);
	else if (how === "remove") delete container[key];
	else if (how === "add" && isObject) there.more = value;
	else if (!(isObject && Array.isArray(value))) container[key] = value;
	return copy.data;
}

/** Of what marktwin checks by functions of its own JSON Schema knows nothing. */
const CHECKED_BY_HAND: ReadonlySet<string> = new Set(["check", "custom"]);

describe("what is refused for its form", () => {
	const scenarios = builtIn.map(({ scenario }) => asJson(scenario));
	const configs = examples("healthcheck.md")
		.filter(({ name }) => name !== "wrong.json")
		.map(({ text, name }) => parseJson(text, name));
	const results = builtIn
		.filter((_, index) => index % 10 === 0)
		.map(({ scenario }) => {
			const result = checkScenario(scenario, { keepPackets: true });
			const { account } = result;
			// A few of each: what one connection may not be, another may not be either.
			const few = {
				...account,
				connections: account.connections.slice(0, 3),
				packets: account.packets.slice(0, 10),
				events: account.events.slice(0, 10),
			};
			const file = resultsFile({
				commands: [{ command: "run", names: ["x"] }],
				shard: null,
				seed: null,
				results: [{ ...result, account: few }],
				comparisons: [],
				failures: [],
			});
			return asJson(file);
		});

	it.each<
		readonly [string, v.GenericSchema, ValidateFunction, readonly unknown[]]
	>([
		["scenarios", scenarioSchema, takes.scenario, scenarios],
		["configurations", configSchema, takes.healthcheck, configs],
		[
			"status",
			statusSchema,
			takes.status,
			[asJson(statusOf([REPORT, NEVER_PROBED]))],
		],
		["results", resultsSchema, takes.results, results],
	])(
		"is the same to marktwin and to the schema: %s",
		(_, own, schema, given) => {
			fc.assert(
				fc.property(
					fc.constantFrom(...given),
					fc.array(mutation, { minLength: 1, maxLength: 2 }),
					(right, mutations) => {
						const data = mutations.reduce(mutated, right);
						const issues = v.safeParse(own, data).issues ?? [];
						const byForm = issues.filter(
							({ type }) => !CHECKED_BY_HAND.has(type),
						);
						const isTaken = schema(data) === true;
						if (issues.length === 0) expect(schema.errors ?? []).toEqual([]);
						if (byForm.length > 0)
							expect([isTaken, byForm[0]?.message]).toEqual([
								false,
								byForm[0]?.message,
							]);
					},
				),
				{ numRuns: 1_000 },
			);
		},
	);
});
