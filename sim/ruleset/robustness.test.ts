/**
 * Any text at all ends in a ruleset or in faults, within time that grows as its length does.
 * The seed of the random texts is printed with every failure; SEED holds it fast.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { Ruleset } from "../contract/ruleset.ts";
import { printFault, RulesetError } from "./base/ruleset-error.ts";
import { fixRuleset } from "./fix/fix.ts";
import { checkRuleset, parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";

const SEED = 20261123;

/** The machine may be busy with a hundred other tests. */
const TIMEOUT_MS = 300_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });
const RECIPES = ["recipe.rules", "as-published.rules"].map((name) =>
	readFileSync(
		new URL(`../../scenarios/suites/recipe/${name}`, import.meta.url),
		"utf8",
	),
);

/** What a ruleset is made of, and what a typing error makes of it. */
const PIECES = [
	"-A ",
	"-I ",
	"-D ",
	"-j ",
	"-g ",
	"-m ",
	"-p tcp ",
	"-p ",
	"-s ",
	"-d ",
	"! ",
	"!",
	"-i eth+ ",
	"*nat\n",
	"*mangle\n",
	"COMMIT\n",
	"\n",
	":X - [0:0]\n",
	"-A X ",
	"-j X",
	"[0:0] ",
	"[",
	"]",
	":",
	'"',
	"\\",
	"\0",
	"\t",
	"\r\n",
	" ",
	",",
	"/",
	"--",
	"-",
	"=",
	"0x",
	"-1",
	"4294967296",
	"é",
	"\ud800",
	"--mark 1 ",
	"--every 2 ",
	"--packet 0 ",
	"--dport 25 ",
	"-m statistic --mode nth ",
	"-m condition ",
	"--condition x ",
	"-j MARK --set-mark 1 ",
	"-j DNAT --to-destination ",
	"10.0.0.1",
	"/8",
	"-R INPUT 1 ",
	"-E X Y\n",
	"-X\n",
	"-F\n",
	"-Z\n",
	"-P INPUT DROP\n",
	"-N Y\n",
	"# ",
	"-c 1 2 ",
	"-t nat ",
];

/** A recipe with one to four typing errors: the same seed makes the same ones. */
function mutated(seed: number): string {
	const choice = seededChoice(seed);
	const below = (n: number): number => choice.pick(n, "a typing error");
	let text = RECIPES[below(RECIPES.length)] as string;
	for (let rest = 1 + below(4); rest > 0; rest--) {
		const from = below(text.length + 1);
		const to = from + below(13);
		text = text.slice(0, from) + added(below) + text.slice(to);
	}
	return text;
}

function added(below: (n: number) => number): string {
	const kind = below(3);
	if (kind === 0) return "";
	if (kind === 1) return PIECES[below(PIECES.length)] as string;
	// Mostly what is typed, now and then what no keyboard has.
	return Array.from({ length: below(7) }, () =>
		String.fromCharCode(below(below(2) === 0 ? 0x80 : 0x1_0000)),
	).join("");
}

/**
 * iptables-save does not quote names, so one with a blank in it is not read again, there as here; nor is
 * a newline in quotes, which gets there when nobody closes them.
 */
function isNotReadAgain({ tables }: Ruleset): boolean {
	const odd = /["\\\s!]|^[-#]/;
	return tables.some(({ chains }) =>
		chains.some(
			({ name, rules }) =>
				odd.test(name) ||
				rules.some(
					({ header: { inInterface, outInterface }, matches, target }) =>
						odd.test(inInterface?.name ?? "") ||
						odd.test(outInterface?.name ?? "") ||
						JSON.stringify([matches, target]).includes("\\n"),
				),
		),
	);
}

/** What holds for every text. */
function holds(text: string): void {
	const { ruleset, faults } = checkRuleset(text);
	if ((ruleset === null) !== faults.length > 0)
		throw new Error("neither a ruleset nor faults, or both");
	const lines = text.split("\n");
	for (const fault of faults) {
		const { line, column, length } = fault;
		if (line > lines.length + 1 || column < 1 || length < 1 || !fault.remedy)
			throw new Error(`out of place: ${JSON.stringify(fault)}`);
		if (
			fault.text !== (lines[line - 1] ?? "") ||
			column > fault.text.length + 1
		)
			throw new Error(`out of place: ${JSON.stringify(fault)}`);
	}
	if (ruleset === null || isNotReadAgain(ruleset)) return;
	// What is printed is a ruleset again, and prints the same.
	const printed = printRuleset(ruleset, { counters: true });
	const tables = printed.split(/(?=^\*)/m).reverse();
	const again = printRuleset(parseRuleset(tables.join("")), { counters: true });
	if (again !== printed)
		throw new Error(`${printed}
prints as
${again}`);
}

describe("any text ends in a ruleset or in faults", () => {
	test("100,000 mutated rulesets", () => {
		// fast-check picks the seeds and no more: its own texts would cost more than to read them.
		fc.assert(
			fc.property(fc.nat(), (seed) => holds(mutated(seed))),
			{ numRuns: 100_000, seed: SEED },
		);
	});

	test("10,000 texts of pieces", () => {
		const pieces = fc
			.array(fc.constantFrom(...PIECES), { maxLength: 40 })
			.map((parts) => `*filter\n-A INPUT ${parts.join("")}\nCOMMIT\n`);
		fc.assert(fc.property(pieces, holds), { numRuns: 10_000, seed: SEED });
	});

	test("3,000 mutated rulesets are repaired or left: what is sound stays, and once is enough", () => {
		fc.assert(
			fc.property(fc.nat(), (seed) => {
				const text = mutated(seed);
				const fixed = fixRuleset(text);
				expect(fixRuleset(fixed.text).changes).toEqual([]);
				if (checkRuleset(text).ruleset !== null) expect(fixed.text).toBe(text);
			}),
			{ numRuns: 3000, seed: SEED },
		);
	});
});

describe("great texts", () => {
	test.each([
		["of one letter", "x".repeat(1_000_000)],
		["of blanks", " ".repeat(1_000_000)],
		["of quotes", '"'.repeat(1_000_000)],
		["of words", "-A ".repeat(333_333)],
		["of NULs", "\0".repeat(1_000_000)],
		["of a comment", `#${"x".repeat(999_999)}`],
	])("a line of 1 MB %s, in a table and outside", (_, line) => {
		expect(checkRuleset(line).faults.length).toBeLessThanOrEqual(1);
		const { faults } = checkRuleset(`*filter\n${line}\nCOMMIT\n`);
		expect(faults).toHaveLength(1);
		for (const fault of faults)
			expect(printFault(fault).length).toBeLessThan(1000);
	});

	test("a million empty lines, and 100,000 faults", () => {
		expect(checkRuleset("\n".repeat(1_000_000)).faults).toEqual([]);
		const { faults } = checkRuleset("x\n".repeat(100_000));
		expect(faults).toHaveLength(100_000);
		expect(new RulesetError(faults).message.length).toBeLessThan(100_000);
	});

	test("a million rules", () => {
		const rules = Array.from(
			{ length: 1_000_000 },
			(_, n) =>
				`-A INPUT -s 10.${n >> 16}.${(n >> 8) & 255}.${n & 255} -p tcp --dport ${n & 0xffff} -j ACCEPT\n`,
		);
		const { tables } = parseRuleset(`*filter\n${rules.join("")}COMMIT\n`);
		expect(tables[0]?.chains[0]?.rules).toHaveLength(1_000_000);
	});

	test("twice the text takes no more than twice the time, roughly", () => {
		const timeMs = (rules: number): number => {
			const text = `*filter\n${"-A INPUT -s 10.0.0.1 -m nosuch -j ACCEPT\n".repeat(rules)}COMMIT\n`;
			const started = performance.now();
			checkRuleset(text);
			return performance.now() - started;
		};
		timeMs(2000);
		// Quadratic time would be 64 times as much; the machine may be busy with other things.
		expect(timeMs(32_000)).toBeLessThan(8 * 4 * Math.max(timeMs(4000), 1));
	});
});
