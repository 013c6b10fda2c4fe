import { execFileSync } from "node:child_process";
import {
	mkdir,
	mkdtemp,
	rm,
	symlink,
	truncate,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as builders from "../language/build/build.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import { rulePlace } from "../result/rule-place.ts";
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

	it("takes a script of iptables commands for rules, whose lines its rules keep", async () => {
		const script = await file("fw.sh", "A=1", "iptables -A INPUT -s $A.1.1.1");
		const path = await file(
			"my.ts",
			...SCENARIO.map((line) => line.replace("my.rules", "fw.sh")),
		);
		const [loaded] = await loadScenarios([path], options);
		const rules = loaded?.scenario.setup.ruleset;
		expect(rules?.name).toBe(script);
		expect(rules?.text).toMatch(/^\*filter\n/);
		expect(
			rules &&
				rulePlace("filter:INPUT:rule:1", { ruleset: rules, gateway: {} }),
		).toMatchObject({
			file: script,
			line: 2,
			text: "-A INPUT -s 1.1.1.1/32",
		});
		await file("fw.sh", "iptables -A INPUT -j NO");
		await expect(loadScenarios([path], options)).rejects.toThrow(
			`${script}:1:22: Couldn't load target`,
		);
	});

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
	const assuming = async (assume: string, steps = "connect(1)") =>
		file(
			"assume.mjs",
			'import { at, connect, iptables, recipeSetup, restore, scenario } from "marktwin";',
			"export default scenario({",
			'  name: "mine", title: "Mine",',
			`  setup: recipeSetup({ ruleset: "sets.rules", assume: { "${assume}": "no" } }),`,
			`  steps: [${steps}],`,
			"  expect: [],",
			"});",
		);
	const sets = (name: string) =>
		`*filter\n-A FORWARD -m set --match-set ${name} src -j DROP\nCOMMIT\n`;

	it("assumes what no rule has", async () => {
		await file("sets.rules", sets("blocked"));
		expect(await faultOf(await assuming("set:blockd"))).toEqual({
			code: "invalid",
			path: "mine: setup.assume.set:blockd",
			message: "no rule has a match of that kind and name",
			remedy: "Did you mean set:blocked=no?",
		});
		for (const strange of ["match:osf", "rule:filter:FORWARD:rule:2"])
			expect((await faultOf(await assuming(strange))).code).toBe("invalid");
	});

	it.each([
		["set:blocked", undefined],
		["match:set", undefined],
		["rule:filter:FORWARD:rule:1", undefined],
		["set:late", 'connect(1), at(5, restore("late.rules"))'],
		[
			"set:added",
			'connect(1), at(5, iptables("-A FORWARD -m set --match-set added src"))',
		],
		[
			"rule:filter:FORWARD:rule:2",
			'connect(1), at(5, iptables("-A FORWARD -m set --match-set blocked dst"))',
		],
	])("may assume %s, which a rule has that is played", async (key, steps) => {
		await file("sets.rules", sets("blocked"));
		await file("late.rules", sets("late"));
		const path = await assuming(key, steps);
		expect(await loadScenarios([path], options)).toHaveLength(1);
	});

	it("may assume what other rules lack that are played in its place", async () => {
		await file("sets.rules", sets("blocked"));
		const path = await assuming("set:blocked");
		const rules = new Map([
			["sets.rules", { name: "other.rules", text: "*raw\nCOMMIT\n" }],
		]);
		expect(await loadScenarios([path], { ...options, rules })).toHaveLength(1);
	});

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

	it("has a key twice, of which one would be ignored", async () => {
		const path = await file("my.json", '[{"expect": [],', '"expect": []}]');
		expect(await faultOf(path)).toMatchObject({
			code: "syntax",
			path: "line 2:1",
			message: '[0]: key "expect" is there twice',
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

describe("files that a scenario names", () => {
	async function json(rules: string, restored = "later.rules") {
		const ts = await file("my.scenario.ts", ...SCENARIO);
		const [loaded] = await loadScenarios([ts], options);
		const scenario = loaded?.scenario;
		const steps = [
			{
				atMs: 5,
				kind: "operation",
				operation: { kind: "restore", file: restored },
			},
		];
		const setup = { ...scenario?.setup, ruleset: { file: rules } };
		return file("my.json", JSON.stringify({ ...scenario, setup, steps }));
	}

	it("are read from JSON at its folder and below it", async () => {
		await mkdir(join(folder, "sub"));
		await writeFile(join(folder, "sub", "a.rules"), "*filter\nCOMMIT\n");
		await symlink("sub/a.rules", join(folder, "link.rules"));
		for (const name of [
			"my.rules",
			"sub/a.rules",
			"sub/../my.rules",
			"link.rules",
			join(folder, "my.rules"),
		])
			await expect(loadScenarios([await json(name)], {})).resolves.toHaveLength(
				1,
			);
	});

	it.each([
		"/proc/self/environ",
		"../../etc/shadow",
		"/etc/no-such-file",
		"environ.rules",
		"up/environ",
	])("are not read from JSON elsewhere: %s", async (name) => {
		await symlink("/proc/self/environ", join(folder, "environ.rules"));
		await symlink("/proc/self", join(folder, "up"));
		const outside = {
			code: "rules",
			message: expect.stringContaining("lies outside of the scenario's folder"),
			remedy: expect.stringContaining("--rules"),
		};
		expect(await faultOf(await json(name))).toMatchObject({
			...outside,
			path: "mine: setup.ruleset.file",
		});
		expect(await faultOf(await json("my.rules", name))).toMatchObject({
			...outside,
			path: "mine: steps[0].operation.file",
		});
	});

	it("may be replaced wherever they lie", async () => {
		const other = { name: "other.rules", text: "*filter\nCOMMIT\n" };
		const rules = new Map([["shadow", other]]);
		const path = await json("../../etc/shadow");
		const [loaded] = await loadScenarios([path], { rules });
		expect(loaded?.scenario.setup.ruleset).toEqual(other);
	});

	it("are read by a module wherever they lie", async () => {
		const elsewhere = await mkdtemp(join(tmpdir(), "marktwin-"));
		await writeFile(join(elsewhere, "far.rules"), "*nat\nCOMMIT\n");
		const lines = SCENARIO.map((line) =>
			line.replace("my.rules", join(elsewhere, "far.rules")),
		);
		const path = await file("my.ts", ...lines);
		await expect(loadScenarios([path], options)).resolves.toHaveLength(1);
		await rm(elsewhere, { recursive: true });
	});

	it.each([
		["/dev/zero", "it is a device, a pipe or a socket"],
		["pipe.rules", "it is a device, a pipe or a socket"],
		["large.rules", "it holds more than 64 MiB"],
		["sub", "it is a folder"],
	])("are regular files: not %s", async (name, words) => {
		execFileSync("mkfifo", [join(folder, "pipe.rules")]);
		await mkdir(join(folder, "sub"));
		await writeFile(join(folder, "large.rules"), "");
		await truncate(join(folder, "large.rules"), 65 * 1024 * 1024);
		const lines = SCENARIO.map((line) => line.replace("my.rules", name));
		expect(await faultOf(await file("my.ts", ...lines))).toMatchObject({
			message: expect.stringContaining(words),
		});
	});

	it.each(["pipe.json", "pipe.ts"])(
		"are regular files themselves: %s",
		async (name) => {
			execFileSync("mkfifo", [join(folder, name)]);
			expect(await faultOf(join(folder, name))).toMatchObject({
				code: "missing",
				message: expect.stringContaining("a pipe"),
			});
		},
	);
});
