/** What is repaired, what is left alone, and that a repair is always told. */
import { describe, expect, test } from "vitest";
import { fixRuleset } from "./fix.ts";

/** The repaired form of a rule in the table mangle, and what was said about it. */
function fixed(line: string): { text: string; what: string[]; left: string[] } {
	const { text, changes, faults } = fixRuleset(`*mangle\n${line}\nCOMMIT\n`);
	return {
		text: text.split("\n").slice(1, -2).join("\n"),
		what: changes.map(({ what }) => what),
		left: faults.map(({ message }) => message),
	};
}

describe("a line", () => {
	test.each([
		[
			"-A INPUT -m condition! --condition x",
			"-A INPUT -m condition ! --condition x",
		],
		["-A INPUT -j MARK - set-mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -j MARK -- set-mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -j MARK - -set-mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -j MARK --set -mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -j MARK --set- mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -p tcp - -dport 25", "-A INPUT -p tcp --dport 25"],
		[
			"-A INPUT -m statistic --mode nth --every 2",
			"-A INPUT -m statistic --mode nth --every 2 --packet 0",
		],
		[
			"-A INPUT -m statistic --mode nth --every=2 -j DROP",
			"-A INPUT -m statistic --mode nth --every=2 --packet 0 -j DROP",
		],
		["-A INPUT -s ! 10.0.0.1 -j DROP", "-A INPUT ! -s 10.0.0.1 -j DROP"],
		["-A INPUT -p tcp --dport ! 25", "-A INPUT -p tcp ! --dport 25"],
		["-A INPUT -m mark --mark ! 1", "-A INPUT -m mark ! --mark 1"],
		["-A INPUT -m MARK --mark 1", "-A INPUT -m mark --mark 1"],
		["-A INPUT -j accept", "-A INPUT -j ACCEPT"],
		["-A INPUT -j mark --set-mark 1", "-A INPUT -j MARK --set-mark 1"],
		["-A INPUT -p tcp --DPORT 25", "-A INPUT -p tcp --dport 25"],
		["-A input -j DROP", "-A INPUT -j DROP"],
		["-A INPUT -m state --stete NEW", "-A INPUT -m state --state NEW"],
		[
			"-A INPUT -m state --state NEW, ESTABLISHED",
			"-A INPUT -m state --state NEW,ESTABLISHED",
		],
		[
			"-A INPUT -m statistik --mode nth --every 2 --packet 0",
			"-A INPUT -m statistic --mode nth --every 2 --packet 0",
		],
		["-A INPUT -j CONMARK --save-mark", "-A INPUT -j CONNMARK --save-mark"],
		["iptables -A INPUT -j DROP", "-A INPUT -j DROP"],
		["[1:2] -A INPUT -s ! 10.0.0.1", "[1:2] -A INPUT ! -s 10.0.0.1"],
		["-A INPUT \u2013p tcp \u2014dport 25", "-A INPUT -p tcp --dport 25"],
		[
			"-A INPUT -p tcp -\u2013dport 25 \u2013j DROP",
			"-A INPUT -p tcp --dport 25 -j DROP",
		],
		["-A INPUT\u00a0-j\u00a0DROP", "-A INPUT -j DROP"],
		["-A INPUT \u200b-j DROP\ufeff", "-A INPUT -j DROP"],
		[
			"-A INPUT -m comment --comment \u201ctwo words\u201d",
			'-A INPUT -m comment --comment "two words"',
		],
		["-A INPUT -j DROP\r", "-A INPUT -j DROP"],
	])("%s becomes %s", (line, better) => {
		const { text, what, left } = fixed(line);
		expect(text).toBe(better);
		expect(what.length).toBeGreaterThan(0);
		expect(left).toEqual([]);
	});

	test("several repairs of one line are all made and all told", () => {
		const { text, what } = fixed(
			"-A INPUT \u2013s ! 10.0.0.1 -m Statistic --mode nth --every 2 -m condition! --condition x -j mark - set-mark 1",
		);
		expect(text).toBe(
			"-A INPUT ! -s 10.0.0.1 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition x -j MARK --set-mark 1",
		);
		expect(what).toHaveLength(7);
	});

	test.each([
		"-A INPUT --dport 25",
		"-A INPUT -j NOWHERE",
		"-A INPUT -d 10.0.0.300",
		"-A INPUT -p tcp --dport 30:20",
		"-A INPUT -m nothinglikeit",
		"-A INPUT -j ACCEPT extra",
	])("what has no single repair stays and is reported: %s", (line) => {
		const { text, what, left } = fixed(line);
		expect(text).toBe(line);
		expect(what).toEqual([]);
		expect(left).toHaveLength(1);
	});

	test("what stands in quotes stays: blanks, dashes and `!` of a comment", () => {
		const line =
			'-A INPUT -m comment --comment "a \u2013b ! - c\u00a0d" -j DROP';
		expect(fixed(line)).toEqual({ text: line, what: [], left: [] });
	});
});

describe("what holds the lines together", () => {
	test.each([
		[
			"the header that a rule's target tells",
			"-A PREROUTING -j DNAT --to-destination 1.1.1.1\n",
			"*nat\n-A PREROUTING -j DNAT --to-destination 1.1.1.1\nCOMMIT\n",
		],
		[
			"the header that its chain tells",
			"-A FORWARD -s 1.1.1.1\n",
			"*filter\n-A FORWARD -s 1.1.1.1\nCOMMIT\n",
		],
		[
			"a COMMIT at the end",
			"*filter\n-A INPUT\n",
			"*filter\n-A INPUT\nCOMMIT\n",
		],
		[
			"a COMMIT before the next table",
			"*filter\n-A INPUT\n*nat\nCOMMIT\n",
			"*filter\n-A INPUT\nCOMMIT\n*nat\nCOMMIT\n",
		],
		["the newline of the last line", "*filter\nCOMMIT", "*filter\nCOMMIT\n"],
		["a COMMIT too many", "*filter\nCOMMIT\nCOMMIT\n", "*filter\nCOMMIT\n"],
		[
			"blanks around",
			"  *filter\n  :OWN - [0:0]\n  # note\n  -A OWN\n  COMMIT  \n",
			"*filter\n:OWN - [0:0]\n# note\n  -A OWN\nCOMMIT\n",
		],
		["a table's name", "*NAT\nCOMMIT\n", "*nat\nCOMMIT\n"],
		[
			"the declaration of a chain that has rules",
			"*filter\n-A OWN -j DROP\n-A INPUT -j OWN\nCOMMIT\n",
			"*filter\n:OWN - [0:0]\n-A OWN -j DROP\n-A INPUT -j OWN\nCOMMIT\n",
		],
		[
			"ends of lines as DOS has them",
			"*filter\r\n-A INPUT -j DROP\r\nCOMMIT\r\n",
			"*filter\n-A INPUT -j DROP\nCOMMIT\n",
		],
		["a mark of byte order", "\ufeff*filter\nCOMMIT\n", "*filter\nCOMMIT\n"],
	])("%s", (_, text, better) => {
		const result = fixRuleset(text);
		expect(result.text).toBe(better);
		expect(result.faults).toEqual([]);
	});

	test("a change tells its line of the original, and both forms", () => {
		const { changes } = fixRuleset("*filter\n-A INPUT -j drop\n*nat\nCOMMIT\n");
		expect(changes).toEqual([
			{
				line: 2,
				what: "closed the table before the next",
				before: "",
				after: "COMMIT",
			},
			{
				line: 2,
				what: "wrote `DROP` for `drop`",
				before: "-A INPUT -j drop",
				after: "-A INPUT -j DROP",
			},
		]);
	});
});

test("a chain that is told to be missing only once another one is there", () => {
	const rules = "-A ONE -j TWO\n-A TWO -j DROP\n";
	const { text, faults } = fixRuleset(`*mangle\n${rules}COMMIT\n`);
	expect(faults).toEqual([]);
	expect(text).toContain(":ONE - [0:0]\n");
	expect(text).toContain(":TWO - [0:0]\n");
});
