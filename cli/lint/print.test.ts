import { expect, it } from "vitest";
import { finding, lintReport } from "../../reports/lint/test-lint-report.ts";
import { lintLines } from "./print.ts";

const PAPER = { paint: (_: unknown, text: string) => text, columns: 60 };

it("shows a finding with its part, the rules that have a part in it, and the way of a packet", () => {
	const one = finding({ assumes: "eth0 has 10.0.0.1/8" });
	expect(lintLines(lintReport([one]), PAPER)).toEqual([
		"fire wall/my.rules:3:15: error MT101 unequal-split: TWO gets 2/9 of the connections",
		"  3 | -A PREROUTING -j TWO",
		"    |               ^~~~~~",
		"  8/27 of the connections get no backend.",
		"  line 2: takes its packets first",
		"  A packet that shows it matches line 2, then line 3.",
		"  It rests on an assumption: eth0 has 10.0.0.1/8.",
		"  Write `--every 2`.",
		"",
		"✗ 1 finding in fire wall/my.rules: 1 error",
		"  marktwin explain MT101 says more",
	]);
});

it("counts by severity, and what is not shown", () => {
	const lines = lintLines(
		lintReport([
			finding({ severity: "note" }),
			finding({ severity: "error" }),
			finding({ severity: "note" }),
			finding({ suppressed: "by intention", known: true }),
			finding({ known: true }),
		]),
		PAPER,
	);
	expect(lines.at(-2)).toBe(
		"✗ 3 findings in fire wall/my.rules: 1 error, 2 notes; 1 suppressed, 1 in the baseline",
	);
});

it("is sure of nothing where something was not analysed", () => {
	const files = [
		{ name: "a", linux: "bookworm/legacy", lines: [], unknown: [] },
		{
			name: "b\n",
			linux: "bookworm/legacy",
			lines: [],
			unknown: ["it has no rules"],
		},
	];
	expect(lintLines(lintReport([], { files }), PAPER)).toEqual([
		"? b⟨U+000A⟩: it has no rules",
		"? no findings in 2 files",
	]);
});
