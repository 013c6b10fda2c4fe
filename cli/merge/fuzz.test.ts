import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { pageText } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { jsonText } from "../outputs/json-text.ts";
import { type Results, resultsFile } from "../outputs/results-file.ts";
import { CHANCE, fuzzed, fuzzResults } from "../outputs/test-fuzz.ts";
import { fuzzTogether, remarksOn } from "./fuzz.ts";

const KNOWN = { name: "order", reason: "a symbol" };
const ONE = fuzzResults({
	covered: {
		matches: {
			met: [
				["tcp", 5],
				["mark", 2],
			],
			holes: ["u32", "ttl"],
		},
	},
	known: [{ ...KNOWN, times: 2 }],
});
const OTHER = fuzzResults({
	cases: 9,
	packets: 400,
	tookMs: 3_000,
	covered: {
		matches: {
			met: [
				["ttl", 3],
				["mark", 4],
			],
			holes: ["tcp", "u32"],
		},
	},
	known: [{ ...KNOWN, times: 1 }],
});

describe("several fuzzes", () => {
	it("add up, and a hole is what none of them has met", () => {
		const { fuzz } = fuzzTogether([fuzzed(ONE), fuzzed(OTHER)]);
		expect(fuzz).toMatchObject({
			seed: 3,
			kernel: { kind: "vm", name: "vm", version: "linux 6.1" },
			cases: 19,
			packets: 900,
			tookMs: 5_000,
			findings: 0,
			chances: [CHANCE, CHANCE],
			known: [{ ...KNOWN, times: 3 }],
		});
		expect(fuzz?.coverage.find(({ kind }) => kind === "matches")).toEqual({
			kind: "matches",
			met: [
				["mark", 6],
				["tcp", 5],
				["ttl", 3],
			],
			holes: ["u32"],
		});
	});

	it("add up what was not compared, and say once what was left out", () => {
		const leftOut = [{ name: "-j LED", reason: "it is not there" }];
		const parts = [{ ...ONE, lost: 2, leftOut }, { ...OTHER, leftOut }, OTHER];
		const { fuzz } = fuzzTogether(parts.map((part) => fuzzed(part)));
		expect(fuzz).toMatchObject({ lost: 2, leftOut });
		const { fuzz: none } = fuzzTogether([fuzzed(ONE), fuzzed(OTHER)]);
		expect(none).not.toHaveProperty("lost");
	});

	it("are one of several seeds and kernels where they differ, and say so", () => {
		const elsewhere = {
			kind: "vm",
			name: "vm",
			version: "linux 6.6",
		} as const;
		const both = fuzzTogether([
			fuzzed(ONE),
			fuzzed({ ...OTHER, seed: 7, kernel: elsewhere }),
		]);
		expect(both.fuzz).toMatchObject({
			seed: [3, 7],
			kernel: [{ kind: "vm", name: "vm", version: "linux 6.1" }, elsewhere],
		});
		const all = fuzzTogether([fuzzed(ONE), fuzzed(both.fuzz ?? ONE)]);
		expect(all.fuzz?.seed).toEqual([3, 7]);
		expect(remarksOn(fuzzed(all.fuzz ?? ONE))).toEqual([
			"the fuzz was drawn from several seeds: 3, 7",
			"the fuzz was played on several kernels: linux 6.1, linux 6.6",
		]);
		expect(remarksOn(fuzzed(ONE))).toEqual([]);
	});

	it("are none where nothing was fuzzed", () => {
		const { fuzz: _, ...without } = fuzzed(ONE);
		expect(fuzzTogether([without])).toEqual({});
		expect(fuzzTogether([without, fuzzed(ONE)])).toEqual({ fuzz: ONE });
	});
});

describe("marktwin merge, of a fuzz", () => {
	const folder = temporaryFolder();
	const path = (name: string) => join(folder, name);
	const fileOf = (name: string, results: Results): string => {
		writeFileSync(path(name), [...jsonText(resultsFile(results))].join(""));
		return path(name);
	};
	const shard = (index: number) => ({ shard: { index, total: 2 } });
	const first = fileOf("1.json", fuzzed(ONE, shard(1)));
	const second = fileOf("2.json", fuzzed(OTHER, shard(2)));

	it("takes a fuzz that has found nothing for something", async () => {
		const { code, out } = await marktwin(["merge", first, second]);
		expect({ code, out }).toEqual({
			code: 0,
			out: "19 rulesets and 900 packets of a fuzz from 2 files: all agree\n",
		});
	});

	it("writes every kind of report of it, and what it can read again", async () => {
		const files = ["all.html", "all.xml", "all.md", "all.json"].map(path);
		const [report = "", junit = "", summary = "", json = ""] = files;
		const { code, err } = await marktwin([
			"merge",
			first,
			second,
			"--report",
			report,
			"--junit",
			junit,
			"--summary",
			summary,
			"--json",
			json,
		]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(pageText(readFileSync(report, "utf8"))).toContain('"rulesets":19');
		expect(readFileSync(junit, "utf8")).toContain('<testsuite name="fuzz"');
		expect(readFileSync(summary, "utf8")).toMatch(
			/^## ✓ marktwin: agrees \(19 generated rulesets: no divergence\)/,
		);
		const again = await marktwin(["merge", json]);
		expect(again.out).toContain("19 rulesets and 900 packets of a fuzz");
	});

	it("says when seeds and kernels differ", async () => {
		const seven = {
			seed: 7,
			commands: [{ command: "fuzz" as const, names: [], seed: 7, runs: 9 }],
		};
		const { code, out } = await marktwin([
			"merge",
			fileOf("3.json", fuzzed(ONE)),
			fileOf("7.json", fuzzed({ ...OTHER, seed: 7 }, seven)),
		]);
		expect(code).toBe(0);
		expect(out).toContain("the fuzz was drawn from several seeds: 3, 7");
	});

	it("is violated where chance was wrong, though nothing else differs", async () => {
		const chances = [{ ...CHANCE, kernel: 1_200 }];
		const wrong = fileOf("wrong.json", fuzzed({ ...ONE, chances }));
		const { code, out } = await marktwin(["merge", wrong]);
		expect(code).toBe(1);
		expect(out).toContain("some diverge");
	});

	it("misses a shard, and refuses one that is none, or the same twice", async () => {
		const missing = await marktwin(["merge", first]);
		expect(missing.code).toBe(2);
		expect(missing.out).toContain("shard 2/2 is missing");
		const { fuzz: _, ...without } = fuzzed(OTHER, shard(2));
		const empty = await marktwin([
			"merge",
			first,
			fileOf("empty.json", without),
		]);
		expect(empty.code).toBe(2);
		expect(empty.err).toMatch(/empty\.json holds no fuzz, and .*1\.json is/);
		const slower = { ...ONE, tookMs: 9_000 };
		const twice = await marktwin([
			"merge",
			fileOf("a.json", fuzzed(ONE)),
			fileOf("b.json", fuzzed(slower)),
		]);
		expect(twice.code).toBe(2);
		expect(twice.err).toContain("holds the same as");
	});
});
