import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const fileOf = (name: string, content: string): string => {
	const file = join(folder, name);
	writeFileSync(file, content);
	return file;
};
const filter = (...lines: readonly string[]): string =>
	["*filter", ...lines, "COMMIT", ""].join("\n");
const OLD = "-A INPUT -m state --state NEW -j ACCEPT";
const old = fileOf("old.rules", filter(OLD));
const bad = fileOf("bad.rules", filter("-A INPUT -j NOPE"));

describe("marktwin lint", () => {
	it("shows what is wrong, where, and what to do", async () => {
		const { code, out, err } = await marktwin(["lint", old]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toBe(
			`${old}:2:10: note MT801 old-name: \`-m state --state NEW\` is the old name of \`-m conntrack --ctstate NEW\`
  2 | ${OLD}
    |          ^~~~~~~~~~~~~~~~~~~~
  It matches the same packets.
  Write \`-m conntrack --ctstate NEW\`.

! 1 finding in ${old}: 1 note
  marktwin explain MT801 says more
`,
		);
	});

	it("ends with 1 for findings of --severity and above", async () => {
		const codeOf = async (severity: string) =>
			(await marktwin(["lint", "--severity", severity, old])).code;
		expect(await codeOf("note")).toBe(1);
		expect(await codeOf("error")).toBe(0);
	});

	it("finds nothing wrong with the recipe but what is true of it", async () => {
		const { code, err } = await marktwin(["lint", RECIPE]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
	});

	it("runs the rules that are chosen, by code or name", async () => {
		const outOf = async (...words: readonly string[]) =>
			(await marktwin(["lint", ...words, old])).out;
		expect(await outOf("--ignore", "MT801")).toContain("no findings");
		expect(await outOf("--only", "old-name")).toContain("MT801");
		expect(await outOf("--only", "MT901, MT902")).toContain("no findings");
		const { code, err } = await marktwin(["lint", "--only", "MT8O1", old]);
		expect(code).toBe(2);
		expect(err).toContain("Did you mean MT801?");
		const both = ["--only", "MT801,MT101", "--ignore", "old-name"];
		const refused = await marktwin(["lint", ...both, old]);
		expect(refused.code).toBe(2);
		expect(refused.err).toContain("--only and --ignore both name MT801");
	});

	it("prints the faults of a ruleset that would not load, and lints the others", async () => {
		const { code, out, err } = await marktwin(["lint", bad, old]);
		expect(code).toBe(2);
		expect(err).toContain(`${bad}:2:`);
		expect(err).toContain("would not load: 1 fault\n");
		expect(out).toContain("MT801");
	});

	it("writes no report that lacks a file", async () => {
		const sarif = join(folder, "bad.sarif");
		const written = ["--write-baseline", join(folder, "bad.json")];
		const { code, out } = await marktwin([
			"lint",
			"--format",
			"sarif",
			"--output",
			sarif,
			...written,
			bad,
			old,
		]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect([sarif, join(folder, "bad.json")].filter(existsSync)).toEqual([]);
	});

	it.each([
		["an empty file", ""],
		["a script without rules", "#!/bin/sh\necho hi\n"],
	])("does not know about %s", async (_, input) => {
		const { code, out } = await marktwin(["lint", "-"], { input });
		expect(code).toBe(3);
		expect(out).toBe(
			"? <stdin>: it has no rules: nothing was analysed\n? no findings in <stdin>\n",
		);
	});

	it("says that shares rest on a set that it was not given, and on what is assumed", async () => {
		const web = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
		const rules = fileOf(
			"set.rules",
			`*nat\n${web} -m set --match-set vip src -j DNAT --to 10.0.0.1\n${web} -j DNAT --to 10.0.0.2\nCOMMIT\n`,
		);
		const lint = (...words: readonly string[]) =>
			marktwin(["lint", ...words, rules]);
		const { code, out } = await lint();
		expect(code).toBe(3);
		expect(out).toContain("its shares are unknown: they depend on the members");
		const assumed = await lint("--assume", "set:vip=no");
		expect(assumed.code).toBe(0);
		expect(assumed.err).toContain("assumed set:vip=no, which answered once");
		expect((await lint("--assume", "set:vip=either")).code).toBe(3);
		expect((await lint("--assume", "set:vpi=no")).code).toBe(2);
		const sets = fileOf("ipset.save", "create vip hash:ip\n");
		expect((await lint("--sets", sets)).code).toBe(0);
		expect((await marktwin(["fix", "--check", rules])).code).toBe(3);
	});

	it("takes shell scripts, and their lines", async () => {
		const script = fileOf("fw.sh", `#!/bin/sh\n\niptables ${OLD}\n`);
		const { out } = await marktwin(["lint", script]);
		expect(out).toContain(`${script}:3:19: note MT801`);
	});

	it("takes what the machine tells, and a folder with all of it", async () => {
		const addresses = fileOf("addr.json", JSON.stringify([]));
		const told = await marktwin(["lint", "--addresses", addresses, old]);
		expect(told).toMatchObject({ code: 0 });
		expect(told.out).toContain("MT801");
		const twice = await marktwin(["lint", "--addresses", "-", old, old]);
		expect(twice.code).toBe(2);
		expect(twice.err).toContain(
			"standard input (-) would be read more than once",
		);
	});

	it("lets no text of a ruleset speak to a terminal", async () => {
		const text = filter(`${OLD} -m comment --comment "\u001b[2J ::error::x"`);
		const { out } = await marktwin(["lint", "-"], { input: text });
		expect(out).toContain("MT801");
		expect(out).not.toContain("\u001b");
	});
});

describe("its formats", () => {
	const outputOf = async (format: string, ...words: readonly string[]) =>
		(await marktwin(["lint", "--format", format, ...words, old])).out;

	it("are written to a file or to standard output", async () => {
		const file = join(folder, "lint.out");
		for (const format of ["text", "json", "sarif", "github", "gitlab"]) {
			const printed = await outputOf(format);
			expect(printed).toContain("MT801");
			expect(await outputOf(format, "--output", file)).toBe("");
			expect(readFileSync(file, "utf8")).toBe(printed);
		}
	});

	it("are JSON, annotations and SARIF", async () => {
		expect(JSON.parse(await outputOf("json"))).toMatchObject({
			format: "marktwin lint 1",
			findings: [{ code: "MT801", line: 2, column: 10, length: 20 }],
		});
		expect(JSON.parse(await outputOf("sarif"))).toMatchObject({
			version: "2.1.0",
			runs: [{ results: [{ ruleId: "MT801", level: "note" }] }],
		});
		expect(JSON.parse(await outputOf("gitlab"))).toMatchObject([
			{ check_name: "MT801", severity: "info" },
		]);
		expect(await outputOf("github")).toMatch(
			/^::notice file=[^:]+,line=2,col=10,endColumn=30,title=MT801 old-name::/,
		);
	});
});

describe("a baseline", () => {
	const known = join(folder, "known.json");

	it("hides what is known, and names what is gone", async () => {
		const file = fileOf("mine.rules", filter(OLD));
		const first = await marktwin(["lint", "--write-baseline", known, file]);
		expect(first.out).toBe(`✓ no findings in ${file}; 1 in the baseline\n`);
		const strict = ["lint", "--severity", "note", "--baseline", known, file];
		expect((await marktwin(strict)).code).toBe(0);
		writeFileSync(file, filter(OLD, OLD.replace("NEW", "INVALID")));
		const more = await marktwin(strict);
		expect(more.code).toBe(1);
		expect(more.out).toContain("1 finding");
		expect(more.out).toContain("; 1 in the baseline\n");
		writeFileSync(file, filter("-A INPUT -j ACCEPT"));
		const gone = await marktwin(strict);
		expect(gone).toMatchObject({ code: 0 });
		expect(gone.out).toContain("no longer found: MT801 in mine.rules");
		const other = await marktwin([
			"lint",
			"--ignore",
			"MT801",
			...strict.slice(1),
		]);
		expect(other.out).not.toContain("no longer found");
	});

	it("is the same from any folder", async () => {
		const below = join(folder, "below");
		mkdirSync(below);
		await marktwin(["lint", "--write-baseline", "known.json", "old.rules"], {
			cwd: folder,
		});
		const { out } = await marktwin(
			["lint", "--baseline", "../known.json", "../old.rules"],
			{ cwd: below },
		);
		expect(out).toContain("no findings in ../old.rules; 1 in the baseline");
	});

	it.each([
		["no JSON", "{"],
		["something else", '{"format": "marktwin results 3"}'],
	])("is refused when it is %s", async (_, text) => {
		const file = fileOf("wrong.json", text);
		const { code, err } = await marktwin(["lint", "--baseline", file, old]);
		expect(code).toBe(2);
		expect(err).toContain(`${file} is no baseline of marktwin`);
		expect(err).toContain("--write-baseline");
	});
});
