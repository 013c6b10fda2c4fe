import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Entry } from "../contract/report.ts";
import { entry, expectation } from "../contract/test-entries.ts";
import { fuzzView } from "../contract/test-fuzz.ts";
import {
	comparisonReport,
	findingReport,
	fuzzReport,
	HOSTILE,
	sampleReport,
} from "../contract/test-report.ts";
import { summaryMarkdown } from "./summary.ts";

/** Without the ones that are there to do harm, which nobody wants to read here. */
const harmless = sampleReport().entries.filter(
	({ id }) => id !== "own-hostile",
);

function violated(name: string, seen: string): Entry {
	return entry({
		name,
		suite: "own",
		title: "Own",
		status: "violated",
		expectations: [expectation({ status: "violated", expected: "b1", seen })],
	});
}

/** Its blocks, by the heading that they stand below. */
function section(markdown: string, title: string): string {
	const found = markdown
		.split(/^(?=##)/m)
		.find((part) => part.split("\n")[0]?.includes(title));
	return found ?? "";
}

describe("a summary", () => {
	const markdown = summaryMarkdown(sampleReport({ entries: harmless }));

	it("begins with the verdict, what has to be known, and how each suite fares", () => {
		expect(markdown.split("\n").slice(0, 15)).toEqual([
			"## ✗ marktwin: violated (7 scenarios: 3 hold, 2 violated, 1 unknown, 1 could not be played)",
			"",
			"> 2 of 3 parts are here<span>:</span> vm\\-3\\.json is missing",
			"",
			"| suite | holds | violated | unknown | could not be played |",
			"| --- | --: | --: | --: | --: |",
			"| split | 2 |  |  |  |",
			"| failover | 1 | 2 |  | 1 |",
			'| own &lt;rules&gt; \\| "mine" |  |  | 1 |  |',
			"",
			"Played on model \\(linux 6\\.1\\.192\\) and vm \\(linux 6\\.1\\.0\\-56\\-cloud\\-amd64, tcg\\), seed 1, in 4.2 s, by marktwin 0\\.1\\.0.",
			"",
			"```sh",
			"marktwin run --rules recipe.rules=firewall/my.rules",
			"```",
		]);
	});

	it("tells of each scenario that does not hold what was expected and seen, the rule and the replay", () => {
		expect(
			section(markdown, "Backend 2 is dead").trimEnd().split("\n"),
		).toEqual([
			"### ✗ Backend 2 is dead<span>:</span> every new connection goes to backend 1 <code>failover\\-b2\\-dead</code> on model \\(linux 6\\.1\\.192\\)",
			"",
			"**expected** none of the connections at b2<br>",
			"**because** mail2up is 1<br>",
			"**seen** 4 of 8 connections<br>",
			"**connections** <span>#</span>2, <span>#</span>4, <span>#</span>6, <span>#</span>8<br>",
			'**rule** <code>mangle<span>:</span>MAILMARK<span>:</span>rule<span>:</span>3</code> <code>firewall/my\\.rules<span>:</span>5</code> <code>\\-A MAILMARK \\-m mark \\-\\-mark 0x0 \\-m condition \\! \\-\\-condition "mail1up" \\-j MARK \\-\\-set\\-xmark 0x2/0xffffffff</code>',
			"",
			"```sh",
			"marktwin run --filter failover-b2-dead --seed 1",
			"```",
		]);
	});

	it("shows what a lab said as it said it", () => {
		expect(section(markdown, "Backend 1 comes back")).toContain(
			"```text\n\nBUG: kernel NULL pointer dereference, address: 0000000000000008\nThe next scenario gets a machine of its own.\n```\n",
		);
	});

	it("begins with what is worst", () => {
		expect(markdown.match(/^### ./gm)).toEqual([
			"### ✗",
			"### ✗",
			"### !",
			"### ?",
		]);
	});

	it("is short when everything holds", () => {
		const entries = harmless.filter(({ status }) => status === "holds");
		const { length } = entries;
		const good = summaryMarkdown(
			sampleReport({ entries, notices: [], tookMs: null, seed: null }),
		);
		expect(good).toMatch(
			/^## ✓ marktwin: holds \(3 scenarios: 3 hold\)\n\n\| suite \| holds \|\n/,
		);
		expect(good).not.toMatch(/###|seed| s, by/);
		expect(length).toBe(3);
	});

	it("does not say that nothing holds", () => {
		expect(
			summaryMarkdown(sampleReport({ entries: [], verdicts: [] })),
		).toMatch(/^## marktwin: nothing was played\n/);
	});
});

describe("a summary of a comparison", () => {
	const markdown = summaryMarkdown(comparisonReport());

	it("says where the two agree and where they diverge", () => {
		expect(markdown).toMatch(
			/^## ✗ marktwin: diverges \(4 scenarios: 2 agree, 1 diverges, 1 unknown\)\n/,
		);
		expect(markdown).toContain("\nCompared model \\(");
		expect(markdown.match(/^### .*/gm)).toHaveLength(2);
		expect(section(markdown, "split\\-at\\-random\\-times")).toContain(
			[
				"```text",
				"  model   (nothing)",
				"  kernel  tcp SYN_SENT 10.0.0.10:40002 > 10.0.0.1:25",
				"          udp 10.0.0.10:53",
				"```",
			].join("\n"),
		);
	});
});

describe("a summary of a fuzz", () => {
	it("says that model and kernel agree, and what was met", () => {
		const markdown = summaryMarkdown(fuzzReport());
		expect(markdown.split("\n")[0]).toBe(
			"## ✓ marktwin: agrees (1,000 generated rulesets: no divergence)",
		);
		expect(section(markdown, "### ✓").trimEnd().split("\n")).toEqual([
			"### ✓ 1,000 generated rulesets: no divergence",
			"",
			"51,234 packets, 5\\.2 rulesets and 267 packets a second, on vm \\(linux 6\\.1\\.0\\-56\\-cloud\\-amd64, tcg\\), seed 3.",
			"",
			"|  | met | of | not met |",
			"| --- | --: | --: | --- |",
			"| Matches | 3 | 4 | <code>u32</code> |",
			"| TCP transitions | 5 | 7 | <code>reply fin SYN\\_SENT2</code>, <code>reply ack SYN\\_SENT</code> |",
			"| Built\\-in chains | 3 | 3 |  |",
			"",
			"**not known**, 2 times: packets handed to programs are not modelled<br>",
			"**known**, 4 times: order of evictions, since early\\_drop\\_list looks at eight buckets from a secret one on",
		]);
	});

	it("says what it found, and where chance was wrong", () => {
		const markdown = summaryMarkdown(findingReport());
		expect(markdown).toMatch(
			/^## ✗ marktwin: diverges \(1,000 generated rulesets: 1 divergence, and chance outside of its bounds\)\n/,
		);
		expect(markdown).toContain(
			"of 2,000 packets: model 1,003, kernel 1,112; 891 to 1,109 are right",
		);
		expect(section(markdown, "fuzz\\-3\\-17")).toContain(
			"marktwin compare fuzz-findings/fuzz-3-17.json",
		);
	});

	it("tells of scenarios beside it, and names so many holes at most", () => {
		const holes = Array.from({ length: 30 }, (_, index) => `hole${index}`);
		const [first] = fuzzView().coverage;
		if (first === undefined) throw new Error("the sample has coverage");
		const coverage = [{ ...first, holes, total: 33 }];
		const fuzz = fuzzView({ coverage, seeds: [3, 7] });
		const markdown = summaryMarkdown(
			fuzzReport({ fuzz, entries: comparisonReport().entries }),
		);
		expect(markdown.split("\n")[0]).toBe(
			"## ✗ marktwin: diverges (1,000 generated rulesets: no divergence; 4 scenarios: 2 agree, 1 diverges, 1 unknown)",
		);
		expect(markdown).toContain("<code>hole11</code> and 18 more |");
		expect(markdown).toContain(", seeds 3, 7.");
	});
});

describe("a long summary", () => {
	const many = Array.from({ length: 25 }, (_, index) =>
		violated(`n${index}`, "b2"),
	);

	it("ends after twenty scenarios and says how many are left", () => {
		const markdown = summaryMarkdown(
			sampleReport({ entries: many, coverage: null }),
		);
		expect(markdown.match(/^### /gm)).toHaveLength(20);
		expect(markdown).toMatch(/\n\nand 5 more\n$/);
		const twenty = sampleReport({
			entries: many.slice(0, 20),
			coverage: null,
		});
		expect(summaryMarkdown(twenty)).not.toContain("more");
	});

	it("fits, whatever is in it", () => {
		const long = many.map(({ name }) => violated(name, "@日".repeat(5_000)));
		const markdown = summaryMarkdown(
			sampleReport({ entries: long, coverage: null }),
		);
		expect(Buffer.byteLength(markdown)).toBeGreaterThan(700 * 1024);
		expect(Buffer.byteLength(markdown)).toBeLessThan(900 * 1024);
		const shown = markdown.match(/^### /gm)?.length ?? 0;
		expect(markdown.endsWith(`\nand ${25 - shown} more\n`)).toBe(true);
		const notices = long.flatMap(() => [HOSTILE.repeat(100)]);
		const told = summaryMarkdown(sampleReport({ entries: long, notices }));
		expect(Buffer.byteLength(told)).toBeLessThan(900 * 1024);
	});
});

/** Fenced blocks, as CommonMark finds them, and the lines around them. */
function taken(markdown: string) {
	const fenced: string[][] = [];
	const around: string[] = [];
	let fence: string | null = null;
	for (const line of markdown.split(/\r\n|\r|\n/)) {
		const run = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
		const ends = fence !== null && run.startsWith(fence) && run === line.trim();
		if (fence === null && run === "") around.push(line);
		else if (fence === null) fenced.push([]);
		else if (!ends) fenced.at(-1)?.push(line);
		if (fence === null && run !== "") fence = run;
		else if (ends) fence = null;
	}
	return { fenced, around, isOpen: fence !== null };
}

/** What is left of a line without our own markup and without what is escaped. */
function unescapedSigns(line: string): readonly string[] {
	const rest = line
		.replace(/^(##|###|>|\|) /, "")
		.replace(
			/^\*\*(expected|seen|because|connections|rule|not known|known|not matched)\*\*,? /,
			"",
		)
		.replace(/\\[!-/:-@[-`{-~]|&(amp|lt|gt);/g, "")
		.replace(/<span>[@#$:]<\/span>|<\/?code>|<br>$/g, "");
	return rest.match(/[\\`*_[\]<>~@#$&\p{Cc}\p{Cf}\p{Cs}]|:\/\//gu) ?? [];
}

function expectInert(
	markdown: string,
	blocks: { readonly headings: number; readonly fences: number },
) {
	const { fenced, around, isOpen } = taken(markdown);
	expect(isOpen).toBe(false);
	expect(fenced).toHaveLength(blocks.fences);
	expect(fenced.flat().join("")).not.toMatch(/(?!\t)[\p{Cc}\p{Cf}\p{Cs}]/u);
	for (const line of around) expect(unescapedSigns(line), line).toEqual([]);
	// What is indented becomes code.
	expect(around.filter((line) => /^\s/.test(line))).toEqual([]);
	const rows = around.filter((line) => line.startsWith("|"));
	const cells = rows.map((row) => row.replace(/\\./g, "").split("|").length);
	expect(new Set(cells).size).toBe(1);
	const headings = around.filter((line) => line.startsWith("#"));
	expect(headings).toHaveLength(blocks.headings);
}

it("names the rules of a suite that matched no packet", () => {
	const markdown = summaryMarkdown(sampleReport());
	expect(markdown).toContain(
		"**not matched** recipe\\.rules<span>:</span> 1 of 7 rules matched no packet, in 8 scenarios<br>\nline 6 <code>",
	);
});

describe("Markdown from outside", () => {
	it("is text, whatever it says", () => {
		const report = sampleReport({
			command: HOSTILE,
			notices: [HOSTILE],
			drivers: [HOSTILE],
			entries: sampleReport().entries.filter(({ id }) => id === "own-hostile"),
		});
		const markdown = summaryMarkdown(report);
		expectInert(markdown, { headings: 2, fences: 2 });
		expect(markdown).toContain("⟨U\\+202E⟩reversed");
		expect(markdown).toContain("<span>@</span>octocat");
	});

	it("is text in a fuzz as well", () => {
		const coverage = fuzzView().coverage.map((one) => ({
			...one,
			title: HOSTILE,
			holes: [HOSTILE, HOSTILE],
		}));
		const fuzz = fuzzView({
			coverage,
			kernels: [HOSTILE],
			unknown: [{ what: HOSTILE, times: 1 }],
			known: [{ name: HOSTILE, reason: HOSTILE, times: 1 }],
		});
		expectInert(summaryMarkdown(fuzzReport({ fuzz })), {
			headings: 2,
			fences: 1,
		});
	});

	test("in any words", () => {
		const pieces = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.constantFrom("\n", "\r\n\r\n", "````", "~~~", "    ", "- ", "1. "),
			fc.constantFrom("|", "<b>", "@me", "&lt;", "\\", "\ud800", "\u202e"),
		);
		const texts = fc.array(pieces, { maxLength: 6 }).map((all) => all.join(""));
		fc.assert(
			fc.property(texts, texts, (one, other) => {
				const wrong = { ...violated(one, other), suite: other, title: one };
				const broken = entry({
					name: "broken",
					suite: one,
					title: other,
					status: "failed",
					failure: `${one}\n${other}`,
				});
				const markdown = summaryMarkdown(
					sampleReport({
						entries: [wrong, broken],
						command: one,
						notices: [other],
					}),
				);
				expectInert(markdown, { headings: 3, fences: 4 });
			}),
		);
	});
});

describe("a summary of rulesets", () => {
	const report = sampleReport({ entries: harmless });
	const known = {
		services: [
			{
				service: "tcp 203.0.113.1:80",
				clients: "all clients",
				when: "all alive",
				shares: "10.20.0.11:80 1/2, no backend 1/2",
			},
		],
		findings: [
			{ code: "MT101", severity: "error", line: 3, message: "1/2 | <lost>" },
		],
	};

	it("stands at the end: a table of shares, and one of findings", () => {
		const markdown = summaryMarkdown(report, {
			rulesets: [{ name: "web.rules", known }],
			leftOut: 2,
		});
		expect(section(markdown, "Rules").trim().split("\n")).toEqual([
			"### Rules <code>web\\.rules</code>",
			"",
			"| service | clients | when | shares |",
			"| --- | --- | --- | --- |",
			"| tcp 203\\.0\\.113\\.1<span>:</span>80 | all clients | all alive | 10\\.20\\.0\\.11<span>:</span>80 1/2, no backend 1/2 |",
			"",
			"| finding | severity | line | what is wrong |",
			"| --- | --- | --- | --- |",
			"| <code>MT101</code> | error | 3 | 1/2 \\| &lt;lost&gt; |",
			"",
			"2 more rulesets are not analysed here.",
		]);
	});

	it("says where there is nothing to say", () => {
		const markdown = summaryMarkdown(report, {
			rulesets: [
				{ name: "none.rules", known: { services: [], findings: [] } },
				{ name: "large.rules", known: null },
			],
			leftOut: 0,
		});
		expect(markdown).toContain(
			"It balances nothing.\n\nThe linter finds nothing.",
		);
		expect(markdown).toContain("too many rules to be analysed");
	});
});
