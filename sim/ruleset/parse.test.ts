/** Reading and printing rules: words, header options, what is refused (iptables 1.8.9). */
import { describe, expect, test } from "vitest";
import { printFault, RulesetError } from "./base/ruleset-error.ts";
import { checkRuleset, parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";

/** Prints the rules of a chain. */
function printed(rule: string, chain = "FORWARD"): string {
	const text = `*filter\n:OWN - [0:0]\n-A ${chain} ${rule}\nCOMMIT\n`;
	return printRuleset(parseRuleset(text))
		.split("\n")
		.filter((line) => line.startsWith("-A"))
		.map((line) => line.slice(`-A ${chain}`.length).trim())
		.join("; ");
}

/** The words of the first fault, and what the caret points at. */
function refused(line: string): string {
	const { faults } = checkRuleset(`*filter\n${line}\nCOMMIT\n`);
	const [fault] = faults;
	if (fault === undefined) return "accepted";
	const { column, length, text, message } = fault;
	expect(fault.line).toBe(2);
	expect(fault.remedy).not.toBe("");
	return `${message} @ ${text.slice(column - 1, column - 1 + length)}`;
}

describe("a rule's header", () => {
	test.each([
		["", ""],
		["-s 10.0.0.1", "-s 10.0.0.1/32"],
		[
			"--src 10.0.0.1/8 --dst 192.168.0.0/255.255.0.0",
			"-s 10.0.0.0/8 -d 192.168.0.0/16",
		],
		["-s 0.0.0.0/0 -d any/0", ""],
		["! -s 0/0", "! -s 0.0.0.0/0"],
		["-s 10", "-s 10.0.0.0/32"],
		["-s 10.1", "-s 10.1.0.0/32"],
		["-s 167772161", "-s 10.0.0.1/32"],
		["-s 10.256", "-s 10.0.1.0/32"],
		["-s 010.1.2.3", "-s 8.1.2.3/32"],
		["-s localhost", "-s 127.0.0.1/32"],
		["-s 1.0.0.1,1.0.0.2/31", "-s 1.0.0.1/32; -s 1.0.0.2/31"],
		["! -d 10.0.0.1", "! -d 10.0.0.1/32"],
		["-p tcp", "-p tcp"],
		["-p TCP", "-p tcp"],
		["-p 6", "-p tcp"],
		["! -p 17", "! -p udp"],
		["-p all", ""],
		["-p 250", "-p 250"],
		["! -p MPTCP", "! -p mptcp"],
		["-p ipv6-icmp", "-p ipv6-icmp"],
		["-i eth0 -o eth+", "-i eth0 -o eth+"],
		["! -i eth0", "! -i eth0"],
		["-i +", ""],
		["-f", "-f"],
		["! -f", "! -f"],
		["--fragments -g OWN", "-f -g OWN"],
		["-j OWN", "-j OWN"],
		["-j ACCEPT -v", "-j ACCEPT"],
		["--jump RETURN", "-j RETURN"],
		["-j QUEUE", "-j QUEUE"],
		["-4 -j DROP", "-j DROP"],
		["-j DROP -c 1 2", "-j DROP"],
		[
			"-d 1.0.0.1 -p udp -o a -i b -s 2.0.0.2",
			"-s 2.0.0.2/32 -d 1.0.0.1/32 -i b -o a -p udp",
		],
	])("%s is printed as %s", (rule, form) => {
		expect(printed(rule)).toBe(form);
	});

	test.each([
		["-p tcp --dport 25", "-p tcp -m tcp --dport 25"],
		["-p 6 --dport 25", "-p tcp -m tcp --dport 25"],
		["-p tcp -m tcp --dport 25", "-p tcp -m tcp --dport 25"],
		[
			"-p tcp -m mark --mark 1 --dport 25",
			"-p tcp -m mark --mark 0x1 -m tcp --dport 25",
		],
		["-p udp --dport domain", "-p udp -m udp --dport 53"],
		["-p tcp --dpo smtp", "-p tcp -m tcp --dport 25"],
	])(
		"the protocol's own match is loaded when an option needs it: %s",
		(rule, form) => {
			expect(printed(rule)).toBe(form);
		},
	);

	test("a match that is used twice keeps both uses", () => {
		expect(printed("-m mark --mark 1 -m mark ! --mark 2/3")).toBe(
			"-m mark --mark 0x1 -m mark ! --mark 0x2/0x3",
		);
	});

	test("an option belongs to the extension that was loaded last", () => {
		expect(printed("-m mark --mark 1 -m connmark --mark 2")).toBe(
			"-m mark --mark 0x1 -m connmark --mark 0x2",
		);
	});
});

describe("words", () => {
	test.each([
		['-m comment --comment "two words"', '-m comment --comment "two words"'],
		['-m comment --comment two" words"', '-m comment --comment "two words"'],
		[
			'-m comment --comment "a \\"b\\" \\\\ c"',
			'-m comment --comment "a \\"b\\" \\\\ c"',
		],
		["-m comment --comment a\\b", '-m comment --comment "a\\\\b"'],
		['-m comment --comment "-j DROP"', '-m comment --comment "-j DROP"'],
		["\t-m  comment\t--comment   x", "-m comment --comment x"],
		// Nobody reads that again, there as here.
		[
			'-m physdev --physdev-in "" -j ACCEPT',
			"-m physdev --physdev-in  -j ACCEPT",
		],
		// The newline is in the comment, too: its other quote stands on a line of its own.
		['-m comment --comment "open', '-m comment --comment "open'],
	])("%s", (rule, form) => {
		expect(printed(rule)).toBe(form);
	});

	test.each([
		['-A INPUT -j "ACC"EPT', "Bad argument `EPT' @ EPT"],
		// A word with a blank in it is one word, not the two that the option takes.
		[
			'-A INPUT -p tcp --tcp-flags SYN "SYN -j ACCEPT"',
			"Unknown TCP flag `SYN -j ACCEPT' @ --tcp-flags",
		],
		['-A INPUT "" -j ACCEPT', 'Bad argument `\' @ ""'],
		["-A INPUT -s ! 10.0.0.1", "Bad argument `10.0.0.1' @ 10.0.0.1"],
		["-A INPUT ! ! -s 10.0.0.1", "multiple consecutive ! not allowed @ !"],
		["-A INPUT -j ACCEPT !", "nothing appropriate following ! @ !"],
		["-A INPUT ! -j ACCEPT", "cannot have ! before -j @ -j"],
		["! -A INPUT", "unexpected '!' flag @ -A"],
		["-A INPUT ! -m mark --mark 1", "unexpected ! flag before --match @ -m"],
		["-A INPUT -j ACCEPT -- x", "unknown arguments found on commandline @ x"],
		["-A INPUT -s 1.1.1.1 -s 1.1.1.1", "multiple -s flags not allowed @ -s"],
		["-A INPUT -j ACCEPT -g OWN", "multiple -j flags not allowed @ -g"],
		["-A INPUT -ptcp", 'unknown protocol "-ptcp" specified @ -ptcp'],
		["-A INPUT -p 300", 'unknown protocol "300" specified @ 300'],
		["-A INPUT -p tpc --dport 1", 'unknown protocol "tpc" specified @ tpc'],
		["-A INPUT ! -p all", "rule would never match protocol @ all"],
		["-A INPUT -m", 'option "-m" requires an argument @ -m'],
		[
			"-A INPUT -m nosuch",
			"Couldn't load match `nosuch':No such file or directory @ nosuch",
		],
		[
			"-A INPUT -m MARK --mark 1",
			"Couldn't load match `MARK':No such file or directory @ MARK",
		],
		[
			`-A INPUT -m ${"m".repeat(29)}`,
			`Invalid match name "${"m".repeat(29)}" (28 chars max) @ ${"m".repeat(29)}`,
		],
		[
			"-A INPUT -j mark",
			"Couldn't load target `mark':No such file or directory @ mark",
		],
		["-A INPUT -g ACCEPT", "goto 'ACCEPT' is not a chain @ ACCEPT"],
		[
			"-A INPUT -i abcdefghijklmnop",
			"interface name `abcdefghijklmnop' must be shorter than IFNAMSIZ (15) @ abcdefghijklmnop",
		],
		['-A INPUT -i ""', 'Empty interface is likely to be undesired @ ""'],
		["-A INPUT -n", "Illegal option `-n' with this command @ -A"],
		[
			"-A INPUT -t nat",
			"The -t option cannot be used in iptables-restore. @ -t",
		],
		["-A INPUT -w", "You cannot use `-w' from iptables-restore @ -w"],
		["-A INPUT -c 1", "-c requires packet and byte counter @ 1"],
		["-A INPUT -c a 1", "-c packet counter not numeric @ a"],
		[
			"-A INPUT ! -s 1.1.1.1,2.2.2.2",
			"! not allowed with multiple source or destination IP addresses @ 1.1.1.1,2.2.2.2",
		],
		["-A INPUT --syn", 'unknown option "--syn" @ --syn'],
		["-A INPUT -p tcp --syn=1", 'unknown option "--syn=1" @ --syn=1'],
		["-A INPUT -p tcp --d 1", 'unknown option "--d" @ --d'],
		["-A INPUT -qz", 'unknown option "INPUT" @ -qz'],
		["-A INPUT -fq", 'unknown option "-fq" @ -fq'],
		["-A INPUT ! -f-s 10.0.0.1", 'unknown option "" @ -f-s'],
		["-qz", 'unknown option "filter" @ -qz'],
		["-j ACCEPT", "no command specified @ -j"],
		["   ", "no command specified @    "],
		["COMMIT ", "Bad argument `COMMIT' @ COMMIT"],
		["*nat", "Bad argument `*nat' @ *nat"],
		[" # comment", "Bad argument `#' @ #"],
		[
			"-A NOPE -j ACCEPT",
			"line 2 failed (No chain/target/match by that name) @ NOPE",
		],
		[
			"-A PREROUTING -j ACCEPT",
			"line 2 failed (No chain/target/match by that name) @ PREROUTING",
		],
		["-A INPUT -j FORWARD", "line 2 failed (Invalid argument) @ FORWARD"],
		// Whether there is such a target, iptables looks before it looks for the chain.
		["-A NOPE -g NIX", "goto 'NIX' is not a chain @ NIX"],
		[
			"-I NOPE 5 -j NIX",
			"Couldn't load target `NIX':No such file or directory @ NIX",
		],
		['-N ""', 'chain name may not clash with target name @ ""'],
		[":X", "iptables-restore: line 2 policy invalid @ :X"],
		[":", "iptables-restore: line 2 chain name invalid @ :"],
		[
			":INPUT RETURN [0:0]",
			"Can't set policy `RETURN' on `INPUT' line 2: Bad policy name @ RETURN",
		],
		[":ACCEPT - [0:0]", "error creating chain 'ACCEPT':File exists @ ACCEPT"],
		["[0:0 -A INPUT", "Bad line 2: need ] @ [0:0 -A INPUT"],
		["[0] -A INPUT", "Bad line 2: need ] @ [0] -A INPUT"],
		// What strtok(3) finds behind the `]` it finds all the same, and ends the rule there.
		["[0] -A INPUT -s ::", 'option "-s" requires an argument @ -s'],
		[
			`-A INPUT ${"-v ".repeat(250)}`,
			"Parser cannot handle more arguments @ -v",
		],
		[
			`-A INPUT -m comment --comment ${"x".repeat(1024)}`,
			`Parameter too long! @ ${"x".repeat(1024)}`,
		],
		["-A INPUT\0-j ACCEPT", "a NUL octet in the line @ \0"],
	])("%s is refused: %s", (line, words) => {
		expect(refused(line)).toBe(words);
	});

	test("a chain that was renamed to a target's name is what a rule jumps to", () => {
		const { ruleset } = checkRuleset(
			"*nat\n:ONE - [0:0]\n-E ONE MARK\n-A INPUT -j MARK --set-mark 1\nCOMMIT\n",
		);
		expect(ruleset && printRuleset(ruleset)).toContain("-A INPUT -j MARK\n");
	});

	test("where iptables itself ends, it is refused too", () => {
		expect(
			refused(
				"-A INPUT -m hashlimit --hashlimit-upto -1b/s --hashlimit-name a",
			),
		).toBe("Floating point exception @ --hashlimit-upto");
	});

	test("counters before a rule count as its `-c` with --counters", () => {
		const words = (rule: string, counters: boolean) =>
			checkRuleset(`*filter\n[1:2] ${rule}\nCOMMIT\n`, { counters }).faults[0]
				?.message;
		expect(words("-A INPUT -c 3 4", true)).toBe(
			"multiple -c flags not allowed",
		);
		expect(words("-A INPUT -c 3 4", false)).toBeUndefined();
		expect(words("-D INPUT 1", true)).toBe(
			"Illegal option `-c' with this command",
		);
	});

	test("a line of more than 10238 octets is refused, one of 10238 is read", () => {
		const words = (length: number) => {
			const line = "-A INPUT -m comment --comment ";
			const blanks = " ".repeat(length - line.length - 1);
			return checkRuleset(`*filter\n${line}${blanks}x\nCOMMIT\n`).faults;
		};
		expect(words(10238)).toEqual([]);
		expect(words(10239)).toMatchObject([
			{ line: 2, message: "line 2 has 10239 octets" },
		]);
	});

	test("a chain that bears a target's name is a chain from then on", () => {
		const text = (rule: string) => `*mangle\n:MARK - [0:0]\n${rule}\nCOMMIT\n`;
		expect(checkRuleset(text("-A INPUT -j MARK")).faults).toEqual([]);
		expect(
			checkRuleset(text("-A INPUT -j MARK --set-mark 1")).faults[0]?.message,
		).toBe('unknown option "--set-mark"');
	});
});

describe("the lines of a file", () => {
	test.each([
		["*filter\nCOMMIT", "Bad argument `COMMIT'", 2],
		["*foo\nCOMMIT\n", "iptables-restore: unable to initialize table 'foo'", 1],
		["*\nCOMMIT\n", "iptables-restore: line 1 table name invalid", 1],
		[
			"*FILTER\nCOMMIT\n",
			"iptables-restore: unable to initialize table 'FILTER'",
			1,
		],
		[
			"*filter\r\nCOMMIT\r\n",
			"iptables-restore: unable to initialize table 'filter\r'",
			1,
		],
		["-A INPUT -j ACCEPT\n", "line 1 failed", 1],
		["COMMIT\n", "line 1 failed", 1],
		["\ufeff*filter\nCOMMIT\n", "line 1 failed", 1],
		["\ufeff# saved\n*filter\nCOMMIT\n", "line 1 failed", 1],
		[" \n*filter\nCOMMIT\n", "line 1 failed", 1],
		[
			"*filter\n-A INPUT -j ACCEPT\r\nCOMMIT\n",
			"Invalid target name `ACCEPT\r'",
			2,
		],
	])("%j is refused: %s", (text, words, line) => {
		expect(checkRuleset(text).faults[0]).toMatchObject({
			message: words,
			line,
		});
	});

	test("comments and empty lines may stand anywhere", () => {
		const text =
			"# one\n\n*filter\n# two\n\n-A INPUT -j ACCEPT\nCOMMIT\n# three\n";
		expect(checkRuleset(text).faults).toEqual([]);
	});

	test("an empty text is a ruleset without tables", () => {
		expect(parseRuleset("")).toEqual({ tables: [] });
		expect(printRuleset({ tables: [] })).toBe("");
	});

	test("all faults are told, in the order of their lines", () => {
		const { faults, ruleset } = checkRuleset(
			"*filter\n-A INPUT -j NOPE\n-A OUTPUT -j ACCEPT\n-A INPUT -p 300\n:X ACCEPT\n*nat\nCOMMIT\n-A INPUT\n*raw\n",
		);
		expect(ruleset).toBeNull();
		expect(faults.map(({ line }) => line)).toEqual([2, 4, 5, 6, 8, 10]);
	});

	test("rules know their lines", () => {
		const { tables } = parseRuleset(
			"*filter\n\n-A INPUT -s 1.1.1.1,2.2.2.2\nCOMMIT\n",
		);
		expect(tables[0]?.chains[0]?.rules.map(({ line }) => line)).toEqual([3, 3]);
	});

	test("nat takes no rule with DROP, but a policy", () => {
		const words = (line: string) =>
			checkRuleset(`*nat\n${line}\nCOMMIT\n`).faults[0]?.message;
		expect(words("-A OUTPUT -j DROP")).toMatch(
			/^The "nat" table is not intended/,
		);
		expect(words("-P OUTPUT DROP")).toMatch(/^The "nat" table is not intended/);
		expect(words(":OUTPUT DROP [0:0]")).toBeUndefined();
	});

	test("what iptables has and marktwin has not is no fault of the ruleset", () => {
		const { faults } = checkRuleset("*filter\n-A INPUT -m psd\nCOMMIT\n");
		expect(faults).toEqual([]);
	});

	test.each([
		["-m goip --src-cc DE", "Did you mean `geoip`?"],
		["-m hl --hl-eq 1", "`hl` is for IPv6"],
		["-m nth --every 3", "-m statistic --mode nth"],
		["-j TARPITT", "Did you mean `TARPIT`?"],
		["-j HL --hl-set 1", "`HL` is for IPv6"],
		["-m constructor", "Is the match spelled right?"],
	])("%s is a fault, with what was meant", (rule, remedy) => {
		const text = `*filter\n-A INPUT ${rule}\nCOMMIT\n`;
		const [fault, second] = checkRuleset(text).faults;
		expect(fault?.from).toBe("iptables-restore");
		expect(fault?.remedy).toContain(remedy);
		expect(second).toBeUndefined();
	});
});

describe("of two faults in a line", () => {
	test.each([
		// The commonest fault of old files.
		["-p tcp --dport ! 80 -j ACCEPT", "invalid port/service `!' specified"],
		["-p tcp --dport 1x, --sport 2x,", "invalid port/service `1x,' specified"],
		["-p tcp --sport 2x, --bogus", "invalid port/service `2x,' specified"],
		["-m limit --limit x -m nosuch", 'bad rate "x"\''],
		[
			"-m statistic --mode nth --every 2 -m condition! --condition x",
			"Couldn't load match `condition!':No such file or directory",
		],
		["-m recent --name x -m state --state NEW,x", 'Bad state "x"'],
		["-m recent --name x -j REJECT --reject-with y", 'unknown reject type "y"'],
		[
			"-j RATEEST --rateest-ewmalog ONE 5s --rateest-interval 8s --rateest-name a",
			'RATEEST: bad ewmalog value "ONE"',
		],
		[
			"-m hashlimit --hashlimit-above 1811030/sec --hashlimit-htable-expire x --hashlimit-name a",
			'Rate too fast "1811030/sec"',
		],
		[
			"-m connbytes --connbytes-dir ! original --connbytes-mode avgpkt --connbytes 0:0",
			"Unknown --connbytes-dir `!'",
		],
		["-j LOG --log-level x --log-bogus", 'log level "x" unknown'],
		["-s 1.2.3.4.5 -m state --state NEW,x", 'Bad state "x"'],
		["-p ah -ahspi 5", "-h is no part of a ruleset"],
	])("%s: iptables stops at the first: %s", (rule, words) => {
		const text = `*filter\n-A INPUT ${rule}\nCOMMIT\n`;
		expect(checkRuleset(text).faults[0]?.message).toBe(words);
	});

	test("the `!` behind an option is explained", () => {
		const text = "*filter\n-A INPUT -p tcp --dport ! 80\nCOMMIT\n";
		expect(checkRuleset(text).faults[0]?.remedy).toContain(
			"Put the `!` before the option",
		);
	});
});

describe("a printed fault", () => {
	test("shows file, line, column, the line, a caret and the remedy", () => {
		const text = "*filter\n-A INPUT --dport 25 -j ACCEPT\nCOMMIT\n";
		const error = (() => {
			try {
				return parseRuleset(text, { file: "web.rules" });
			} catch (thrown) {
				return thrown;
			}
		})();
		expect(error).toBeInstanceOf(RulesetError);
		expect((error as RulesetError).message).toBe(
			[
				'web.rules:2:10: unknown option "--dport"',
				"  2 | -A INPUT --dport 25 -j ACCEPT",
				"    |          ^~~~~~~",
				"  iptables-restore refuses it. It belongs to a protocol: write `-p tcp` or `-p udp` before it.",
			].join("\n"),
		);
	});

	test("shows of a long line what stands around the caret", () => {
		const line = `-A INPUT ${"-v ".repeat(80)}--bogus ${"-v ".repeat(80)}`;
		const [fault] = checkRuleset(`*filter\n${line}\nCOMMIT\n`).faults;
		if (fault === undefined) throw new Error("accepted");
		const [, shown = "", caret = ""] = printFault(fault).split("\n");
		expect(shown.length).toBeLessThan(120);
		expect(shown.slice(caret.indexOf("^"))).toMatch(/^--bogus/);
	});

	test("stays on its lines whatever the ruleset holds", () => {
		const [fault] = checkRuleset(
			"*filter\n-A\tINPUT \u0007\u2028\rx\nCOMMIT\n",
		).faults;
		if (fault === undefined) throw new Error("accepted");
		expect(printFault(fault).split(/[\r\n\u2028]/)).toHaveLength(4);
	});
});

describe("lists of addresses multiply", () => {
	// Numbers are addresses, too.
	const list = (count: number) =>
		Array.from({ length: count }, (_, i) => i % 10).join();

	test("a line makes 100,000 rules at most", () => {
		const many = `*filter\n-A INPUT -s ${list(400)} -d ${list(300)}\nCOMMIT\n`;
		const { faults } = checkRuleset(many);
		expect(faults).toMatchObject([{ line: 2, from: "marktwin" }]);
		expect(faults[0]?.message).toContain("make 120000 rules of this line");
		const fewer = `*filter\n-A INPUT -s ${list(100)} -d ${list(300)}\nCOMMIT\n`;
		expect(
			checkRuleset(fewer).ruleset?.tables[0]?.chains[0]?.rules.length,
		).toBe(30_000);
	});

	test("so does a text of many such lines", () => {
		const line = `-C INPUT -s ${list(300)} -d ${list(300)}\n`;
		const { faults } = checkRuleset(`*filter\n${line.repeat(15)}COMMIT\n`);
		expect(faults.at(-1)).toMatchObject({ line: 16, from: "marktwin" });
		expect(faults.at(-1)?.message).toContain("more than 1000000 rules");
	});
});
