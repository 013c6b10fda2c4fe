/**
 * What a real kernel did with rulesets (6.1.192, iptables 1.8.9): every line of the table "what is
 * refused, and by whom", and what else was measured about loading. The titles quote the lines.
 */
import { expect, test } from "vitest";
import type { Table } from "../contract/ruleset.ts";
import type { Fault } from "./base/ruleset-error.ts";
import {
	applyCommand,
	checkRuleset,
	parseRuleset,
	restoreText,
} from "./parse.ts";
import { parseCommand } from "./parse-command.ts";
import { printRuleset } from "./print.ts";

/** The faults of lines in a table. */
function faultsOf(table: string, ...lines: string[]): readonly Fault[] {
	return checkRuleset([`*${table}`, ...lines, "COMMIT", ""].join("\n")).faults;
}

/** The only one of them. */
function faultOf(table: string, ...lines: string[]): Fault {
	const [fault, ...more] = faultsOf(table, ...lines);
	expect(more).toEqual([]);
	if (fault === undefined) throw new Error("accepted");
	return fault;
}

test("`* mangle`, `: MAILMARK - [0: 0]` | accepted", () => {
	const text = "* mangle\n: MAILMARK - [0: 0]\nCOMMIT\n";
	const { tables } = parseRuleset(text);
	expect(tables.map(({ name }) => name)).toEqual(["mangle"]);
	expect(tables[0]?.chains.at(-1)?.name).toBe("MAILMARK");
});

test("`-m condition! --condition x` | Couldn't load match `condition!'", () => {
	const fault = faultOf("filter", "-A INPUT -m condition! --condition x");
	expect(fault.message).toBe(
		"Couldn't load match `condition!':No such file or directory",
	);
	expect(fault).toMatchObject({ line: 2, column: 13, length: 10 });
});

test("`-j MARK - set-mark 1` | Bad argument `-'", () => {
	const fault = faultOf("mangle", "-A INPUT -j MARK - set-mark 1");
	expect(fault.message).toBe("Bad argument `-'");
	expect(fault).toMatchObject({ line: 2, column: 18, length: 1 });
});

test("no COMMIT | COMMIT expected at line N", () => {
	const { faults } = checkRuleset("*filter\n-A INPUT -j ACCEPT\n");
	expect(faults).toMatchObject([
		{ message: "COMMIT expected at line 3", line: 3, column: 1 },
	]);
});

test("a jump to a chain that does not exist | Couldn't load target `NOPE'", () => {
	const fault = faultOf("filter", "-A INPUT -j NOPE");
	expect(fault.message).toBe(
		"Couldn't load target `NOPE':No such file or directory",
	);
	expect(fault).toMatchObject({ line: 2, column: 13, length: 4 });
});

test("`-i` in POSTROUTING, `-o` in PREROUTING | Can't use -i with POSTROUTING", () => {
	expect(faultOf("nat", "-A POSTROUTING -i eth0").message).toBe(
		"Can't use -i with POSTROUTING",
	);
	expect(faultOf("nat", "-A PREROUTING -o eth0").message).toBe(
		"Can't use -o with PREROUTING",
	);
	expect(faultOf("filter", "-A INPUT -o eth0").message).toBe(
		"Can't use -o with INPUT",
	);
	expect(faultOf("filter", "-I OUTPUT -i eth0").message).toBe(
		"Can't use -i with OUTPUT",
	);
	expect(faultsOf("filter", "-A FORWARD -i eth0 -o eth1")).toEqual([]);
});

test('`--dport` without `-p` | unknown option "--dport"', () => {
	const fault = faultOf("filter", "-A INPUT --dport 25 -j ACCEPT");
	expect(fault.message).toBe('unknown option "--dport"');
	expect(fault).toMatchObject({ line: 2, column: 10, length: 7 });
});

test("chain name of more than 28 characters | Invalid chain name … (28 chars max)", () => {
	const long = "C".repeat(29);
	expect(faultOf("filter", `:${long} - [0:0]`).message).toBe(
		`Invalid chain name \`${long}' (28 chars max)`,
	);
	expect(faultsOf("filter", `:${"C".repeat(28)} - [0:0]`)).toEqual([]);
});

test("`-d 10.0.0.300` / `-d 10.0.0.1/33` | host/network not found / invalid mask", () => {
	expect(faultOf("filter", "-A INPUT -d 10.0.0.300").message).toBe(
		"host/network `10.0.0.300' not found",
	);
	expect(faultOf("filter", "-A INPUT -d 10.0.0.1/33").message).toBe(
		"invalid mask `33' specified",
	);
});

test("`-d 10.0.0.1/255.0.255.0`, `--set-mark 0x10/0xf0`, `--mark 1/0xff` | accepted", () => {
	const ruleset = parseRuleset(
		"*mangle\n-A INPUT -d 10.0.0.1/255.0.255.0 -m mark --mark 1/0xff -j MARK --set-mark 0x10/0xf0\nCOMMIT\n",
	);
	expect(printRuleset(ruleset)).toContain(
		"-A INPUT -d 10.0.0.0/255.0.255.0 -m mark --mark 0x1/0xff -j MARK --set-xmark 0x10/0xf0\n",
	);
});

test("`--dport 30:20` | invalid portrange (min > max)", () => {
	expect(faultOf("filter", "-A INPUT -p tcp --dport 30:20").message).toBe(
		"invalid portrange (min > max)",
	);
});

test("a policy on a user-defined chain | Bad built-in chain name", () => {
	const fault = faultOf("filter", ":MINE ACCEPT [0:0]");
	expect(fault.message).toBe(
		"Can't set policy `ACCEPT' on `MINE' line 2: Bad built-in chain name",
	);
});

test.each([
	[
		"a jump loop",
		[
			"*filter",
			":A - [0:0]",
			":B - [0:0]",
			"-A INPUT -j A",
			"-A A -j B",
			"-A B -j A",
		],
		"Too many levels of symbolic links",
		6,
	],
	[
		"DNAT in mangle",
		["*mangle", "-A PREROUTING -j DNAT --to-destination 192.168.0.1"],
		"x_tables: ip_tables: DNAT target: only valid in nat table, not mangle",
		2,
	],
	[
		"in nat INPUT",
		["*nat", "-A INPUT -j DNAT --to-destination 192.168.0.1"],
		"x_tables: ip_tables: DNAT target: used from hooks INPUT, but only usable from PREROUTING/OUTPUT",
		2,
	],
	[
		"or in filter",
		["*filter", "-A INPUT -j DNAT --to-destination 192.168.0.1"],
		"x_tables: ip_tables: DNAT target: only valid in nat table, not filter",
		2,
	],
])(
	"a jump loop; DNAT in mangle, in nat INPUT or in filter | the kernel refuses it at COMMIT: %s",
	(_, lines, reason, line) => {
		const text = [...lines, "COMMIT", ""].join("\n");
		const { faults } = checkRuleset(text);
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatchObject({ from: "kernel", code: "kernel", line });
		expect(faults[0]?.message).toContain(reason);
		// What iptables-restore itself says is the line of the COMMIT.
		expect(faults[0]?.message).toContain(`line ${lines.length + 1} failed`);
	},
);

test('`statistic --every N` without `--packet` is refused ("option "--every" also requires "--packet""); `--every 0` is out of range; `--packet` must be below `--every`', () => {
	const statistic = (options: string) =>
		faultOf("mangle", `-A INPUT -m statistic --mode nth ${options}`).message;
	expect(statistic("--every 2")).toBe(
		'statistic: option "--every" also requires "--packet".',
	);
	expect(statistic("--every 0 --packet 0")).toBe(
		'statistic: bad value for option "--every", or out of range (1-4294967295).',
	);
	expect(statistic("--every 2 --packet 2")).toBe(
		"the --packet p must be 0 <= p <= n-1",
	);
});

test("Names: `a/b`, `..` are refused by the kernel, more than 30 characters by iptables", () => {
	for (const name of ["a/b", ".."])
		expect(
			faultOf("filter", `-A INPUT -m condition --condition ${name}`),
		).toMatchObject({ from: "kernel" });
	const long = "n".repeat(31);
	expect(
		faultOf("filter", `-A INPUT -m condition --condition ${long}`),
	).toMatchObject({ message: "File name too long", from: "iptables-restore" });
});

const CONDITION = parseRuleset(
	"*mangle\n-A PREROUTING -m condition --condition mail1up -j RETURN\n-A PREROUTING -j MARK --set-mark 2\nCOMMIT\n",
);

test.each(["-D", "-C"])(
	"`iptables -D` and `-C` by specification never find a rule that has `-m condition`: %s",
	(option) => {
		const { faults, replaced, ruleset } = applyCommand(
			CONDITION,
			parseCommand(
				`iptables -t mangle ${option} PREROUTING -m condition --condition mail1up -j RETURN`,
			),
		);
		expect(faults.map(({ message }) => message)).toEqual([
			"Bad rule (does a matching rule exist in that chain?)",
		]);
		expect(names(replaced)).toEqual([]);
		expect(ruleset).toEqual(CONDITION);
	},
);

test("Delete by number, or restore the whole chain", () => {
	const { ruleset, replaced } = applyCommand(
		CONDITION,
		parseCommand("iptables -t mangle -D PREROUTING 1"),
	);
	expect(names(replaced)).toEqual(["mangle"]);
	expect(ruleset.tables[0]?.chains[0]?.rules).toHaveLength(1);
});

test.each([
	"iptables -t mangle -A POSTROUTING -j ACCEPT",
	"iptables -t mangle -Z",
	"iptables -t mangle -F INPUT",
	"iptables -t mangle -P INPUT ACCEPT",
])(
	"Any change to the mangle table starts every nth counter in it anew: `%s` touches it",
	(command) => {
		expect(
			names(applyCommand(CONDITION, parseCommand(command)).replaced),
		).toEqual(["mangle"]);
	},
);

test("… `iptables-restore` (also `--noflush`) touches it", () => {
	const text = "*mangle\n-A INPUT -j ACCEPT\nCOMMIT\n";
	for (const noflush of [true, false])
		expect(names(restoreText(CONDITION, text, { noflush }).replaced)).toEqual([
			"mangle",
		]);
});

test("A change to the nat table does not touch them", () => {
	const { replaced, ruleset } = applyCommand(
		CONDITION,
		parseCommand("iptables -t nat -A POSTROUTING -j MASQUERADE"),
	);
	expect(names(replaced)).toEqual(["nat"]);
	expect(ruleset.tables[0]).toBe(CONDITION.tables[0]);
});

function names(tables: readonly Table[]): readonly string[] {
	return tables.map(({ name }) => name);
}
