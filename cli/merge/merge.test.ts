import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { pageText } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const fileOf = (name: string, content: string): string => {
	writeFileSync(path(name), content);
	return path(name);
};

const BROKEN = `import { connect, evenSplit, recipeSetup, scenario } from "marktwin";
const text = "*nat\\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\\nCOMMIT\\n";
export default scenario({
	name: "one-sided",
	title: "All to one",
	setup: recipeSetup({ ruleset: { name: "one-sided.rules", text } }),
	steps: [connect(10)],
	expect: [evenSplit(["b1", "b2"])],
});
`;

/** As much of a file of results as the tests change. */
interface Editable {
	readonly results: {
		outcome?: string;
		readonly judgements: { outcome: string }[];
		readonly account: { connections?: readonly object[] };
		readonly scenario: { readonly setup: { clients?: readonly object[] } };
	}[];
}

describe("marktwin merge", () => {
	const shards = [1, 2, 3].map((index) => path(`${index}.json`));
	const whole = path("whole.json");
	beforeAll(async () => {
		for (const index of [1, 2, 3]) {
			const { code } = await marktwin([
				"run",
				"split",
				"failover",
				"--shard",
				`${index}/3`,
				"--json",
				path(`${index}.json`),
			]);
			expect(code).toBe(0);
		}
		await marktwin(["run", "split", "failover", "--json", whole]);
	});

	it("makes of all shards what one machine would have made", async () => {
		const merged = path("merged.json");
		const { code, out } = await marktwin([
			"merge",
			...shards,
			"--json",
			merged,
		]);
		expect({ code, out }).toEqual({
			code: 0,
			out: "13 scenarios from 3 files: all hold\n",
		});
		const sorted = (file: string) => {
			const content = JSON.parse(readFileSync(file, "utf8"));
			const nameOf = (one: { scenario: { name: string } }) => one.scenario.name;
			content.results.sort((one: never, other: never) =>
				nameOf(one) < nameOf(other) ? -1 : 1,
			);
			return content;
		};
		expect(sorted(merged)).toEqual(sorted(whole));
	});

	it("writes every kind of report of them", async () => {
		const files = ["report", "junit", "summary"].map((name) =>
			path(`m.${name}`),
		);
		const [report = "", junit = "", summary = ""] = files;
		const { code, err } = await marktwin([
			"merge",
			...shards,
			"--report",
			report,
			"--junit",
			junit,
			"--summary",
			summary,
		]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(pageText(readFileSync(report, "utf8"))).toContain(
			"split-alternates",
		);
		expect(readFileSync(junit, "utf8")).toContain('tests="13"');
		expect(readFileSync(summary, "utf8")).toContain("13 scenarios: 13 hold");
	});

	it("does not take a shard that is missing for one that had nothing to say", async () => {
		const report = path("missing.html");
		const { code, out } = await marktwin([
			"merge",
			...shards.slice(0, 2),
			"--report",
			report,
		]);
		expect(code).toBe(2);
		const missing =
			"shard 3/3 is missing (marktwin run split failover in 3 shards)";
		expect(out).toContain(missing);
		expect(pageText(readFileSync(report, "utf8"))).toContain(missing);
	});

	it("ends as the worst of its parts", async () => {
		const violated = path("violated.json");
		const played = await marktwin([
			"run",
			fileOf("broken.scenario.ts", BROKEN),
			"--json",
			violated,
		]);
		expect(played.code).toBe(1);
		const { code, out } = await marktwin(["merge", ...shards, violated]);
		expect(code).toBe(1);
		expect(out).toContain("14 scenarios from 4 files: some are violated");
	});

	it.each([
		["no.json", null, /cannot read .*no\.json/],
		["other.json", '{"a": 1}', /other\.json holds no results of marktwin/],
		["text.json", "hello", /text\.json.*: Unexpected token/],
		["old.json", '{"format": "marktwin results 1"}', /another version/],
		[
			"changed.json",
			'{"format": "marktwin results 3", "results": 7}',
			/changed\.json: .*\n {2}The file was changed after it was written/,
		],
	])("refuses %s", async (name, content, message) => {
		if (content !== null) fileOf(name, content);
		const { code, err } = await marktwin(["merge", path(name)]);
		expect(code).toBe(2);
		expect(err).toMatch(message);
	});

	/** A file of results in which something was changed. */
	function edited(
		name: string,
		edit: (content: Editable) => void,
		from = whole,
	): string {
		const content = JSON.parse(readFileSync(from, "utf8"));
		edit(content);
		return fileOf(name, JSON.stringify(content));
	}

	it.each<readonly [string, (content: Editable) => void, RegExp]>([
		[
			"an outcome that is gone",
			({ results }) => delete results[0]?.outcome,
			/results\[0\]\.outcome: .*\n {2}The file was changed/,
		],
		[
			"an outcome that there is not",
			({ results }) => Object.assign(results[0] ?? {}, { outcome: "fine" }),
			/results\[0\]\.outcome: .*"fine"/,
		],
		[
			"an outcome that does not follow",
			({ results }) =>
				Object.assign(results[0]?.judgements[0] ?? {}, { outcome: "violated" }),
			/results\[0\]\.judgements\[0\]\.outcome: it says violated, .* amounts to holds/,
		],
		[
			"no judgements",
			({ results }) => results[0]?.judgements.splice(0),
			/results\[0\]\.judgements: it says 0, .* amounts to \d+/,
		],
		[
			"no results",
			(content) => content.results.splice(0),
			/there is no scenario in .*edited\.json/,
		],
		[
			"an account without connections",
			({ results }) => delete results[0]?.account.connections,
			/results\[0\]\.account\.connections: /,
		],
		[
			"a scenario that is none",
			({ results }) => delete results[0]?.scenario.setup.clients,
			/results\[0\]\.scenario\.setup\.clients: /,
		],
		[
			"rules that are not there",
			({ results }) =>
				Object.assign(results[0]?.scenario.setup ?? {}, {
					ruleset: { file: "recipe.rules" },
				}),
			/results\[0\]\.scenario\.setup\.ruleset\.name: "name" is missing/,
		],
		[
			"more shards than anybody has",
			(content) => Object.assign(content, { shard: { index: 1, total: 1e9 } }),
			/shard\.total: /,
		],
		[
			"an outcome of all that does not follow",
			(content) => Object.assign(content, { outcome: "violated" }),
			/edited\.json: outcome: it says violated/,
		],
	])("refuses %s, and blames the file", async (_, edit, message) => {
		const report = path("edited.html");
		const { code, out, err } = await marktwin([
			"merge",
			edited("edited.json", edit),
			"--report",
			report,
		]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toMatch(message);
		expect(err).not.toContain("bug in marktwin");
	});

	it("takes an empty shard, which said so, and a key that is there twice for none", async () => {
		const json = path("empty-2.json");
		const one = ["run", "split-alternates", "--json"];
		const { code, out } = await marktwin([...one, json, "--shard", "2/2"]);
		expect(code).toBe(0);
		expect(out).toContain("shard 2 of 2 has no scenario: nothing was played");
		expect(out).not.toMatch(/✓|0 scenarios/);
		const first = path("empty-1.json");
		await marktwin([...one, first, "--shard", "1/2"]);
		expect(await marktwin(["merge", first, json])).toMatchObject({ code: 0 });
		const text = readFileSync(json, "utf8");
		writeFileSync(json, text.replace('"results"', '"results": [], "results"'));
		const twice = await marktwin(["merge", first, json]);
		expect(twice.code).toBe(2);
		expect(twice.err).toMatch(/: line \d+:\d+: key "results" is there twice/);
	});

	it("refuses the same results twice, and shards that have lost some", async () => {
		const copy = fileOf("copy.json", readFileSync(whole, "utf8"));
		for (const second of [whole, copy]) {
			const { code, err } = await marktwin(["merge", whole, second]);
			expect(code).toBe(2);
			expect(err).toContain("holds the same as");
		}
		const [first = "", ...others] = shards;
		const emptied = edited(
			"emptied.json",
			(content) => content.results.splice(0),
			first,
		);
		const lost = await marktwin(["merge", emptied, ...others]);
		expect(lost.code).toBe(2);
		expect(lost.err).toMatch(
			/shard 2\/3 .* holds \d scenarios and shard 1\/3 .* 0/,
		);
	});

	it("refuses the same play once more, whatever else is different", async () => {
		const kernel = { kind: "vm", name: "vm", version: "linux 6.1" };
		const played = (name: string, edit: (content: Editable) => void) =>
			edited(name, (content) => {
				for (const one of content.results)
					Object.assign(one, { driver: kernel });
				edit(content);
			});
		const one = played("vm-1.json", () => {});
		const other = played("vm-2.json", ({ results }) => {
			const [first] = results;
			Object.assign(first?.account ?? {}, { endedMs: 1 });
			const turned = Object.entries(first?.scenario ?? {}).reverse();
			Object.assign(first ?? {}, { scenario: Object.fromEntries(turned) });
		});
		const { code, err } = await marktwin(["merge", one, other]);
		expect(code).toBe(2);
		expect(err).toContain("holds the same as");
	});

	it("refuses a file that was cut off, and one that is named twice", async () => {
		const [first = ""] = shards;
		const half = readFileSync(first, "utf8").slice(0, 5_000);
		const cut = await marktwin(["merge", fileOf("cut.json", half)]);
		expect(cut.code).toBe(2);
		expect(cut.err).toMatch(/cut\.json: line \d+:\d+: .*\n.*ended early/);
		const twice = await marktwin(["merge", first, first]);
		expect(twice.code).toBe(2);
		expect(twice.err).toContain("shard 1/3 is there twice");
	});
});
