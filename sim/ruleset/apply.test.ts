/** What commands do to a ruleset that is loaded, and what they are refused with (iptables 1.8.9). */
import { describe, expect, test } from "vitest";
import type { Ruleset, Table } from "../contract/ruleset.ts";
import { RulesetError } from "./base/ruleset-error.ts";
import {
	applyCommand,
	EMPTY_RULESET,
	parseRuleset,
	restoreText,
} from "./parse.ts";
import { parseCommand } from "./parse-command.ts";
import { printRuleset } from "./print.ts";

const LOADED = parseRuleset(`*filter
:INPUT DROP [5:500]
:OWN - [0:0]
[1:100] -A INPUT -j OWN
[2:200] -A INPUT -s 10.0.0.1 -j ACCEPT
[3:300] -A OWN -p tcp -m tcp --dport 25 -j RETURN
COMMIT
*nat
-A POSTROUTING -j MASQUERADE
COMMIT
`);

/** Runs commands one after the other; the faults' words, or the table filter as it prints then. */
function printedAfter(...commands: string[]): string {
	let ruleset: Ruleset = LOADED;
	for (const command of commands) {
		const applied = applyCommand(ruleset, parseCommand(command));
		const [fault] = applied.faults;
		if (fault) {
			expect(applied.ruleset).toEqual(ruleset);
			expect(names(applied.replaced)).toEqual([]);
			return fault.message;
		}
		ruleset = applied.ruleset;
	}
	const filter = ruleset.tables.filter(({ name }) => name === "filter");
	return printRuleset({ tables: filter }, { counters: true })
		.split("\n")
		.filter((line) => /^\[|^:(INPUT|OWN|NEW)/.test(line))
		.join("\n");
}

const RULES = `:OWN - [0:0]
[1:100] -A INPUT -j OWN
[2:200] -A INPUT -s 10.0.0.1/32 -j ACCEPT
[3:300] -A OWN -p tcp -m tcp --dport 25 -j RETURN`;
const UNCHANGED = `:INPUT DROP [5:500]\n${RULES}`;

function names(tables: readonly Table[]): readonly string[] {
	return tables.map(({ name }) => name);
}

describe("a single iptables command", () => {
	test("-L, -S and -C of a rule that is there change nothing", () => {
		expect(printedAfter("iptables -L INPUT", "iptables -S")).toBe(UNCHANGED);
		expect(printedAfter("-C INPUT -s 10.0.0.1/32 -j ACCEPT")).toBe(UNCHANGED);
	});

	test("-A appends, -I inserts before the first rule or before a number", () => {
		expect(
			printedAfter(
				"-A OWN -j DROP",
				"-I OWN -p udp",
				"-I OWN 2 -s 1.2.3.4",
			).split("\n"),
		).toEqual([
			":INPUT DROP [0:0]",
			":OWN - [0:0]",
			"[1:100] -A INPUT -j OWN",
			"[2:200] -A INPUT -s 10.0.0.1/32 -j ACCEPT",
			"[0:0] -A OWN -p udp",
			"[0:0] -A OWN -s 1.2.3.4/32",
			"[3:300] -A OWN -p tcp -m tcp --dport 25 -j RETURN",
			"[0:0] -A OWN -j DROP",
		]);
	});

	test("a list of addresses becomes one rule each, sources before destinations", () => {
		const printed = printedAfter(
			"-F",
			"-A OWN -s 1.0.0.1,1.0.0.2 -d 2.0.0.1,2.0.0.0/8",
		);
		expect(printed.split("\n").slice(2)).toEqual([
			"[0:0] -A OWN -s 1.0.0.1/32 -d 2.0.0.1/32",
			"[0:0] -A OWN -s 1.0.0.1/32 -d 2.0.0.0/8",
			"[0:0] -A OWN -s 1.0.0.2/32 -d 2.0.0.1/32",
			"[0:0] -A OWN -s 1.0.0.2/32 -d 2.0.0.0/8",
		]);
	});

	test("-I of a list puts each in before the one that came before it", () => {
		const printed = printedAfter("-F", "-I OWN -s 1.0.0.1,1.0.0.2");
		expect(printed.split("\n").slice(2)).toEqual([
			"[0:0] -A OWN -s 1.0.0.2/32",
			"[0:0] -A OWN -s 1.0.0.1/32",
		]);
	});

	test("-D by specification takes the first equal rule, whatever its counters", () => {
		expect(printedAfter("-D INPUT -s 10.0.0.1 -j ACCEPT")).not.toContain(
			"10.0.0.1",
		);
		expect(printedAfter("-D OWN -p tcp --dport smtp -j RETURN")).not.toContain(
			"25",
		);
		expect(printedAfter("-D INPUT -s 10.0.0.2 -j ACCEPT")).toBe(
			"Bad rule (does a matching rule exist in that chain?)",
		);
	});

	test("-R replaces, and the new rule's counters begin at 0 or at -c", () => {
		expect(printedAfter("-R OWN 1 -j DROP")).toContain("[0:0] -A OWN -j DROP");
		expect(printedAfter("-R OWN 1 -j DROP -c 7 70")).toContain(
			"[7:70] -A OWN -j DROP",
		);
	});

	test("-Z sets counters to 0: of the table, of a chain with its policy, of one rule", () => {
		expect(printedAfter("-Z").match(/\[\d+:\d+\]/g)).toEqual(
			Array(5).fill("[0:0]"),
		);
		expect(printedAfter("-Z INPUT")).toContain("[3:300] -A OWN");
		expect(printedAfter("-Z INPUT")).toContain(":INPUT DROP [0:0]");
		expect(printedAfter("-Z INPUT 2")).toContain(
			"[0:0] -A INPUT -s 10.0.0.1/32",
		);
		expect(printedAfter("-Z INPUT 2")).toContain("[1:100] -A INPUT -j OWN");
	});

	test.each(["-L -Z", "-Z -L", "-L INPUT -Z", "-S -Z INPUT"])(
		"%s lists, and then sets counters to 0",
		(command) => {
			expect(printedAfter(command)).toContain("[0:0] -A INPUT -j OWN");
		},
	);

	test("-N, -E and -X make, rename and remove chains; a renamed chain keeps its jumps", () => {
		expect(printedAfter("-N NEW", "-E NEW NEWER", "-X NEWER")).toBe(
			`:INPUT DROP [0:0]\n${RULES}`,
		);
		expect(printedAfter("-E OWN NEW")).toContain("[1:100] -A INPUT -j NEW");
		expect(printedAfter("-F", "-X")).toBe(":INPUT DROP [0:0]");
	});

	test.each(["-A OWN -j DROP", "-D INPUT 1", "-N NEW", "-Z OWN", "-F OWN"])(
		"any change zeroes the counters of policies, which were not asked about: %s",
		(command) => {
			expect(printedAfter(command)).toContain(":INPUT DROP [0:0]");
		},
	);

	test("-P sets a policy and its counters", () => {
		expect(printedAfter("-P INPUT ACCEPT")).toContain(":INPUT ACCEPT [0:0]");
		expect(printedAfter("-P INPUT ACCEPT -c 1 2")).toContain(
			":INPUT ACCEPT [1:2]",
		);
	});

	test.each([
		["-A NOPE -j ACCEPT", "No chain/target/match by that name"],
		["-F NOPE", "No chain/target/match by that name"],
		["-L NOPE", "No chain/target/match by that name"],
		["-S NOPE 1", "No chain/target/match by that name"],
		[
			"-D NOPE -j ACCEPT",
			"Bad rule (does a matching rule exist in that chain?)",
		],
		["-D INPUT -p udp -j REJECT", "No chain/target/match by that name"],
		["-C INPUT -p udp -j OWN", "No chain/target/match by that name"],
		["-D INPUT 3", "Index of deletion too big"],
		["-R INPUT 3 -j ACCEPT", "Index of replacement too big"],
		["-I INPUT 4 -j ACCEPT", "Index of insertion too big"],
		["-Z INPUT 3", "Index of counter too big"],
		["-N OWN", "Chain already exists"],
		["-X OWN", "Too many links"],
		["-X INPUT", "Invalid argument"],
		["-E OWN INPUT", "File exists"],
		["-E INPUT NEW", "No chain/target/match by that name"],
		["-P INPUT RETURN", "Bad policy name"],
		["-P OWN DROP", "Bad built-in chain name"],
		["-A INPUT -j FORWARD", "Invalid argument"],
		["-A INPUT -g NOPE", "goto 'NOPE' is not a chain"],
		["-A OWN -j OWN", "Too many levels of symbolic links"],
	])("%s: %s", (command, words) => {
		expect(printedAfter(command)).toBe(words);
	});

	test("-X refuses a chain that has rules and no reference", () => {
		expect(printedAfter("-D INPUT 1", "-X OWN")).toBe("Directory not empty");
	});

	test.each([
		["", "no command specified"],
		["-A INPUT -D INPUT", "Cannot use -D with -A"],
		["-D INPUT 1 -Z INPUT", "Cannot use -Z with -D"],
		["-Z INPUT -Z INPUT", "Cannot use -Z with -Z"],
		["-Z -L -S", "Cannot use -S with -L"],
		["-N ACCEPT", "chain name may not clash with target name"],
		["-N MARK", "chain name may not clash with target name"],
		["-N -x", "chain name not allowed to start with `-'"],
		[
			`-N ${"C".repeat(29)}`,
			`chain name \`${"C".repeat(29)}' too long (must be under 29 chars)`,
		],
		["-P INPUT", "-P requires a chain and a policy"],
		["-E OWN", "-E requires old-chain-name and new-chain-name"],
		["-R INPUT -j ACCEPT", "-R requires a rule number"],
		[
			"-R INPUT 1 -s 1.1.1.1,2.2.2.2",
			"Replacement rule does not specify a unique address",
		],
		["-I INPUT 0", "Invalid rule number `0'"],
		["-F INPUT -s 1.1.1.1", "Illegal option `-s' with this command"],
		[
			"-t foo -F",
			"can't initialize iptables table `foo': Table does not exist (do you need to insmod?)",
		],
		[
			"-t nat -P INPUT DROP",
			'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.',
		],
	])("%s is refused: %s", (command, words) => {
		expect(() => parseCommand(command)).toThrow(RulesetError);
		expect(() => parseCommand(command)).toThrow(words);
	});
});

describe("iptables-restore onto what is loaded", () => {
	const onto = (
		text: string,
		options: { noflush?: boolean; counters?: boolean },
	) => restoreText(LOADED, text, options);

	test("a table that is named is replaced: its chains go, its policies stay; others stay as they are", () => {
		const { ruleset, replaced } = onto(
			"*filter\n-A INPUT -j ACCEPT\nCOMMIT\n",
			{},
		);
		expect(names(replaced)).toEqual(["filter"]);
		expect(printRuleset(ruleset, { counters: true })).toBe(`*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[0:0] -A POSTROUTING -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[0:0] -A INPUT -j ACCEPT
COMMIT
`);
	});

	test("--noflush adds to it; a chain that is declared again is emptied", () => {
		const { ruleset } = onto(
			"*filter\n:OWN - [0:0]\n-A OWN -j DROP\nCOMMIT\n",
			{
				noflush: true,
			},
		);
		expect(printRuleset(ruleset)).toContain(
			"-A INPUT -j OWN\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\n-A OWN -j DROP\nCOMMIT",
		);
	});

	test("--noflush of a table that is left alone does not touch it", () => {
		expect(
			names(onto("*filter\nCOMMIT\n", { noflush: true }).replaced),
		).toEqual([]);
		expect(names(onto("*filter\nCOMMIT\n", {}).replaced)).toEqual(["filter"]);
	});

	test("counters of the file count with -c alone", () => {
		const text =
			"*filter\n:INPUT DROP [1:2]\n[3:4] -A INPUT -j ACCEPT\nCOMMIT\n";
		const restored = (counters: boolean) =>
			printRuleset(onto(text, { counters }).ruleset, { counters: true });
		expect(restored(false)).toContain(":INPUT DROP [0:0]");
		expect(restored(false)).toContain("[0:0] -A INPUT -j ACCEPT");
		expect(restored(true)).toContain(":INPUT DROP [1:2]");
		expect(restored(true)).toContain("[3:4] -A INPUT -j ACCEPT");
	});

	test("counters that a rule itself gives by -c count always", () => {
		const text =
			"*filter\n[1:2] -A INPUT -j ACCEPT -c 3 4\n-A INPUT -j ACCEPT\nCOMMIT\n";
		expect(printRuleset(onto(text, {}).ruleset, { counters: true })).toContain(
			"[3:4] -A INPUT -j ACCEPT\n[0:0] -A INPUT -j ACCEPT\n",
		);
	});

	test("-c refuses malformed counters of a policy, which are ignored otherwise", () => {
		const text = "*filter\n:INPUT DROP [1 : 2]\nCOMMIT\n";
		expect(onto(text, {}).faults).toEqual([]);
		expect(onto(text, { counters: true }).faults[0]?.message).toBe(
			"invalid policy counters for chain 'INPUT'",
		);
	});

	test.each([
		["-D INPUT 9", "line 6 failed (Index of deletion too big)"],
		["-A INPUT --nosuch", 'unknown option "--nosuch"'],
	])(
		"each table is committed for itself: what came before a fault stays: %s",
		(faulty, message) => {
			const { ruleset, replaced, faults } = onto(
				`*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\n${faulty}\nCOMMIT\n*raw\n-A OUTPUT --nosuch\nCOMMIT\n`,
				{},
			);
			expect(names(replaced)).toEqual(["nat"]);
			expect(faults).toMatchObject([{ line: 6, message }]);
			const printed = printRuleset(ruleset, { counters: true });
			expect(printed).toContain("-A OUTPUT -j ACCEPT");
			expect(printed).toContain("[2:200] -A INPUT -s 10.0.0.1/32 -j ACCEPT");
			expect(printed).not.toContain("*raw");
		},
	);

	test("a fault at COMMIT that an old rule has part in is shown at the COMMIT", () => {
		const { faults } = onto("*filter\n-A OWN -j DEEP\n-N DEEP\nCOMMIT\n", {
			noflush: true,
		});
		expect(faults[0]).toMatchObject({ line: 2, column: 11 });
		const loop = onto(
			"*filter\n-N DEEP\n-I OWN -j DEEP\n-A DEEP -j OWN\nCOMMIT\n",
			{ noflush: true },
		);
		expect(loop.faults[0]).toMatchObject({ from: "kernel", line: 4 });
	});

	test("into an empty kernel, tables print with the last one first", () => {
		const { ruleset } = restoreText(
			EMPTY_RULESET,
			"*raw\nCOMMIT\n*filter\nCOMMIT\n*raw\nCOMMIT\n",
		);
		expect(ruleset.tables.map(({ name }) => name)).toEqual(["raw", "filter"]);
		expect(printRuleset(ruleset).startsWith("*filter")).toBe(true);
	});
});
