import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printRational } from "../../../../sim/rational.ts";
import { TEST_RULESETS } from "../../../../test/rulesets/test-rulesets.ts";
import { NOTHING_GIVEN } from "../../world/assumed-world.ts";
import { lintRules } from "../rules/index.ts";
import { fixFindings } from "./fix-findings.ts";

const linesOf = (text: string) =>
	text.split("\n").map((line, index) => ({ text: line, origin: index + 1 }));
const MINE = { file: "my.rules", given: NOTHING_GIVEN };

const fix = (text: string, isUnsafe = false) =>
	fixFindings(linesOf(text), {
		...MINE,
		isChosen: ({ lint }) => isUnsafe || lint.fix === "safe",
	});
type Fixed = ReturnType<typeof fix>;

/** Shares of the first service, all conditions alive: `10.20.0.11:80 1/3`. */
const sharesOf = ({ analysis }: Fixed): readonly string[] =>
	(analysis.services[0]?.classes[0]?.vectors[0]?.split.parts ?? []).map(
		({ key, share }) =>
			`${key} ${share.kind === "exact" ? printRational(share.value) : share.kind}`,
	);
const serious = ({ findings }: Fixed): readonly string[] =>
	findings
		.filter(
			({ severity, suppressed }) => severity !== "note" && suppressed === null,
		)
		.map(({ lint }) => lint.code);

const ruleOf = (backend: number, question: string): string =>
	`-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW${question} -j DNAT --to-destination 10.20.0.${backend}`;
const nth = (every: number, packet: number) =>
	` -m statistic --mode nth --every ${every} --packet ${packet}`;

describe("equal counters before DNAT", () => {
	const text = [
		"# mine",
		"*nat",
		":PREROUTING ACCEPT [7:420]",
		`[12:720] ${ruleOf(11, nth(3, 0))}`,
		"# the second",
		`[8:480] ${ruleOf(12, nth(3, 1))}`,
		`[5:300] ${ruleOf(13, nth(3, 2))}`,
		"",
		"COMMIT",
		"",
	].join("\n");

	it("become a third each, and the other lines stay", () => {
		const fixed = fix(text);
		expect(fixed.text).toBe(
			text.replace(nth(3, 1), nth(2, 0)).replace(nth(3, 2), ""),
		);
		expect(
			fixed.repairs.map(({ changes }) => changes.map(({ line }) => line)),
		).toEqual([[6, 7]]);
		expect(sharesOf(fixed)).toEqual([
			"10.20.0.11:80 1/3",
			"10.20.0.12:80 1/3",
			"10.20.0.13:80 1/3",
		]);
	});

	it("stay where a comment says why, and where they are not chosen", () => {
		const reason = "# marktwin-ignore-file MT101, MT102, MT103, MT104: a trial";
		expect(fix(`${reason}\n${text}`).text).toBe(`${reason}\n${text}`);
		const fixed = fixFindings(linesOf(text), {
			...MINE,
			isChosen: () => false,
		});
		expect(fixed.text).toBe(text);
		expect(serious(fixed)).not.toEqual([]);
	});

	it("are not repaired where a line does not say what place its rule has", () => {
		const inserted = text.replace("[5:300] -A PREROUTING", "-I PREROUTING 3");
		const fixed = fix(inserted);
		expect(fixed.text).toBe(inserted);
		expect(fixed.notRepaired.map(({ why }) => why)).toContainEqual(
			expect.stringContaining("does not append its rule"),
		);
	});
});

describe.each(TEST_RULESETS)("$name", ({ text, faults }) => {
	it.each([false, true])(
		"is repaired once and for all (unsafe: %s)",
		(isUnsafe) => {
			const fixed = fix(text, isUnsafe);
			if (faults.length === 0 && !isUnsafe)
				expect(serious(fixed)).toEqual(serious(fix(text)));
			const again = fix(fixed.text, isUnsafe);
			expect(again.text).toBe(fixed.text);
			expect(again.repairs).toEqual([]);
			const touched = new Set(
				fixed.repairs.flatMap(({ changes }) => changes.map(({ line }) => line)),
			);
			const kept = text
				.split("\n")
				.filter((_, index) => !touched.has(index + 1));
			const made = fixed.text.split("\n");
			let from = 0;
			for (const line of kept) {
				const at = made.indexOf(line, from);
				expect(at, `line kept: ${line}`).toBeGreaterThanOrEqual(0);
				from = at + 1;
			}
		},
	);
});

describe.each(lintRules.filter((rule) => rule.fix !== "none"))(
	"$code $name",
	({ code, fix: kind, examples }) => {
		it(`is repaired in its bad example (${kind})`, () => {
			const fixed = fix(examples.bad, kind === "unsafe");
			expect(fixed.notRepaired).toEqual([]);
			expect(fixed.repairs.map(({ finding }) => finding.lint.code)).toContain(
				code,
			);
			expect(serious(fixed)).not.toContain(code);
			expect(fix(fixed.text, kind === "unsafe").text).toBe(fixed.text);
		});
	},
);

describe("any cascade of equal parts", () => {
	const cascades = fc.record({
		backends: fc.integer({ min: 2, max: 6 }),
		kind: fc.constantFrom("nth", "random"),
		/** Other lines, each above the rule of this index. */
		others: fc.array(
			fc.tuple(
				fc.nat(6),
				fc.constantFrom("", "# a comment", "-A POSTROUTING -o lo -j ACCEPT"),
			),
			{ maxLength: 4 },
		),
		hasCounters: fc.boolean(),
	});

	it("is equal when it is repaired, and nothing else is touched", () => {
		fc.assert(
			fc.property(cascades, ({ backends, kind, others, hasCounters }) => {
				const rules = Array.from({ length: backends }, (_, index) => {
					const question =
						kind === "nth"
							? nth(backends, index)
							: ` -m statistic --mode random --probability ${(1 / backends).toFixed(4)}`;
					const above = others
						.filter(([at]) => at % backends === index)
						.map(([, line]) => line);
					const counters = hasCounters ? `[${index}:${index * 60}] ` : "";
					return [...above, `${counters}${ruleOf(11 + index, question)}`];
				});
				const text = ["*nat", ...rules.flat(), "COMMIT", ""].join("\n");
				const fixed = fix(text);
				expect(serious(fixed)).toEqual([]);
				const shares = sharesOf(fixed);
				expect(shares).toHaveLength(backends);
				if (kind === "nth")
					for (const share of shares)
						expect(share).toMatch(new RegExp(` 1/${backends}$`));
				const isRule = (line: string) => line.includes("DNAT");
				const rest = (one: string) =>
					one.split("\n").filter((line) => !isRule(line));
				expect(rest(fixed.text)).toEqual(rest(text));
				expect(fix(fixed.text).text).toBe(fixed.text);
			}),
			{ seed: 14, numRuns: 40 },
		);
	});
});
