import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { AS_PUBLISHED } from "../../test/recipe.ts";
import { pageText } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const fileOf = (name: string, content: string): string => {
	const file = join(folder, name);
	writeFileSync(file, content);
	return file;
};

/** Sends all to backend 1, whatever happens. */
const ONE_SIDED = `*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
const oneSided = fileOf("one-sided.rules", ONE_SIDED);
const ownScenario = fileOf(
	"own.scenario.ts",
	`import { at, connect, evenSplit, pattern, recipeSetup, scenario } from "marktwin";

export default scenario({
	name: "own-split",
	title: "Ten connections are split",
	setup: recipeSetup({ ruleset: "one-sided.rules" }),
	steps: [at(0, connect(10))],
	expect: [
		evenSplit(["b1", "b2"], { because: "it says so on the tin" }),
		pattern(["b1", "b2"], 10),
	],
});
`,
);

const ONE_SIDED_SPLIT = ["split", "--rules", `recipe.rules=${oneSided}`];
const brokenScenario = fileOf("broken.scenario.json", '{ "name": 1 }');

describe("marktwin run", () => {
	it("plays a suite and shows how connections were split", async () => {
		const { code, out, err } = await marktwin(["run", "split"]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(/^split\n/m);
		expect(out).toMatch(
			/✓ New connections alternate .*\n +b1 █+ 5 +b2 █+ 5 +1212121212\n/,
		);
		expect(out).toMatch(/^\d+ scenarios: \d+ hold/m);
		expect(out).not.toContain("\u001b");
	});

	it("says which rules of a suite matched no packet", async () => {
		const dead = `*filter\n-A INPUT -p tcp --dport 9 -j DROP\nCOMMIT\n${ONE_SIDED}`;
		const rules = fileOf("dead.rules", dead);
		const words = ["split", "--rules", `recipe.rules=${rules}`];
		const { out } = await marktwin(["run", ...words]);
		const said = "dead.rules: 1 of 2 rules matched no packet, in 4 scenarios";
		expect(out).toContain(said);
		const alone = await marktwin([
			"run",
			"split-alternates",
			...words.slice(1),
		]);
		expect(alone.out).not.toContain("matched no packet, in");
	});

	it("names what a script does besides its rules, once", async () => {
		const script = fileOf(
			"routed.sh",
			"#!/bin/sh\nip rule add fwmark 1 table 5\niptables -A FORWARD -j ACCEPT\n",
		);
		const { err } = await marktwin([
			"run",
			"split",
			"--quiet",
			"--rules",
			`recipe.rules=${script}`,
		]);
		expect(err).toContain("routed.sh:2: `ip` is not carried out");
		expect(err.match(/is not carried out/g)).toHaveLength(1);
	});

	it("ends a scenario that takes more than it may, and plays the others", async () => {
		const file = join(folder, "budget.json");
		const { code, out } = await marktwin([
			"run",
			"split",
			"--max-steps",
			"1000",
			"--json",
			file,
		]);
		expect(code).toBe(3);
		expect(out).toMatch(
			/budget exhausted at \d+\.\d+ s: more than 1,000 steps/,
		);
		expect(out).toMatch(/--max-steps 1000/);
		expect(out).toMatch(/^\d+ scenarios: \d+ hold?s?, \d+ unknown/m);
		expect(JSON.parse(readFileSync(file, "utf8")).outcome).toBe("unknown");
	});

	it("ends with all suites on a screen: what holds, and whom connections met", async () => {
		const { out } = await marktwin(["run", "split", "reload"]);
		expect(out).toMatch(/^split {3}✓✓✓▲ {5}1212121212 +New connections/m);
		expect(out).toMatch(/^reload {2}▲✓✓✓▲▲✓ {2}1│1│1│1│1│1│1│1 +The ruleset/m);
		for (const line of out.split("\n")) expect(line.length).toBeLessThan(101);
	});

	it("says of a scenario that expects nothing that it shows nothing", async () => {
		const content = readFileSync(ownScenario, "utf8").replace(
			/expect: \[[\s\S]*?\n\t\],/,
			"expect: [],",
		);
		const { out, code } = await marktwin([
			"run",
			fileOf("vacuous.ts", content),
		]);
		expect(out).toContain("nothing was expected: nothing is shown");
		expect(code).toBe(3);
	});

	it("says before it plays where it cannot write", async () => {
		const json = join(folder, "no", "such", "result.json");
		for (const file of [folder, json]) {
			const result = await marktwin(["run", "split", "--json", file]);
			expect(result).toMatchObject({ code: 2, out: "" });
			expect(result.err).toContain(`cannot write ${file}`);
		}
	});

	it("plays one scenario by its name, and marks a trap", async () => {
		const { code, out } = await marktwin(["run", "reload-between-connections"]);
		expect(code).toBe(0);
		expect(out).toMatch(/▲ trap: /);
		expect(out).toContain("1│1│1│1");
		expect(out).toContain("1 scenario: 1 hold");
	});

	it("shows what is violated: expected, seen, whom it met, and how to see it again", async () => {
		const { code, out } = await marktwin(["run", ownScenario]);
		expect(code).toBe(1);
		expect(out).toMatch(
			/✗ Ten connections are split own-split\n +b1 █{20} 10 +b2 0 +1111111111\n/,
		);
		expect(out).toMatch(/^ +expected +\S/m);
		expect(out).toMatch(/^ +because +it says so on the tin$/m);
		expect(out).toMatch(/^ +seen +.*b1/m);
		expect(out).toMatch(/^ +first +#2 c1:\d+ at \d+ ms → b1, completed$/m);
		expect(out).toContain("1 scenario: 1 violated");
		const replay = / +replay +marktwin (.*)$/m.exec(out)?.[1] ?? "";
		expect(replay).toContain("--seed 1");
		const again = await marktwin(replay.split(" "));
		expect(again.code).toBe(1);
	});

	it("plays other rules wherever a scenario names some", async () => {
		const words = [
			"run",
			"split-alternates",
			"--rules",
			`recipe.rules=${oneSided}`,
		];
		const { code, out } = await marktwin(words);
		expect(code).toBe(1);
		expect(out).toContain(`--rules recipe.rules=${oneSided}`);
	});

	it("says first that rules met no packet of a scenario", async () => {
		const rules = fileOf(
			"elsewhere.rules",
			"*nat\n-A PREROUTING -i wan0 -p tcp --dport 443 -j DNAT --to-destination 192.168.7.1\nCOMMIT\n",
		);
		const { code, out } = await marktwin([
			"run",
			"split-alternates",
			"-r",
			`recipe.rules=${rules}`,
		]);
		expect(code).toBe(1);
		expect(out.replace(/\s+/g, " ")).toMatch(
			/✗ New connections alternate .* split-alternates \S+elsewhere\.rules: none of its rules matched a packet; the connections go to 10\.0\.0\.1:25 by bond0\.204 b1 0/,
		);
	});

	it("ends with 3 where the model does not know, and names the rule", async () => {
		const rules = fileOf(
			"unknown.rules",
			`*mangle\n-A PREROUTING -m set --match-set bad src -j DROP\nCOMMIT\n${ONE_SIDED}`,
		);
		const { code, out } = await marktwin([
			"run",
			"split-alternates",
			"-r",
			`recipe.rules=${rules}`,
		]);
		expect(code).toBe(3);
		expect(out).toMatch(/\? New connections alternate/);
		expect(out).toMatch(/^ +unknown +.*set/m);
		expect(out).toMatch(
			/^ +rule +mangle:PREROUTING:rule:1 +.*unknown\.rules:2/m,
		);
		expect(out).toContain("1 scenario: 1 unknown");
	});

	it("plays the rest when one ruleset does not load, and tells all of it", async () => {
		const other = fileOf(
			"mixed.scenario.ts",
			`import { avoided, connect, recipeSetup, scenario } from "marktwin";
const rules = (name: string, text: string) => ({ name, text });
const one = (name: string, ruleset: { name: string; text: string }) => scenario({
	name,
	title: name,
	steps: [connect(2)],
	expect: [avoided("b2")],
	setup: recipeSetup({ ruleset }),
});
const good = ${JSON.stringify(ONE_SIDED)};
export default [
	one("first", rules("good.rules", good)),
	one("second", rules("bad.rules", good.replace("-j DNAT", "-j NOSUCH"))),
	one("third", rules("bad.rules", good.replace("-j DNAT", "-j NOSUCH"))),
	one("fourth", rules("good.rules", good)),
];
`,
		);
		const [junit, json, page] = ["xml", "json", "html"].map((end) =>
			join(folder, `mixed.${end}`),
		);
		const { code, out, err } = await marktwin([
			"run",
			other,
			"--junit",
			junit ?? "",
			"--json",
			json ?? "",
			"--report",
			page ?? "",
		]);
		expect(code).toBe(2);
		expect(out).toMatch(/✓ first.*! second\n[^\n]*cannot be set up.*✓ fourth/s);
		expect(out).toContain("for the same reason as second");
		expect(out).toContain("2 could not be played");
		expect(err).toMatch(/could not be set up: second, third\n.*NOSUCH/s);
		expect(readFileSync(junit ?? "", "utf8")).toContain(
			'tests="4" failures="0" errors="2"',
		);
		expect(pageText(readFileSync(page ?? "", "utf8"))).toContain("NOSUCH");
		const merged = await marktwin(["merge", json ?? ""]);
		expect(merged.code).toBe(2);
		expect(merged.out).toContain("4 scenarios from 1 file: 2 could not");
	});

	it("commands nobody, whatever a scenario says", async () => {
		const content = readFileSync(ownScenario, "utf8").replace(
			'because: "it says so on the tin"',
			'because: "first\\n::error::forged\\n\\u202e\\u001b[31m##[error]x"',
		);
		const { out } = await marktwin(
			["run", fileOf("forged.scenario.ts", content)],
			{
				env: { GITHUB_ACTIONS: "true" },
			},
		);
		const commands = out.split("\n").filter((line) => /^\s*::/.test(line));
		const others = out.split("\n").filter((line) => !commands.includes(line));
		// The annotations are ours; what they quote stands within a line.
		expect(commands).toHaveLength(2);
		for (const line of commands) expect(line).toContain("title=own-split%3A");
		expect(others.join("\n")).toContain(": :error::forged");
		expect(others.join("\n")).not.toContain("##[");
		expect(out).toContain("⟨U+202E⟩⟨U+001B⟩[31m");
	});

	it("lists without playing", async () => {
		const all = await marktwin(["run", "--list"]);
		expect(all.code).toBe(0);
		expect(all.out).toMatch(
			/^split\/split-alternates +New connections alternate/m,
		);
	});

	it("says more, or less", async () => {
		const verbose = await marktwin(["run", "-v", "split-alternates"]);
		expect(verbose.out).toMatch(/^ {4}✓ \S/m);
		const quiet = await marktwin(["run", "-q", "split"]);
		expect(quiet.out).not.toContain("alternate");
		expect(quiet.out).toMatch(/hold/);
	});

	it.each([
		["all that holds", ["split", "failover", "matches"]],
		["violated, and cut short", [...ONE_SIDED_SPLIT, "failover", "--bail"]],
		[
			"not playable",
			["--max-steps", "50", "split", brokenScenario, "failover"],
		],
	])(
		"says and writes the same with three workers as with one: %s",
		async (_, words) => {
			const [alone, together] = await Promise.all(
				["1", "3"].map(async (workers) => {
					const json = join(folder, `workers-${workers}.json`);
					const args = ["run", ...words, "--workers", workers, "--json", json];
					const { out, ...ended } = await marktwin(args);
					const said = out.replace(/played in .*/, "");
					return { ...ended, said, json: readFileSync(json, "utf8") };
				}),
			);
			expect(together).toEqual(alone);
			expect(alone?.json.length).toBeGreaterThan(1_000);
		},
	);

	it("gives the same JSON for the same seed, byte for byte", async () => {
		const files = [1, 2].map((index) => join(folder, `${index}.json`));
		for (const file of files) {
			const words = [
				"run",
				"random",
				"split-at-random-times",
				"--seed",
				"7",
				"--json",
				file,
			];
			expect((await marktwin(words)).code).toBe(0);
		}
		const [first, second] = files.map((file) => readFileSync(file));
		expect(first?.equals(second as Buffer)).toBe(true);
		const { outcome, results } = JSON.parse(String(first));
		expect(outcome).toBe("holds");
		expect(results[0]).toMatchObject({ seed: 7, outcome: "holds" });
		const other = await marktwin([
			"run",
			"random",
			"--seed",
			"8",
			"--json",
			"-",
		]);
		expect(JSON.parse(other.out).results[0].account).not.toEqual(
			results[0].account,
		);
	});

	it.each([
		{ words: ["spilt"], says: "Did you mean split?" },
		{
			words: ["split", "--filter", "nosuchthing"],
			says: "leaves no scenario of",
		},
		{
			words: ["split", "--filter", ""],
			says: "leaves no scenario of",
		},
		{ words: ["split", "--seed", "1e999"], says: "A seed is a whole number" },
		{ words: ["split", "--kernel", "6.1"], says: "the model is no kernel" },
		{
			words: ["split", "--on", "model:sid", "--linux", "trixie"],
			says: "name two different Linuxes",
		},
		{
			words: ["split", "--on", "vm:buster"],
			says: "is no Linux that is known",
		},
		{ words: ["split", "--on", "qemu"], says: "model, vm, docker" },
		{ words: ["--list", "--json", "x"], says: "cannot be used with option" },
		{ words: ["--bail", "--shard", "1/2"], says: "cannot be used with option" },
		{ words: ["split", "--seed", "many"], says: "A seed is a whole number" },
		{ words: ["split", "--rules", "mine"], says: "recipe.rules=my.rules" },
		{
			words: ["split", "--rules", `nosuch.rules=${oneSided}`],
			says: "no scenario plays rules named nosuch.rules",
		},
		{
			words: ["split", "--rules", "recipe.rules=/nowhere"],
			says: "cannot read /nowhere: no such file",
		},
		{
			words: ["split", "--rules", `recipe.rules=${AS_PUBLISHED}`],
			says: "condition!",
		},
		{ words: ["./nowhere.scenario.ts"], says: "nowhere.scenario.ts" },
		{
			words: ["split-alternates", "--json", "/nowhere/at/all.json"],
			says: "mkdir -p /nowhere/at",
		},
		{ words: ["/dev/fd/"], says: "/dev/fd/: no scenario file" },
	])("refuses $words", async ({ words, says }) => {
		const { code, err } = await marktwin(["run", ...words]);
		expect(err).toContain(says);
		expect(code).toBe(2);
	});

	it.each([
		{ name: "broken.json", content: "{,", says: "line 1:2" },
		{ name: "empty.json", content: "", says: "empty.json" },
		{ name: "other.json", content: '{"name": 1}', says: "name" },
		{
			name: "broken.ts",
			content: "export default {\n  name: =\n};\n",
			says: "line 2:",
		},
		{ name: "empty.ts", content: "", says: "no default export" },
		{
			name: "throws.ts",
			content: "throw new Error('so it goes');\n",
			says: "so it goes",
		},
		{
			name: "norules.ts",
			content: readFileSync(ownScenario, "utf8").replace(
				"one-sided",
				"missing",
			),
			says: "missing.rules",
		},
		{
			name: "exits.ts",
			content: "process.exit(0);\n",
			says: "ended before it was done",
		},
		{
			name: "waits.ts",
			content: "await new Promise(() => {});\nexport default [];\n",
			says: "ended before it was done",
		},
		{
			name: "getter.ts",
			content: "export default { get name() {\nthrow new Error('no!') } };\n",
			says: "line 2: no!",
		},
		{
			name: "rejects.ts",
			content: "Promise.reject(new Error('late'));\nexport default [];\n",
			says: "line 1: late",
		},
		{ name: "scenario.txt", content: "", says: ".txt" },
	])("refuses a scenario file: $name", async ({ name, content, says }) => {
		const { code, out, err } = await marktwin(["run", fileOf(name, content)]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(name);
		expect(err).toContain(says);
		expect(err).not.toContain("bug in marktwin");
	});

	it("refuses a folder that is named like a file", async () => {
		mkdirSync(join(folder, "folder.ts"));
		const { code, err } = await marktwin(["run", join(folder, "folder.ts")]);
		expect(code).toBe(2);
		expect(err).toContain("folder.ts");
	});
});
