/** What the linter found, for CI systems and editors. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { compared } from "../../scenarios/analysis/diff/test-diff.ts";
import type { LintFinding } from "../../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { rulesAlone } from "../../scenarios/analysis/lint/test-facts.ts";
import { TEST_RULESETS } from "../../test/rulesets/test-rulesets.ts";
import { diffSarif } from "../analysis/diff-sarif.ts";
import { lintAnnotations } from "./github.ts";
import { codeQuality } from "./gitlab.ts";
import { spanOf } from "./lint-report.ts";
import { sarifLog } from "./sarif.ts";
import { finding, lintReport, RULE } from "./test-lint-report.ts";

const SUPPRESSED = finding({ suppressed: "weights by intention" });
const KNOWN = finding({ known: true });

describe("the place of a finding", () => {
	const spanIn = (line: string, other: Partial<LintFinding>) => {
		const one = finding({ file: "a", ...other });
		const files = [
			{
				name: "a",
				linux: "bookworm/legacy",
				lines: ["", "", line],
				unknown: [],
			},
		];
		const { column, length, text } = spanOf(one, lintReport([], { files }));
		return text.slice(column - 1, column - 1 + length);
	};

	it("is the words that are wrong", () => {
		expect(spanIn("-A PREROUTING -j TWO", {})).toBe("-j TWO");
	});

	it("is the whole line where the file spells them otherwise, or no words are named", () => {
		const line = "  -A PREROUTING --jump TWO ";
		expect(spanIn(line, {})).toBe("-A PREROUTING --jump TWO");
		const { part: _, ...whole } = finding({ file: "a" });
		const files = [
			{
				name: "a",
				linux: "bookworm/legacy",
				lines: ["", "", line],
				unknown: [],
			},
		];
		expect(spanOf(whole, lintReport([], { files })).length).toBe(24);
	});

	it("is the rule as iptables-save prints it where there is no such line", () => {
		const at = { rule: "nat:PREROUTING:rule:2", text: "-A X -j TWO", line: 0 };
		expect(spanOf(finding({ at }), lintReport([]))).toEqual({
			line: 1,
			column: 6,
			length: 6,
			text: "-A X -j TWO",
		});
	});
});

describe("SARIF", () => {
	// Draft 4 says `id` where later ones say `$id`; nothing else of it is used that changed.
	const {
		$schema: _,
		id: __,
		...schema
	} = JSON.parse(
		readFileSync(
			new URL("../../test/sarif-2.1.0-rtm.5.json", import.meta.url),
			"utf8",
		),
	);
	const validate = new Ajv({
		strict: false,
		validateFormats: false,
		unicodeRegExp: false,
	}).compile(schema);
	const valid = (report: ReturnType<typeof lintReport>) => {
		const log = sarifLog(report);
		validate(JSON.parse(JSON.stringify(log)));
		expect(validate.errors ?? []).toEqual([]);
		const [run] = log.runs;
		if (run === undefined) throw new Error("no run");
		return run;
	};

	it("is what its schema says of an edit as well", () => {
		const drops = "*filter\n-A FORWARD -p tcp -j DROP\nCOMMIT\n";
		const { document } = compared("*filter\nCOMMIT\n", drops);
		expect(document.changes.length).toBeGreaterThan(0);
		validate(JSON.parse(JSON.stringify(diffSarif(document, "0.1.0"))));
		expect(validate.errors ?? []).toEqual([]);
	});

	it("is what its schema says", () => {
		const run = valid(lintReport([finding(), SUPPRESSED, KNOWN]));
		expect(run.tool.driver.rules).toMatchObject([
			{
				id: "MT101",
				name: "unequal-split",
				defaultConfiguration: { level: "error" },
				helpUri: expect.stringMatching(/docs\/lint\/MT101\.md$/),
				fullDescription: {
					text: "A packet that a rule takes does not reach the next one, so each counter sees what is left.",
				},
				help: { markdown: expect.stringContaining("# MT101: unequal-split") },
			},
		]);
		expect(run.results?.[0]).toMatchObject({
			ruleId: "MT101",
			ruleIndex: 0,
			level: "error",
			locations: [
				{
					physicalLocation: {
						artifactLocation: { uri: "fire%20wall/my.rules" },
						region: { startLine: 3, startColumn: 15, endColumn: 21 },
					},
					logicalLocations: [{ fullyQualifiedName: "nat:PREROUTING:rule:2" }],
				},
			],
			relatedLocations: [{ message: { text: "takes its packets first" } }],
			partialFingerprints: { "marktwin/v1": "0123456789abcdef" },
			suppressions: [],
		});
		const steps = run.results?.[0]?.codeFlows?.[0]?.threadFlows[0]?.locations;
		expect(
			steps?.map((one) => one.location?.physicalLocation?.region?.startLine),
		).toEqual([2, 3]);
	});

	it("is so for what rules find in rulesets as people have them", () => {
		for (const { name, text } of TEST_RULESETS) {
			const findings = lintRuleset(rulesAlone(text, name), text);
			const files = [
				{
					name,
					linux: "bookworm/legacy",
					lines: text.split("\n"),
					unknown: [],
				},
			];
			const rules = allLintRules;
			const run = valid(lintReport(findings, { files, rules }));
			for (const { ruleId, ruleIndex = -1 } of run.results ?? [])
				expect(run.tool.driver.rules?.[ruleIndex]?.id).toBe(ruleId);
		}
	});

	it("says why a finding is suppressed", () => {
		const [result] = valid(lintReport([SUPPRESSED])).results ?? [];
		expect(result?.suppressions).toMatchObject([
			{ kind: "inSource", justification: "weights by intention" },
		]);
	});

	it("says whether a baseline has it, and what the baseline has besides", () => {
		const run = valid(
			lintReport([finding(), KNOWN], {
				hasBaseline: true,
				stale: [{ code: "MT102", file: "a", fingerprint: "f", rule: "-A X" }],
			}),
		);
		const states = run.results?.map(({ baselineState }) => baselineState);
		expect(states).toEqual(["new", "unchanged"]);
		const [invocation] = run.invocations ?? [];
		expect(invocation?.toolExecutionNotifications).toMatchObject([
			{ level: "note", message: { text: expect.stringContaining("MT102") } },
		]);
	});

	it("says what was not analysed, and has no place of a comment in the kernel", () => {
		const at = { rule: "", text: "# a comment", line: 2 };
		const run = valid(
			lintReport([finding({ at, related: [], path: [] })], {
				files: [
					{
						name: "/etc/a b",
						linux: "bookworm/legacy",
						lines: [],
						unknown: ["it has no rules"],
					},
				],
			}),
		);
		expect(run.results?.[0]?.locations?.[0]).not.toHaveProperty(
			"logicalLocations",
		);
		expect(run.invocations?.[0]?.toolExecutionNotifications).toMatchObject([
			{
				message: { text: "it has no rules" },
				locations: [
					{
						physicalLocation: {
							artifactLocation: { uri: "file:///etc/a%20b" },
						},
					},
				],
			},
		]);
	});
});

describe("GitHub's annotations", () => {
	const lines = (findings: readonly LintFinding[], isThere = true) =>
		lintAnnotations(lintReport(findings), () => isThere);

	it("stand at the rule", () => {
		expect(lines([finding()])).toEqual([
			"::error file=fire wall/my.rules,line=3,col=15,endColumn=21,title=MT101 unequal-split::TWO gets 2/9 of the connections.%0A8/27 of the connections get no backend.%0AWrite `--every 2`.%0Ahttps://github.com/marktwin/marktwin/blob/main/docs/lint/MT101.md",
		]);
	});

	it("are for findings that count, by severity", () => {
		const all = [finding({ severity: "note" }), SUPPRESSED, KNOWN, finding()];
		expect(lines(all).map((line) => line.split(" ")[0])).toEqual([
			"::error",
			"::notice",
		]);
	});

	it("name no file that is not there", () => {
		expect(lines([finding()], false)[0]).toMatch(/^::error title=/);
	});

	it("speak to no runner by what texts hold", () => {
		const message = "a\n::error::b\u001b[0m,:%";
		const [line = ""] = lines([finding({ message, file: "a,b:c" })]);
		expect(line).not.toContain("\n");
		expect(line).toContain("file=a%2Cb%3Ac,");
		expect(line).toContain("a%0A::error::b⟨U+001B⟩[0m,:%25.");
	});

	it("are ten at most of each severity, and the last one counts the others", () => {
		const all = lines(Array.from({ length: 12 }, () => finding()));
		expect(all).toHaveLength(10);
		expect(all[9]).toContain("and 2 more that are not shown here");
	});
});

describe("GitLab's Code Quality", () => {
	it("has an issue for each finding that counts", () => {
		const other = finding({ file: "./b.rules", severity: "note" });
		const issues = codeQuality(
			lintReport([finding(), SUPPRESSED, KNOWN, other]),
		);
		expect(issues).toMatchObject([
			{
				check_name: RULE.code,
				severity: "critical",
				location: { path: "fire wall/my.rules", lines: { begin: 3 } },
			},
			{ severity: "info", location: { path: "b.rules" } },
		]);
		const [one, two] = issues.map(({ fingerprint }) => fingerprint);
		expect(one).not.toBe(two);
	});
});
