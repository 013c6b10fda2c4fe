import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as builders from "../language/build.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import { loadScenarios } from "./load-scenarios.ts";

let folder = "";
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "marktwin-"));
	await writeFile(join(folder, "my.rules"), "*nat\nCOMMIT\n");
	await writeFile(join(folder, "later.rules"), "*raw\nCOMMIT\n");
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, ...lines: readonly string[]) {
	await writeFile(join(folder, name), lines.join("\n"));
	return join(folder, name);
}

const SCENARIO = [
	'import { at, connect, recipeSetup, restore, scenario } from "marktwin";',
	"export default scenario({",
	'  name: "mine", title: "Mine",',
	'  setup: recipeSetup({ ruleset: "my.rules" }),',
	'  steps: [connect(1), at(5, restore("later.rules"))],',
	"  expect: [],",
	"});",
];
const options = { library: builders };

async function faultOf(path: string) {
	const error = await loadScenarios([path], options).catch((it) => it);
	expect(error).toBeInstanceOf(ScenarioError);
	const { code, faults } = error as ScenarioError;
	return { code, ...faults[0] };
}

describe("loading scenarios", () => {
	it.each(["my.scenario.ts", "my.mts", "my.mjs", "my.js"])(
		"reads %s and the rules beside it",
		async (name) => {
			const [loaded] = await loadScenarios(
				[await file(name, ...SCENARIO)],
				options,
			);
			expect(loaded?.file).toBe(join(folder, name));
			expect(loaded?.scenario.setup.ruleset).toEqual({
				name: join(folder, "my.rules"),
				text: "*nat\nCOMMIT\n",
			});
			expect(loaded?.scenario.steps[1]).toMatchObject({
				operation: {
					kind: "restore",
					file: join(folder, "later.rules"),
					text: "*raw\nCOMMIT\n",
				},
			});
		},
	);

	it("reads the same out of JSON", async () => {
		const ts = await file("my.scenario.ts", ...SCENARIO);
		const [written] = await loadScenarios([ts], options);
		const json = await file("my.json", JSON.stringify(written?.scenario));
		const [read] = await loadScenarios([json], {});
		expect(read?.scenario).toEqual(written?.scenario);
	});

	it("reads files that a scenario imports", async () => {
		await file("names.ts", 'export const name: string = "imported";');
		const path = await file(
			"my.ts",
			'import { name } from "./names.ts";',
			...SCENARIO.map((line) => line.replace('name: "mine"', "name")),
		);
		const [loaded] = await loadScenarios([path], options);
		expect(loaded?.scenario.name).toBe("imported");
	});

	it("plays other rules where the scenario or a step names them", async () => {
		const path = await file("my.ts", ...SCENARIO);
		const other = { name: "other.rules", text: "*filter\nCOMMIT\n" };
		const rules = new Map([
			["my.rules", other],
			["later.rules", other],
		]);
		const [loaded] = await loadScenarios([path], { ...options, rules });
		expect(loaded?.scenario.setup.ruleset).toEqual(other);
		expect(loaded?.scenario.steps[1]).toMatchObject({
			operation: { file: "other.rules", text: "*filter\nCOMMIT\n" },
		});
	});
});

describe("a scenario file that cannot be used", () => {
	it("is missing", async () => {
		expect(await faultOf(join(folder, "none.ts"))).toMatchObject({
			code: "missing",
			message: expect.stringContaining("no such file or folder"),
		});
	});

	it("may begin with a byte order mark", async () => {
		const path = await file("my.json", "\ufeff[]");
		expect(await faultOf(path)).toMatchObject({
			message: "there is no scenario in it",
		});
	});

	it("has an ending that nobody reads", async () => {
		const path = await file("my.yaml", "name: mine");
		expect(await faultOf(path)).toMatchObject({
			code: "export",
			message: 'a scenario file does not end in ".yaml"',
		});
	});

	it("does not parse, at this place", async () => {
		const path = await file("my.ts", "const a = 1;", "export default {", "  ]");
		expect(await faultOf(path)).toMatchObject({
			code: "syntax",
			path: "line 3:3",
		});
	});

	it("fails when it runs, at this place", async () => {
		const path = await file(
			"my.ts",
			"const nothing: { a?: { b: number } } = {};",
			"export default nothing.a!.b;",
		);
		expect(await faultOf(path)).toMatchObject({
			code: "syntax",
			path: "line 2",
			message: expect.stringContaining("undefined"),
		});
	});

	it.each([
		['{"a":\n 1,}', "line 2:4"],
		['{"a": 1', "line 1:8"],
		['{\n "a": hello}', "line 2:7"],
	])("is not JSON: %s", async (text, path) => {
		expect(await faultOf(await file("my.json", text))).toMatchObject({
			code: "syntax",
			path,
		});
	});

	it("exports nothing by default", async () => {
		const path = await file("my.ts", "export const mine = 1;");
		expect(await faultOf(path)).toMatchObject({
			code: "export",
			message: "it has no default export, only mine",
		});
	});

	it("calls a builder with a key that it does not know, at this line", async () => {
		const lines = SCENARIO.map((line) =>
			line.replace("connect(1)", "connect(1, { everyMss: 5 })"),
		);
		expect(await faultOf(await file("my.ts", ...lines))).toMatchObject({
			code: "invalid",
			path: "line 5: connect(…).everyMss",
			message: "no such key",
		});
	});

	it("calls one wrongly in a file that it imports, at this line of that one", async () => {
		await file(
			"load.ts",
			'import { connect } from "marktwin";',
			"export const load = () => connect(0);",
		);
		const path = await file(
			"my.ts",
			'import { load } from "./load.ts";',
			"export default load();",
		);
		const { path: place } = await faultOf(path);
		expect(place).toMatch(/load\.ts: line 2: connect\(count\)$/);
	});

	it("imports a name that there is not, at this line", async () => {
		const path = await file(
			"my.ts",
			'import { outcome } from "marktwin";',
			'export default outcome("completed", 3);',
		);
		expect(await faultOf(path)).toEqual({
			code: "syntax",
			path: "line 2",
			message: '"marktwin" exports no `outcome`',
			remedy: "Did you mean `outcomes`?",
		});
	});

	it("imports everything as one", async () => {
		const path = await file(
			"my.ts",
			'import marktwin from "marktwin";',
			"export default marktwin.scenario({});",
		);
		expect(await faultOf(path)).toMatchObject({
			path: "line 2",
			message: '"marktwin" has no default export',
		});
	});

	it("names rules that are not there", async () => {
		const lines = SCENARIO.map((line) =>
			line.replace("later.rules", "gone.rules"),
		);
		const path = await file("my.ts", ...lines);
		expect(await faultOf(path)).toMatchObject({
			code: "rules",
			path: "mine: steps[1].operation.file",
			message: expect.stringContaining("gone.rules: no such file"),
		});
	});

	it("is wrong inside, with its name in front of each fault", async () => {
		const path = await file("my.json", "{}");
		const error = await loadScenarios([path], options).catch((it) => it);
		expect(String(error)).toContain(`${path}: name: "name" is missing`);
	});
});
