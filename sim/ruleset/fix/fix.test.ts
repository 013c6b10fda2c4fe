/** What is repaired, what is left alone, and that a repair is always told. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LINUX, parseLinux } from "../../linux/linux.ts";
import { checkRuleset } from "../parse.ts";
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
		["-A INPTU -j DROP", "-A INPUT -j DROP"],
		["-A PREROUTNG -j DROP", "-A PREROUTING -j DROP"],
		["-I postruting -j DROP", "-I POSTROUTING -j DROP"],
		[
			"-A INPUT -p tcp --dports 22,80 -j DROP",
			"-A INPUT -p tcp -m multiport --dports 22,80 -j DROP",
		],
		[
			"-A INPUT ! --ctstate NEW -j DROP",
			"-A INPUT -m conntrack ! --ctstate NEW -j DROP",
		],
		["-A INPUT \u2212p tcp -j DROP", "-A INPUT -p tcp -j DROP"],
		[
			"-A INPUT -m comment --comment &quot;a &gt; b&#34; -j DROP",
			'-A INPUT -m comment --comment "a > b" -j DROP',
		],
		["-A INPUT -p tcp &ndash;dport 25", "-A INPUT -p tcp --dport 25"],
		["-A INPUT&nbsp;-j&#160;DROP", "-A INPUT -j DROP"],
		[
			"-A INPUT -m comment --comment 'two words' -j DROP",
			'-A INPUT -m comment --comment "two words" -j DROP',
		],
		["-A INPUT -m tcp --dport 25", "-A INPUT -p tcp -m tcp --dport 25"],
		[
			"-A INPUT -s 10.0.0.1 -m udp ! --sport 53",
			"-A INPUT -s 10.0.0.1 -p udp -m udp ! --sport 53",
		],
		["-A INPUT --syn", "-A INPUT -p tcp -m tcp --syn"],
		["-A INPUT --icmp-type 8", "-A INPUT -p icmp -m icmp --icmp-type 8"],
		["iptables -t mangle -A INPUT -j DROP", "-A INPUT -j DROP"],
		[
			"-A INPUT -m nth --every 3 -j DROP",
			"-A INPUT -m statistic --mode nth --every 3 --packet 0 -j DROP",
		],
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

describe("the Linux whose rules they are", () => {
	// 1.8.9 alone takes the option for a part of the address.
	const text = "*filter\n-A INPUT -s10.0.0.9 -j DROP\nCOMMIT\n";
	const linux = parseLinux("trixie/nft") ?? DEFAULT_LINUX;

	test("a ruleset that its iptables takes stays as it is", () => {
		expect(fixRuleset(text).faults).not.toEqual([]);
		expect(fixRuleset(text, { linux })).toEqual({
			text,
			changes: [],
			faults: [],
		});
	});

	test("a line that its iptables takes stays as it is beside one that is repaired", () => {
		const wrong = text.replace(
			"COMMIT",
			"-A INPUT -p tcp --dports 25,80\nCOMMIT",
		);
		const fixed = fixRuleset(wrong, { linux });
		expect(fixed.faults).toEqual([]);
		expect(fixed.text).toContain("-A INPUT -s10.0.0.9 -j DROP\n");
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
			"a table's name that is misspelt",
			"*mangel\nCOMMIT\n",
			"*mangle\nCOMMIT\n",
		],
		["COMIT", "*filter\nCOMIT\n", "*filter\nCOMMIT\n"],
		["commit;", "*filter\ncommit;\n", "*filter\nCOMMIT\n"],
		[
			"a built-in chain with a policy",
			"*filter\n:INPTU DROP [0:0]\n-A INPTU\nCOMMIT\n",
			"*filter\n:INPUT DROP [0:0]\n-A INPUT\nCOMMIT\n",
		],
		[
			"a chain of the user's that nothing else leads to",
			"*filter\n:MAILMARK - [0:0]\n-A INPUT -j MAILMARK\n-A MAILMRAK -p tcp\nCOMMIT\n",
			"*filter\n:MAILMARK - [0:0]\n-A INPUT -j MAILMARK\n-A MAILMARK -p tcp\nCOMMIT\n",
		],
		[
			"but not one that rules lead to, or that has another number",
			"*filter\n:CHAIN1 - [0:0]\n-A CHAIN2 -p tcp\n-A CHAINN -p tcp\n-A INPUT -j CHAINN\nCOMMIT\n",
			"*filter\n:CHAIN2 - [0:0]\n:CHAINN - [0:0]\n:CHAIN1 - [0:0]\n-A CHAIN2 -p tcp\n-A CHAINN -p tcp\n-A INPUT -j CHAINN\nCOMMIT\n",
		],
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

test("all that word processors and haste do to one file, also several times on a line", () => {
	const { text, faults } = fixRuleset(
		[
			"*filter",
			":INPTU DROP [0:0]",
			"-A INPTU \u2013p tcp \u2014dport 22 -m comment --comment \u201cssh for us\u201d \u2212j ACCEPT",
			"-A INPUT\u00a0-p tcp --dports 80,443 -j accept",
			"-A FORWRD -m state --state NEW, ESTABLISHED -s ! 10.0.0.0/8 -j drop",
			"COMIT",
			"",
		].join("\n"),
	);
	expect(faults).toEqual([]);
	expect(text.split("\n")).toEqual([
		"*filter",
		":INPUT DROP [0:0]",
		'-A INPUT -p tcp --dport 22 -m comment --comment "ssh for us" -j ACCEPT',
		"-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT",
		"-A FORWARD -m state --state NEW,ESTABLISHED ! -s 10.0.0.0/8 -j DROP",
		"COMMIT",
		"",
	]);
});

describe("a repair that does not help is taken back", () => {
	test.each([
		// The match asks for a protocol, and the word behind is no option still.
		["-A INPUT --dports 22 PREROUTING", 1],
		["-A INPUT -m statistik --mode n,every 2 -j DROP", 1],
	])("%s", (line, faults) => {
		const { text, what, left } = fixed(line);
		expect(text).toBe(line);
		expect(what).toEqual([]);
		expect(left).toHaveLength(faults);
	});

	test("and those before it stay, where they lead further on", () => {
		expect(
			fixed("-A INPUT \u2013p tcp \u2014dport 80 -m foobar -j accept"),
		).toMatchObject({
			text: "-A INPUT -p tcp --dport 80 -m foobar -j accept",
			left: [expect.stringContaining("foobar")],
		});
	});

	test("of many lines in little more time than of one", () => {
		const rules = Array.from(
			{ length: 5000 },
			(_, rule) => `-A INPUT -s ! 10.0.0.${rule & 255} -j drop --none${rule}\n`,
		).join("");
		const began = performance.now();
		const { faults } = fixRuleset(`*filter\n${rules}COMMIT\n`);
		expect(faults).toHaveLength(5000);
		// What is quadratic takes minutes.
		expect(performance.now() - began).toBeLessThan(30_000);
	}, 60_000);
});

describe("rules with the old match nth", () => {
	const nth = (options: string, target: string) =>
		`-A PREROUTING -m nth ${options} ${target}`;
	const statistic = (every: number, packet: number, target: string) =>
		`-A PREROUTING -m statistic --mode nth --every ${every} --packet ${packet} ${target}`;
	const fixedRules = (table: string, rules: readonly string[]) => {
		const { text, faults } = fixRuleset(
			`*${table}\n${rules.join("\n")}\nCOMMIT\n`,
		);
		expect(faults).toEqual([]);
		return text.split("\n").slice(1, -2);
	};
	const to = (last: number) => `-j DNAT --to-destination 10.0.0.${last}`;

	test("share a counter: each takes its part of what is left", () => {
		const old = [0, 1, 2].map((packet) =>
			nth(`--counter 7 --every 3 --packet ${packet}`, to(packet)),
		);
		expect(fixedRules("nat", old)).toEqual([
			statistic(3, 0, to(0)),
			statistic(2, 0, to(1)),
			statistic(1, 0, to(2)),
		]);
	});

	test("with counters of their own count for themselves", () => {
		expect(
			fixedRules("nat", [
				nth("--counter 1 --every 3 --packet 0", to(0)),
				nth("--counter 2 --every 3 --packet 1", to(1)),
			]),
		).toEqual([statistic(3, 0, to(0)), statistic(3, 1, to(1))]);
	});

	test("that let packets go on see all of them", () => {
		const mark = (value: number) => `-j MARK --set-mark ${value}`;
		expect(
			fixedRules("mangle", [
				nth("--every 2 --packet 0", mark(1)),
				nth("--every 2 --packet 1", mark(2)),
			]),
		).toEqual([statistic(2, 0, mark(1)), statistic(2, 1, mark(2))]);
	});
});

describe("any text", () => {
	const RULESETS = [
		...["recipe.rules", "as-published.rules"].map((name) =>
			readFileSync(
				new URL(`../../../scenarios/suites/recipe/${name}`, import.meta.url),
				"utf8",
			),
		),
		`*filter
:INPUT DROP [0:0]
:LOGDROP - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m multiport --dports 22,80 -m comment --comment "web and ssh" -j ACCEPT
-A INPUT ! -s 10.0.0.0/8 -m limit --limit 5/min -j LOG --log-prefix "drop: "
-A INPUT -j LOGDROP
-A LOGDROP -j DROP
COMMIT
*nat
-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
`,
	];
	const piece = fc.oneof(
		fc.constantFrom(
			"",
			"-A ",
			"-j ",
			"! ",
			"!",
			"*nat\n",
			"COMMIT\n",
			"COMIT\n",
			"\n",
			"\r\n",
			":X - [0:0]\n",
			":INPTU DROP\n",
			"-A X ",
			'"',
			"'",
			"\\",
			" ",
			",",
			"-",
			"--",
			"\u2013",
			"\u201c",
			"\u2019",
			"\u00a0",
			"\u200b",
			"&quot;",
			"&gt;",
			"# ",
			"iptables ",
			"-t nat ",
			"-N Y\n",
			"--dports 1 ",
			"-m nth --every 2 --packet 1 ",
		),
		fc.string({ maxLength: 2 }),
	);
	const edits = fc.array(fc.tuple(fc.nat(10_000), fc.nat(6), piece), {
		maxLength: 5,
	});
	const mutated = fc
		.tuple(fc.constantFrom(...RULESETS), edits)
		.map(([text, changes]) =>
			changes.reduce((before, [place, length, added]) => {
				const at = place % (before.length + 1);
				return before.slice(0, at) + added + before.slice(at + length);
			}, text),
		);

	test("is finished after one pass, and stays as it is when it loads", () => {
		fc.assert(
			fc.property(mutated, (text) => {
				const once = fixRuleset(text);
				if (checkRuleset(text).faults.length === 0)
					expect(once).toEqual({ text, changes: [], faults: [] });
				expect(once.faults).toEqual(checkRuleset(once.text).faults);
				expect(once.faults.length).toBeLessThanOrEqual(
					checkRuleset(text).faults.length,
				);
				expect(fixRuleset(once.text).text).toBe(once.text);
			}),
			{ seed: 20261128, numRuns: 2000 },
		);
	}, 120_000);

	test("of thousands of lines outside of a table takes time as their number", () => {
		const began = performance.now();
		const text = "-A OWN -p tcp\n".repeat(20_000);
		expect(fixRuleset(text).faults).toHaveLength(20_000);
		const tables = "*filter\n-A INPUT -j drop\n".repeat(5_000);
		expect(fixRuleset(tables).faults).toEqual([]);
		// What is quadratic takes minutes.
		expect(performance.now() - began).toBeLessThan(60_000);
	}, 120_000);
});
