import { expect, test } from "vitest";
import type { Rule } from "../contract/ruleset.ts";
import { parseRuleset } from "./parse.ts";
import { comparisonsOf, endOf, marksOf } from "./rule-traits.ts";

/** The one rule of a ruleset. */
function ruleOf(rule: string, table = "mangle"): Rule {
	const chain = table === "filter" ? "INPUT" : "PREROUTING";
	const text = `*${table}\n:${chain} ACCEPT [0:0]\n-A ${chain} ${rule}\nCOMMIT\n`;
	const [found] =
		parseRuleset(text).tables[0]?.chains.flatMap((chain) => chain.rules) ?? [];
	if (!found) throw new Error(`a test has no rule in ${rule}`);
	return found;
}

test("the marks of a rule are those of its matches, and then of its target", () => {
	const rule = ruleOf(
		"-m mark --mark 0/0xff -m connmark ! --mark 0/0xff -j CONNMARK --restore-mark --mask 0xff",
	);
	expect(
		marksOf(rule).map(({ does, mark, bits }) => [does, mark, bits]),
	).toEqual([
		["reads", "packet", 0xff],
		["reads", "connection", 0xff],
		["reads", "connection", 0xff],
		["writes", "packet", 0xff],
	]);
});

test("a rule that jumps or counts uses the marks of its matches alone", () => {
	expect(marksOf(ruleOf("-m mark --mark 1 -j ACCEPT"))).toHaveLength(1);
	expect(marksOf(ruleOf("-p tcp"))).toEqual([]);
});

test("a rule compares the addresses of its header, and what its matches compare", () => {
	const rule = ruleOf(
		"! -s 10.0.0.0/8 -d 192.168.0.1 -p tcp -m tcp --dport 25 -m multiport --sports 1,2 -j ACCEPT",
	);
	const compared = comparisonsOf(rule).map(({ fields, ranges, inverted }) => [
		...fields,
		...(inverted ? ["not"] : []),
		...ranges.flat(),
	]);
	expect(compared).toEqual([
		["source", "not", 0x0a000000, 0x0affffff],
		["destination", 0xc0a80001, 0xc0a80001],
		["destinationPort", 25, 25],
		["sourcePort", 1, 2],
	]);
});

test("a mask with gaps is compared as the interval around it, unless it is inverted", () => {
	expect(comparisonsOf(ruleOf("-s 10.0.0.1/255.0.0.255 -j ACCEPT"))).toEqual([
		{ fields: ["source"], ranges: [[0x0a000001, 0x0affff01]], inverted: false },
	]);
	expect(comparisonsOf(ruleOf("! -s 10.0.0.1/255.0.0.255 -j ACCEPT"))).toEqual(
		[],
	);
});

test("a rule without addresses compares none, and one that excludes all of them says so", () => {
	expect(comparisonsOf(ruleOf("-p tcp -j ACCEPT"))).toEqual([]);
	expect(comparisonsOf(ruleOf("! -s 0.0.0.0/0 -j ACCEPT"))).toEqual([
		{ fields: ["source"], ranges: [[0, 0xffffffff]], inverted: true },
	]);
});

test("what stands in for a name that only the machine knows is not compared", () => {
	const named = (rule: string) => comparisonsOf(ruleOf(rule)).length;
	expect(named("-s gateway.example -j ACCEPT")).toBe(0);
	expect(named("-s 10.0.0.1 -p tcp -m tcp --dport made-up -j ACCEPT")).toBe(1);
});

test.each([
	["-j ACCEPT", "mangle", "accepts"],
	["-j DROP", "mangle", "drops"],
	["-j QUEUE", "mangle", "queues"],
	["-j RETURN", "mangle", null],
	["-j MARK --set-mark 1", "mangle", null],
	["-p tcp", "mangle", null],
	["-j NFQUEUE --queue-num 1", "mangle", "queues"],
	["-p tcp -j TPROXY --on-port 80", "mangle", "accepts"],
	["-p tcp -j DNAT --to-destination 10.0.0.2", "nat", "accepts"],
	["-j CHAOS --tarpit", "filter", "drops"],
])("%s in %s ends the walk: %s", (rule, table, end) => {
	expect(endOf(ruleOf(rule, table).target)).toBe(end);
});
