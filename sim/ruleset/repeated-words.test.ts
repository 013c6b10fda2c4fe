/** What was read before must never change what a line means, though equal words share what they come to. */
import { expect, test } from "vitest";
import { checkRuleset, parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";

/** Reads a first line, so that its words are known, and then the line in question. */
function knowing(first: string, line: string): string {
	parseRuleset(`*mangle\n:OWN - [0:0]\n${first}\nCOMMIT\n`);
	const { ruleset, faults } = checkRuleset(
		`*mangle\n:OWN - [0:0]\n${line}\nCOMMIT\n`,
	);
	if (ruleset === null) return faults[0]?.message ?? "";
	const printed = printRuleset(ruleset).split("\n");
	return printed.filter((rule) => rule.startsWith("-A")).join("\n");
}

test.each([
	// The same words in another order: the later one counts.
	[
		"-A INPUT -j CONNMARK --set-mark 1/2 --ctmask 4",
		"-A INPUT -j CONNMARK --ctmask 4 --set-mark 1/2",
		"-A INPUT -j CONNMARK --set-xmark 0x1/0x3",
	],
	// The same words, inverted.
	[
		"-A INPUT -m mark --mark 1 -j OWN",
		"-A INPUT -m mark ! --mark 1 -j OWN",
		"-A INPUT -m mark ! --mark 0x1 -j OWN",
	],
	// The same tail behind another head.
	[
		"-A INPUT -m mark --mark 1 -j OWN",
		"-A OUTPUT -s 1.1.1.1 -m mark --mark 1 -j OWN",
		"-A OUTPUT -s 1.1.1.1/32 -m mark --mark 0x1 -j OWN",
	],
	// The tail begins with the argument of another option.
	[
		"-A INPUT -m comment --comment -m -j DROP",
		"-A INPUT -m comment --comment -j ACCEPT",
		"Bad argument `ACCEPT'",
	],
	["-A INPUT -j DROP", "-A INPUT -s -j DROP", "Bad argument `DROP'"],
	["-A INPUT -j DROP", "-A INPUT ! -j DROP", "cannot have ! before -j"],
	[
		"-A INPUT -j DROP",
		"-A INPUT -- -j DROP",
		"unknown arguments found on commandline",
	],
	[
		"-A INPUT -j DROP",
		"-A INPUT -g OWN -j DROP",
		"multiple -j flags not allowed",
	],
	[
		"-A INPUT -j DROP",
		"-A INPUT -jACCEPT -j DROP",
		"multiple -j flags not allowed",
	],
	// The protocol is asked for by the tail's match.
	[
		"-A INPUT -p tcp -m multiport --dports 25,80",
		"-A INPUT -p icmp -m multiport --dports 25,80",
		"multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP",
	],
	// A second use of a match does not get the options of a match that was loaded after the first.
	[
		"-A INPUT -m connmark --mark 1 -j DROP",
		"-A INPUT --match connmark --mark 3 -m connmark --mark 1 -j DROP",
		"-A INPUT -m connmark --mark 0x3 -m connmark --mark 0x1 -j DROP",
	],
	// An option of the header behind the match.
	[
		"-A INPUT -m mark --mark 1 -p tcp -j DROP",
		"-A INPUT -p udp -m mark --mark 1 -p tcp -j DROP",
		"multiple -p flags not allowed",
	],
	// Quotes.
	[
		'-A INPUT -m comment --comment "x -j DROP"',
		'-A INPUT -m comment --comment "y -j DROP"',
		'-A INPUT -m comment --comment "y -j DROP"',
	],
])("%s, then %s", (first, line, meaning) => {
	expect(knowing(first, line)).toBe(meaning);
});

test("a chain that bears a target's name hides the target, and only in its own text", () => {
	const tail = "-A INPUT -j MARK";
	expect(
		checkRuleset(`*mangle\n:MARK - [0:0]\n${tail}\nCOMMIT\n`).faults,
	).toEqual([]);
	expect(checkRuleset(`*mangle\n${tail}\nCOMMIT\n`).faults).toHaveLength(1);
	const set = "-A INPUT -j MARK --set-mark 1";
	expect(checkRuleset(`*mangle\n${set}\nCOMMIT\n`).faults).toEqual([]);
	expect(
		checkRuleset(`*mangle\n:MARK - [0:0]\n${set}\nCOMMIT\n`).faults,
	).toHaveLength(1);
});

test("a rule of nat with DROP is refused though its words are known from filter", () => {
	parseRuleset("*filter\n-A OUTPUT -j DROP\nCOMMIT\n");
	expect(checkRuleset("*nat\n-A OUTPUT -j DROP\nCOMMIT\n").faults).toHaveLength(
		1,
	);
});

test("rules in the same words know their own lines and counters", () => {
	const { tables } = parseRuleset(
		"*filter\n[1:2] -A INPUT -j DROP\n[3:4] -A INPUT -j DROP\nCOMMIT\n",
	);
	expect(
		tables[0]?.chains[0]?.rules.map(({ line, counters }) => [
			line,
			counters.packets,
		]),
	).toEqual([
		[2, 1],
		[3, 3],
	]);
});
