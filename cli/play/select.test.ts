import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { execute, marktwin } from "../../test/marktwin.ts";
import { pageText } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const top = temporaryFolder();
let folders = 0;

const RULES = `*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
/** Plays `rules` from beside it; holds where all go to b1. */
const scenario = (name: string, rules = "my.rules", backend = "b2") =>
	`import { avoided, connect, recipeSetup, scenario } from "marktwin";
export default scenario({
	name: "${name}", title: "${name}",
	setup: recipeSetup({ ruleset: { file: "${rules}" } }),
	steps: [connect(2)], expect: [avoided("${backend}")],
});
`;

/** A folder with these files in it. */
function folderWith(files: Readonly<Record<string, string>>): string {
	const folder = join(top, String(folders++));
	mkdirSync(folder);
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), text);
	}
	return folder;
}

const playedIn = (out: string) =>
	[...out.matchAll(/^ {2}[✓✗] (\S+) /gm)].map(([, name]) => name);

describe("marktwin run without names", () => {
	it("plays the scenario files below the folder, and says how many", async () => {
		const own = scenario("own");
		const cwd = folderWith({
			"my.rules": RULES,
			"b.scenario.ts": scenario("second"),
			"web/a.scenario.mts": scenario("third", "../my.rules"),
			"other.ts": own,
			"node_modules/x/n.scenario.ts": own,
			".git/g.scenario.ts": own,
			"dist/d.scenario.ts": own,
			"web/node_modules/x/n.scenario.ts": own,
		});
		symlinkSync("..", join(cwd, "web", "loop"));
		symlinkSync(folderWith({ "far.scenario.ts": own }), join(cwd, "out"));
		const { code, out, err } = await marktwin(["run"], { cwd });
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(/^2 scenario files below \.\n/);
		expect(playedIn(out)).toEqual(["second", "third"]);
	});

	it("plays what comes with marktwin where there is none, and says so", async () => {
		const cwd = folderWith({ "my.ts": "" });
		const { code, out } = await marktwin(["run", "--filter", "split"], { cwd });
		expect(code).toBe(0);
		expect(out).toMatch(/^no \*\.scenario\..* below \.: all built-in/);
		expect(playedIn(out).length).toBeGreaterThan(3);
	});
});

describe("a name", () => {
	const files = {
		"my.rules": RULES,
		"a.scenario.ts": scenario("aa"),
		"sub/b.scenario.ts": scenario("bb", "../my.rules"),
		"sub/c[1].json.ts": scenario("cc", "../my.rules"),
		"sub/c1.json.ts": scenario("dd", "../my.rules"),
		"empty/x.ts": "",
	};

	it.each([
		[["sub"], ["bb"]],
		[["."], ["aa", "bb"]],
		[
			["sub/", "a.scenario.ts", "sub/b.scenario.ts"],
			["bb", "aa"],
		],
		[["sub/*.ts"], ["bb", "dd", "cc"]],
		[["**/*.scenario.ts"], ["aa", "bb"]],
		[["sub/c[1].json.ts"], ["cc"]],
		[["{a,sub/b}.scenario.ts"], ["aa", "bb"]],
	])("means files: %j", async (words, names) => {
		const { code, out } = await marktwin(["run", ...words], {
			cwd: folderWith(files),
		});
		expect(playedIn(out)).toEqual(names);
		expect(code).toBe(0);
	});

	it.each([
		[["empty"], "empty: no scenario file"],
		[["sub/*.json"], "sub/*.json: no scenario file"],
		[["nothing/"], "no file or folder is named nothing/"],
		[["nothing"], 'no scenario, suite, file or folder is named "nothing"'],
		[["buildin"], "Did you mean builtin?"],
		[["a.scenario.ts", "empty"], "empty: no scenario file"],
	])("means nothing: %j", async (words, says) => {
		const { code, out, err } = await marktwin(["run", ...words], {
			cwd: folderWith(files),
		});
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(says);
	});

	it("means a built-in suite before a folder, and all suites by builtin", async () => {
		const cwd = folderWith({ ...files, "split/b.scenario.ts": scenario("bb") });
		const suite = await marktwin(["run", "split"], { cwd });
		expect(playedIn(suite.out)).not.toContain("bb");
		const all = await marktwin(["run", "builtin", "--list"], { cwd });
		expect(all.out).toMatch(/^split\/split-alternates /m);
		expect(all.out).toMatch(/^failover\//m);
		expect(all.out).not.toMatch(/^live\//m);
	});
});

it("plays the others where a file cannot be used, and ends with 2", async () => {
	const cwd = folderWith({
		"my.rules": RULES,
		"a.scenario.ts": scenario("aa"),
		"broken.scenario.ts": "export default (",
		"missing.scenario.ts": scenario("mm", "no.rules"),
		"wrong.scenario.json": "{}",
		"z.scenario.ts": scenario("zz"),
	});
	const words = ["run", "--junit", "all.xml", "--json", "all.json"];
	const { code, out, err } = await marktwin(words, { cwd });
	expect(code).toBe(2);
	expect(playedIn(out)).toEqual(["aa", "zz"]);
	for (const file of ["broken", "missing", "wrong"])
		expect(out).toContain(`! ${file}.scenario.`);
	expect(out).toContain("replay    marktwin run broken.scenario.ts\n");
	expect(out).toContain("3 could not be played");
	expect(err).toContain("could not be set up: broken, missing, wrong");
	const merged = await marktwin(["merge", "all.json", "--junit", "-"], { cwd });
	expect(merged.code).toBe(2);
	expect(merged.out).toContain('tests="5" failures="0" errors="3"');
	const list = await marktwin(["run", "--list"], { cwd });
	expect(list.code).toBe(2);
	const shards = await Promise.all(
		[1, 2].map((index) =>
			marktwin(["run", "--shard", `${index}/2`, "--json", `${index}.json`], {
				cwd,
			}),
		),
	);
	expect(shards.map((shard) => shard.code)).toEqual([2, 2]);
	const parts = await marktwin(["merge", "1.json", "2.json"], { cwd });
	expect(parts.out).toContain(
		"5 scenarios from 2 files: 3 could not be played",
	);
});

it("names the file that ends the process, also where only its folder is named", async () => {
	const cwd = folderWith({ "x/exits.scenario.ts": "process.exit(0);" });
	const { code, err } = await marktwin(["run", "x"], { cwd });
	expect(code).toBe(2);
	expect(err).toContain("x/exits.scenario.ts: the command ended before");
});

describe("--bail", () => {
	it("stops after the first that does not hold, and says what is left", async () => {
		const cwd = folderWith({
			"my.rules": RULES,
			"a.scenario.ts": scenario("aa"),
			"b.scenario.ts": scenario("bb", "my.rules", "b1"),
			"c.scenario.ts": scenario("cc"),
			"d.scenario.ts": scenario("dd"),
		});
		const { code, out } = await marktwin(["run", "--bail"], { cwd });
		expect(code).toBe(1);
		expect(playedIn(out)).toEqual(["aa", "bb"]);
		expect(out).toContain("2 not played (--bail)");
		const all = await marktwin(["run", "--bail", "a.scenario.ts"], { cwd });
		expect(all.code).toBe(0);
		expect(all.out).not.toContain("--bail");
	});

	it("leaves a trace in everything that is written, and in what is merged", async () => {
		const cwd = folderWith({
			"my.rules": RULES,
			"a.scenario.ts": scenario("aa", "my.rules", "b1"),
			"b.scenario.ts": scenario("bb"),
			"c.scenario.ts": scenario("cc"),
		});
		const outputs = (name: string) => [
			"--junit",
			`${name}.xml`,
			"--summary",
			`${name}.md`,
			"--report",
			`${name}.html`,
			"--json",
			`${name}.json`,
		];
		await marktwin(["run", "--bail", ...outputs("run")], { cwd });
		const merged = await marktwin(["merge", "run.json", ...outputs("all")], {
			cwd,
		});
		const short = "cut short: 2 scenarios were not played (--bail): bb, cc";
		expect(merged.code).toBe(1);
		expect(merged.out).toContain(short);
		const textOf = (name: string) => readFileSync(join(cwd, name), "utf8");
		expect(JSON.parse(textOf("run.json"))).toMatchObject({
			notPlayed: [{ name: "bb" }, { name: "cc" }],
		});
		for (const name of ["run", "all"]) {
			const junit = textOf(`${name}.xml`);
			expect(junit).toContain('tests="3" failures="1" errors="0" skipped="2"');
			expect(
				junit.match(/<skipped message="not played \(--bail\)"/g),
			).toHaveLength(2);
			expect(textOf(`${name}.md`)).toContain("2 scenarios were not played");
			expect(textOf(`${name}.md`)).toContain(
				"3 scenarios: 1 violated, 2 not played",
			);
			expect(pageText(textOf(`${name}.html`))).toContain(short);
		}
	});
});

describe("--rules", () => {
	const cwd = folderWith({
		"web/router.rules": "*nat\nCOMMIT\n",
		"mail/router.rules": "*nat\nCOMMIT\n",
		"mine.rules": RULES,
		"web/t.scenario.ts": scenario("web", "router.rules"),
		"tests/t.scenario.ts": scenario("up", "../web/router.rules"),
		"mail/t.scenario.ts": scenario("mail", "router.rules"),
	});

	it.each([
		["web/router.rules", ["web/t.scenario.ts", "tests/t.scenario.ts"]],
		["./web/router.rules", ["tests/t.scenario.ts"]],
		[join(cwd, "web/router.rules"), ["web/t.scenario.ts"]],
		["../web/router.rules", ["tests/t.scenario.ts"]],
		["router.rules", ["web/t.scenario.ts", "mail/t.scenario.ts"]],
	])(
		"finds rules as they are written, or as they are seen: %s",
		async (name, files) => {
			const words = ["run", ...files, "--rules", `${name}=mine.rules`];
			const { code, out } = await marktwin(words, { cwd });
			expect(out).toContain(`${files.length} hold`);
			expect(code).toBe(0);
		},
	);

	it("writes its reports where the rules are a script that cannot be read", async () => {
		writeFileSync(
			join(cwd, "fn.sh"),
			"#!/bin/sh\nfor p in 1 2; do\n  iptables -A INPUT -p $p\ndone\n",
		);
		const { code, out } = await marktwin(
			[
				"run",
				"web/t.scenario.ts",
				"--rules",
				"router.rules=fn.sh",
				"--junit",
				"x.xml",
				"--report",
				"x.html",
				"--summary",
				"x.md",
				"--json",
				"x.json",
			],
			{ cwd },
		);
		expect(code).toBe(2);
		expect(out).toContain("1 could not be played");
		expect(out).toContain("fn.sh:2:1: a loop");
		const said = (name: string) => readFileSync(join(cwd, name), "utf8");
		for (const text of [said("x.xml"), pageText(said("x.html")), said("x.md")])
			expect(text).toContain("holds iptables commands");
		const merged = await marktwin(["merge", "x.json"], { cwd });
		expect(merged).toMatchObject({ code: 2 });
		expect(merged.out).toContain("1 could not be played");
	});

	it("refuses rules that none of those that are played has", async () => {
		for (const words of [
			["mail/t.scenario.ts", "--rules", "web/router.rules=mine.rules"],
			["--filter", "mail", "--rules", "web/router.rules=mine.rules"],
			["mail/t.scenario.ts", "--rules", "x=mail/router.rules"],
		]) {
			const { code, out, err } = await marktwin(["run", ...words], { cwd });
			expect({ code, out }).toEqual({ code: 2, out: "" });
			expect(err).toContain("no scenario plays rules named");
		}
	});
});

it("refuses a module behind a backslash, where the loader would take another file", async () => {
	const cwd = folderWith({
		"my.rules": RULES,
		"x.scenario.ts": scenario("wrong"),
		"\\/x.scenario.ts": scenario("right", "../my.rules"),
	});
	const { code, out, err } = await marktwin(["run", "\\/x.scenario.ts"], {
		cwd,
	});
	expect({ code, out }).toEqual({ code: 2, out: "" });
	expect(err).toContain("may have no backslash");
});

it("prints replay lines that a shell runs as they stand, whatever files are called", async () => {
	const odd = `sp ace's "$HOME" \`id\` %s é\n::x * [a]`;
	const cwd = folderWith({
		[`${odd}/my.rules`]: "*nat\nCOMMIT\n",
		[`${odd}/other $1.rules`]: RULES,
		[`${odd}/-a.scenario.ts`]: `import { avoided, connect, recipeSetup, scenario } from "marktwin";
const one = (name: string) => scenario({
	name, title: "starts with a",
	setup: recipeSetup({ ruleset: { file: "my.rules" } }),
	steps: [connect(2)], expect: [avoided("b1")],
});
export default [one("a"), one("a-b"), one("b-a")];
`,
	});
	const folder = join(cwd, odd);
	const words = ["run", "--rules", "my.rules=other $1.rules", "--filter", "a"];
	const { code, out } = await marktwin([...words, "--", "-a.scenario.ts"], {
		cwd: folder,
	});
	expect(code).toBe(1);
	const fromHere = await marktwin(
		[
			"run",
			odd,
			"--filter",
			"a-b",
			"--rules",
			`my.rules=${odd}/other $1.rules`,
		],
		{ cwd },
	);
	expect(fromHere.code).toBe(1);
	for (const [text, name, where] of [
		[out, "a", folder],
		[fromHere.out, "a-b", cwd],
	] as const) {
		const line = /^ +replay +(marktwin .*)$/m.exec(text)?.[1] ?? "";
		const script = `marktwin() { "${process.execPath}" "${inject("command")}" "$@"; }\n${line}`;
		const again = await execute("sh", ["-c", script], { cwd: where });
		expect(again.err).toBe("");
		expect(again.code).toBe(1);
		expect(again.out).toContain("1 scenario: 1 violated");
		expect(again.out).toContain(` --filter ${name} `);
	}
});
