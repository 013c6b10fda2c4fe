/** The recipe as it is, as iptables-save prints it, and as people find it on the web. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fixRuleset } from "./fix/fix.ts";
import { checkRuleset, parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";

const read = (name: string): string =>
	readFileSync(
		new URL(`../../scenarios/suites/recipe/${name}`, import.meta.url),
		"utf8",
	);

test("recipe.rules prints exactly as recipe.saved", () => {
	const printed = printRuleset(parseRuleset(read("recipe.rules")));
	expect(printed).toBe(read("recipe.saved"));
});

test("with counters, recipe.rules prints as iptables-save -c does: [0:0] before each rule", () => {
	const printed = printRuleset(parseRuleset(read("recipe.rules")), {
		counters: true,
	});
	expect(printed).toBe(read("recipe.saved").replace(/^-A/gm, "[0:0] -A"));
});

test("counters that stand in a file are kept and printed", () => {
	const saved =
		"*filter\n:INPUT DROP [12:3456]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [1:99999999999]\n[7:420] -A INPUT -j ACCEPT\nCOMMIT\n";
	expect(printRuleset(parseRuleset(saved), { counters: true })).toBe(saved);
});

test("recipe.saved prints as itself", () => {
	// What is read first is printed last.
	const tables = read("recipe.saved").split(/(?=^\*)/m);
	const printed = printRuleset(parseRuleset(tables.reverse().join("")));
	expect(printed).toBe(read("recipe.saved"));
});

test("as-published.rules: each fault at its line and column, and nothing else", () => {
	const { faults } = checkRuleset(read("as-published.rules"), {
		file: "as-published.rules",
	});
	const told = faults.map(
		({ line, column, length, message, text }) =>
			`${line}:${column} ${text.slice(column - 1, column - 1 + Math.min(length, 13))} | ${message}`,
	);
	expect(told).toEqual([
		"4:69 condition! | Couldn't load match `condition!':No such file or directory",
		'4:56 --every | statistic: option "--every" also requires "--packet".',
		"5:35 condition! | Couldn't load match `condition!':No such file or directory",
		"6:35 condition! | Couldn't load match `condition!':No such file or directory",
		"10:1 -A PREROUTING | line 10 failed",
		"11:1 -A PREROUTING | line 11 failed",
	]);
	for (const { remedy } of faults) expect(remedy).not.toBe("");
	expect(faults.at(-1)?.remedy).toContain("`*nat`");
});

test("the blanks of `* mangle` and `: MAILMARK - [0: 0]` are no faults", () => {
	const { faults } = checkRuleset(read("as-published.rules"));
	expect(faults.filter(({ line }) => line < 3)).toEqual([]);
	const { changes } = fixRuleset(read("as-published.rules"));
	expect(changes.filter(({ line }) => line < 3)).toEqual([]);
});

test("as-published.rules, repaired, is the recipe", () => {
	const { text, changes, faults } = fixRuleset(read("as-published.rules"));
	expect(faults).toEqual([]);
	expect(printRuleset(parseRuleset(text))).toBe(read("recipe.saved"));
	expect(changes.map(({ line, what }) => `${line}: ${what}`)).toEqual([
		"4: put a blank before the `!`",
		"4: added `--packet 0`, which iptables of old took for granted",
		"5: put a blank before the `!`",
		"6: put a blank before the `!`",
		"9: put in the header of the table nat, which the rule is made for",
		"11: closed the table",
	]);
});

test("there is nothing to repair about recipe.rules", () => {
	const text = read("recipe.rules");
	expect(fixRuleset(text)).toEqual({ text, changes: [], faults: [] });
});
