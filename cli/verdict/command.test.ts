import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { pageDataOf } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const fileOf = (name: string, lines: readonly string[]): string => {
	const file = join(folder, name);
	writeFileSync(file, [...lines, "COMMIT", ""].join("\n"));
	return file;
};
const WEB = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
const nth = (packet: number) =>
	`-m statistic --mode nth --every 2 --packet ${packet}`;
const to = (backend: number) => `-j DNAT --to-destination 10.0.0.${backend}`;
/** What tells the verdict: half each; a quarter for no backend; a set of which nothing is known. */
const right = fileOf("right.rules", [
	"*nat",
	`${WEB} ${nth(0)} ${to(1)}`,
	`${WEB} ${to(2)}`,
]);
const wrong = fileOf("wrong.rules", [
	"*nat",
	`${WEB} ${nth(0)} ${to(1)}`,
	`${WEB} ${nth(1)} ${to(2)}`,
]);
const unsure = fileOf("unsure.rules", [
	"*nat",
	`${WEB} -m set --match-set vip src ${to(1)}`,
	`${WEB} ${to(2)}`,
]);
/** A note, and no service. */
const old = fileOf("old.rules", [
	"*filter",
	"-A INPUT -m state --state NEW -j ACCEPT",
]);
const bad = fileOf("bad.rules", ["*filter", "-A INPUT -j NOPE"]);

const verdict = (...words: readonly string[]) =>
	marktwin(["verdict", ...words]);

describe("marktwin verdict", () => {
	it("says of rules that are right what they load, balance and lack", async () => {
		const { code, out, err } = await verdict(right);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out.split("\n").slice(0, 5)).toEqual([
			`✓ ${right} would load: 2 rules`,
			"",
			"tcp 203.0.113.1:80",
			"    10.0.0.1:80  1/2  50 %  ████████████",
			"    10.0.0.2:80  1/2  50 %  ████████████",
		]);
		expect(out).toContain("Assumed of the machine: ");
		expect(out.endsWith(`\n\n✓ no findings in ${right}\n`)).toBe(true);
	});

	it("ends with 1 for what is wrong, and names what repairs it", async () => {
		const { code, out, err } = await verdict(wrong);
		expect({ code, err }).toEqual({ code: 1, err: "" });
		expect(out).toContain(`✓ ${wrong} would load: 2 rules\n`);
		expect(out).toMatch(/no backend: .* 1\/4 {2}25 %/);
		expect(out).toContain(
			`${wrong}:3:${WEB.length + 2}: error MT101 no-backend: 1/4 (25 %)`,
		);
		expect(
			out.endsWith(
				`✗ 1 finding in ${wrong}: 1 error\n  marktwin explain MT101 says more\n  marktwin fix ${wrong} repairs 1 of 1\n`,
			),
		).toBe(true);
	});

	it("ends with 3 for shares that are not known, and says why", async () => {
		const { code, out, err } = await verdict(unsure);
		expect({ code, err }).toEqual({ code: 3, err: "" });
		expect(out).toContain("    10.0.0.1:80  0 to 1  0 to 100 %");
		expect(out).toContain(
			"its shares are unknown: they depend on the members of the set vip (nat:PREROUTING:rule:1, line 2)",
		);
		expect(out.endsWith(`? no findings in ${unsure}\n`)).toBe(true);
		expect(out).not.toContain("✓ no findings");
	});

	it("ends with 3 where no service was found: nothing was looked at", async () => {
		const { code, out } = await verdict(old);
		expect(code).toBe(3);
		expect(out).toContain(`? ${old}: no service was found`);
		expect(out).toContain("note MT801 old-name");
	});

	it("ends with 1 for findings of --severity and above", async () => {
		expect((await verdict("--severity", "note", old)).code).toBe(1);
		// Of `wrong` everything is known but that it is right.
		expect((await verdict("--severity", "error", wrong)).code).toBe(1);
	});

	it("reads rules from standard input", async () => {
		const input = readFileSync(right, "utf8");
		const { code, out } = await marktwin(["verdict", "-"], { input });
		expect(code).toBe(0);
		expect(out).toContain("✓ <stdin> would load: 2 rules\n");
		expect(out).toContain("✓ no findings in <stdin>\n");
	});

	it("refuses standard input twice", async () => {
		const input = readFileSync(right, "utf8");
		const twice = await marktwin(["verdict", "-", "-"], { input });
		expect({ code: twice.code, out: twice.out }).toEqual({ code: 2, out: "" });
	});
});

describe("marktwin verdict of several files", () => {
	it.each([
		{ files: [right, right], exit: 0 },
		{ files: [right, unsure], exit: 3 },
		{ files: [unsure, right], exit: 3 },
		{ files: [unsure, wrong, right], exit: 1 },
		{ files: [wrong, unsure], exit: 1 },
	])("ends with what is worst: $exit", async ({ files, exit }) => {
		const { code, out } = await verdict(...files);
		expect(code).toBe(exit);
		const loaded = [...out.matchAll(/^✓ (.*) would load: 2 rules$/gm)];
		expect(loaded.map(([, file]) => file)).toEqual(files);
	});

	it.each([{ files: [bad, wrong] }, { files: [wrong, bad] }])(
		"ends with 2 where one would not load, and tells of the other",
		async ({ files }) => {
			const { code, out, err } = await verdict(...files);
			expect(code).toBe(2);
			expect(err).toContain(`${bad}:2:13: Couldn't load target \`NOPE'`);
			expect(err).toContain(`✗ ${bad} would not load: 1 fault\n`);
			expect(out).toContain(`✓ ${wrong} would load: 2 rules\n`);
			expect(out).toContain("error MT101 no-backend");
			expect(out).not.toContain("bad.rules");
		},
	);
});

describe("the documents of marktwin verdict", () => {
	it("are JSON, with the same exit code", async () => {
		const { code, out, err } = await verdict("--json", wrong, right);
		expect({ code, err }).toEqual({ code: 1, err: "" });
		const { format, verdicts } = JSON.parse(out);
		expect(format).toBe(1);
		expect(verdicts).toMatchObject([
			{
				loads: true,
				split: { file: wrong },
				lint: { findings: [{ code: "MT101" }] },
			},
			{ loads: true, split: { file: right }, lint: { findings: [] } },
		]);
	});

	it("are Markdown, a part for each file", async () => {
		const { code, out } = await verdict("--markdown", wrong, right);
		expect(code).toBe(1);
		expect(out).toContain("MT101");
		expect(out.indexOf("wrong.rules")).toBeLessThan(out.indexOf("right.rules"));
		expect(out).not.toContain("would load");
	});

	it.each(["--json", "--markdown"])(
		"are none where a file is missing from them: %s",
		async (option) => {
			const { code, out, err } = await verdict(option, right, bad);
			expect({ code, out }).toEqual({ code: 2, out: "" });
			expect(err).toContain("would not load: 1 fault\n");
		},
	);

	it("are one: JSON and Markdown are not both", async () => {
		const { code, out, err } = await verdict("--json", "--markdown", right);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain("--markdown");
	});
});

describe("the page of marktwin verdict", () => {
	it("has each ruleset with what came of it, beside the words", async () => {
		const page = join(folder, "all.html");
		const { code, out } = await verdict("--report", page, right, wrong, unsure);
		expect(code).toBe(1);
		expect(out).toContain(`✓ ${right} would load`);
		const { head } = pageDataOf(readFileSync(page, "utf8"));
		expect(head.verdicts.map(({ file, status }) => [file, status])).toEqual([
			[right, "holds"],
			[wrong, "violated"],
			[unsure, "unknown"],
		]);
	});

	it("goes by --severity", async () => {
		const page = join(folder, "old.html");
		const statusWith = async (...words: readonly string[]) => {
			await verdict(...words, "--report", page, old);
			const { head } = pageDataOf(readFileSync(page, "utf8"));
			return head.verdicts.map(({ status }) => status);
		};
		expect(await statusWith()).toEqual(["unknown"]);
		expect(await statusWith("--severity", "note")).toEqual(["violated"]);
	});

	it("is not written where a ruleset would be missing from it", async () => {
		const page = join(folder, "missing.html");
		const { code, out } = await verdict("--report", page, right, bad);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(existsSync(page)).toBe(false);
	});
});

describe("marktwin verdict refuses", () => {
	it.each([
		["no file", [], "rules"],
		["a file that is not there", [join(folder, "none.rules")], "none.rules"],
		["a severity that there is not", ["--severity", "worst", right], "worst"],
		[
			"an assumption about what no rule asks",
			["--assume", "set:vip=no", right],
			"vip",
		],
		[
			"a page where there is no folder",
			["--report", join(folder, "no", "page.html"), right],
			"page.html",
		],
	])("%s", async (_, words, named) => {
		const { code, out, err } = await verdict(...words);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(named);
	});
});
