/** Words that name something in every object of JavaScript name nothing in a ruleset. */
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { openPoints } from "../ruleset/check/open-points.ts";
import { checkRuleset } from "../ruleset/parse.ts";
import { printRuleset } from "../ruleset/print.ts";
import { targets } from "../targets/index.ts";

const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty"];

/** What `iptables-save` prints of a rule, or why it is refused. */
function fateOf(rule: string): string {
	const text = `*mangle\n-A FORWARD ${rule}\nCOMMIT\n`;
	const { ruleset, faults } = checkRuleset(text);
	return ruleset === null ? (faults[0]?.message ?? "") : printRuleset(ruleset);
}

describe.each(NAMES)("%s", (name) => {
	test.each(
		[...matches.values(), ...targets.values()].flatMap((extension) =>
			extension.options
				.filter(({ type }) => type !== "none")
				.map((option) => [extension.name, option.name, option.words] as const),
		),
	)("behind %s --%s is a word like any other", (extension, option, words) => {
		const flag = matches.has(extension) ? "-m" : "-j";
		const value = words === 2 ? `${name} ${name}` : name;
		const like = (word: string) =>
			fateOf(
				`-p tcp ${flag} ${extension} --${option} ${value.replaceAll(name, word)}`,
			);
		// A word that could be a name where this one could.
		const plain = name.replace(/[a-z]/gi, "x");
		const loads = (fate: string) => fate.startsWith("*mangle");
		expect(loads(like(name))).toBe(loads(like(plain)));
		expect(like(name)).not.toMatch(/function|undefined|NaN|\[object/);
	});

	test.each([`-p ${name}`, `-p tcp --dport ${name}`, `-p udp --dport ${name}`])(
		"%s is not known",
		(rule) => {
			const text = `*mangle\n-A FORWARD ${rule}\nCOMMIT\n`;
			const { tables, faults } = checkRuleset(text);
			const open = openPoints(tables).needs.length + faults.length;
			expect(open).toBeGreaterThan(0);
		},
	);

	test.each([
		`-j ${name}`,
		`-m ${name}`,
		`-p icmp --icmp-type ${name}`,
		`-j LOG --log-level ${name}`,
		`--${name} 1`,
	])("%s names nothing", (rule) => {
		expect(fateOf(rule)).toMatch(
			/[Uu]nknown|Couldn't load|does not resolve|invalid|Invalid|Port/,
		);
	});
});
