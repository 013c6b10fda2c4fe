import {
	existsSync,
	mkdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { execute, marktwin } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);

mkdirSync(path("firewall"));
writeFileSync(
	path("firewall/my.rules"),
	`*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`,
);
writeFileSync(
	path("firewall/my.scenario.ts"),
	`import { avoided, connect, evenSplit, recipeSetup, scenario } from "marktwin";
export default scenario({
	name: "one-sided",
	title: "Backend 1 is spared | <b>",
	setup: recipeSetup({ ruleset: "my.rules" }),
	steps: [connect(10)],
	expect: [avoided("b1"), evenSplit(["b1", "b2"])],
});
`,
);

/** As a user in his own folder; in GitHub's when he says so. */
const inFolder = (
	words: readonly string[],
	environment: Readonly<Record<string, string>> = {},
) =>
	execute(process.execPath, [inject("command"), ...words], {
		cwd: folder,
		env: environment,
	});

const GITHUB = { GITHUB_ACTIONS: "true" };

it("points GitHub to the rule that is to blame, by the path from where it was started", async () => {
	const { code, out } = await inFolder(
		["run", "firewall/my.scenario.ts"],
		GITHUB,
	);
	expect(code).toBe(1);
	expect(out).toMatch(
		/^::error file=firewall\/my\.rules,line=2,title=one-sided%3A Backend 1 is spared \| <b>::expected none of the connections at b1; seen 10 of 10 connections/m,
	);
});

it("says nothing to GitHub elsewhere, and of what holds", async () => {
	const elsewhere = await inFolder(["run", "firewall/my.scenario.ts"], {
		GITHUB_ACTIONS: "",
	});
	expect(elsewhere.out).not.toContain("::error");
	const holding = await inFolder(["run", "split"], GITHUB);
	expect(holding.out).not.toContain("::");
});

it("appends to the file in which GitHub gathers summaries, and replaces any other", async () => {
	const gathered = path("gathered.md");
	writeFileSync(gathered, "what another command said\n");
	const words = ["run", "split-alternates", "--summary", gathered];
	await inFolder(words, { GITHUB_STEP_SUMMARY: gathered });
	const both = readFileSync(gathered, "utf8");
	expect(both).toMatch(/^what another command said\n## ✓ marktwin: holds/);
	await inFolder(words);
	expect(readFileSync(gathered, "utf8")).toMatch(/^## ✓ marktwin: holds/);
});

it("says before it plays where it cannot write", async () => {
	const nowhere = path("no/such/folder.html");
	for (const option of ["--report", "--junit", "--summary", "--json"]) {
		const { code, out, err } = await marktwin([
			"run",
			"split",
			option,
			nowhere,
		]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(`cannot write ${nowhere}`);
	}
	expect(existsSync(nowhere)).toBe(false);
});

it("writes one thing at most to standard output, and each file once", async () => {
	const junit = await inFolder(["run", "split-alternates", "--junit", "-"]);
	expect(junit.out).toMatch(/^<\?xml/);
	expect(junit.err).toContain("1 scenario: 1 holds");
	const both = await marktwin(["run", "split", "--junit", "-", "--json", "-"]);
	expect(both.code).toBe(2);
	expect(both.err).toContain("only one of");
	const twice = await marktwin(["run", "split", "--junit", "a", "--json", "a"]);
	expect(twice.code).toBe(2);
	expect(twice.err).toContain("a is to be written twice");
});

it("appends to GitHub's file by whatever path it is named", async () => {
	const gathered = path("by-path.md");
	writeFileSync(gathered, "before\n");
	await inFolder(["run", "split-alternates", "--summary", "./by-path.md"], {
		GITHUB_STEP_SUMMARY: gathered,
	});
	expect(readFileSync(gathered, "utf8")).toMatch(/^before\n## ✓/);
});

it("writes no summary where nobody gathers any, and says so", async () => {
	const words = ["run", "split-alternates", "--summary", ""];
	const { code, err, out } = await inFolder(words);
	expect(code).toBe(0);
	expect(err).toContain("no summary is written");
	expect(out).toContain("1 scenario: 1 holds");
	for (const option of ["--report", "--junit", "--json"]) {
		const nameless = await inFolder(["run", "split-alternates", option, ""]);
		expect({ code: nameless.code, out: nameless.out }).toEqual({
			code: 2,
			out: "",
		});
		expect(nameless.err).toContain(`${option} "" names no file`);
	}
});

it("takes two names of one file for one file", async () => {
	symlinkSync(folder, path("link"));
	const both = await inFolder([
		"run",
		"split-alternates",
		"--json",
		"same.json",
		"--junit",
		"link/same.json",
	]);
	expect(both.code).toBe(2);
	expect(both.err).toContain("are the same file");
});

it("writes over nothing that it reads", async () => {
	const rules = readFileSync(path("firewall/my.rules"), "utf8");
	symlinkSync("firewall/my.rules", path("linked.rules"));
	const scenario = "firewall/my.scenario.ts";
	for (const output of [
		"firewall/my.scenario.ts",
		"./firewall/../firewall/my.rules",
		"linked.rules",
	])
		for (const option of ["--report", "--json", "--junit", "--summary"]) {
			const words = ["run", scenario, option, output];
			const { code, out, err } = await inFolder(words);
			expect({ code, out }).toEqual({ code: 2, out: "" });
			expect(err).toMatch(/which is read|is read, and is to be written over/);
		}
	const replaced = await inFolder([
		"run",
		"split",
		"--rules",
		"recipe.rules=firewall/my.rules",
		"--json",
		"firewall/my.rules",
	]);
	expect(replaced).toMatchObject({ code: 2, out: "" });
	await inFolder(["run", "split-alternates", "--json", "part.json"]);
	const merged = await inFolder(["merge", "part.json", "--json", "part.json"]);
	expect(merged).toMatchObject({ code: 2, out: "" });
	const fixed = await inFolder([
		"fix",
		"firewall/my.rules",
		"--output",
		"linked.rules",
	]);
	expect(fixed.code).toBe(2);
	expect(readFileSync(path("firewall/my.rules"), "utf8")).toBe(rules);
});

it("keeps the summaries of commands that end at the same time", async () => {
	const gathered = path("at-once.md");
	const all = await Promise.all(
		Array.from({ length: 6 }, () =>
			inFolder(["run", "split-alternates", "--summary", gathered], {
				GITHUB_STEP_SUMMARY: gathered,
			}),
		),
	);
	expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
	expect(readFileSync(gathered, "utf8").match(/^## ✓/gm)).toHaveLength(6);
});

it("writes the others when one cannot be written, and says so", async () => {
	const junit = path("others.xml");
	const { code, out, err } = await inFolder([
		"run",
		"split-alternates",
		"--json",
		"/dev/full",
		"--junit",
		junit,
	]);
	expect(code).toBe(2);
	expect(out).toContain("1 scenario: 1 holds");
	expect(err).toContain("cannot write /dev/full: no space left");
	expect(readFileSync(junit, "utf8")).toContain("split-alternates");
});

it("refuses a shard that makes no sense", async () => {
	for (const shard of ["0/2", "3/2", "1", "a/b"]) {
		const { code, err } = await marktwin(["run", "--shard", shard]);
		expect(code).toBe(2);
		expect(err).toContain("Write it as 1/3");
	}
});
