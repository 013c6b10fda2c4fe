/** Lines of a table that are no rule made for an extension: jumps, commands, declarations, and oddities. */
import fc from "fast-check";
import { TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import { one, type Texts } from "../values/values.ts";
import { OWN_CHAIN, plainRule } from "./rules.ts";
import type { Piece } from "./uses.ts";

/** A line, and how many things may be wrong with it. `words` are still to be written. */
export type Line =
	| { readonly kind: "words"; readonly piece: Piece }
	/** Is written as it stands. */
	| { readonly kind: "text"; readonly text: string; readonly odd: number };

const text = (odd: number, texts: Texts): fc.Arbitrary<Line> =>
	texts.map((line) => ({ kind: "text", text: line, odd }));

const LONGEST = "C".repeat(28);
const TOO_LONG = "C".repeat(29);

/** Chains that a line may name, most often ones that are there. */
function chainOf(table: string): Texts {
	const hooks = TABLE_HOOKS[table as keyof typeof TABLE_HOOKS] ?? [];
	return fc.oneof(
		{ weight: 6, arbitrary: one(...hooks) },
		{ weight: 6, arbitrary: one(OWN_CHAIN) },
		{
			weight: 1,
			arbitrary: one("NOPE", "FORWARD", "PREROUTING", LONGEST, TOO_LONG, "one"),
		},
	);
}

const VERDICTS = one("ACCEPT", "RETURN", "DROP", "QUEUE", OWN_CHAIN, OWN_CHAIN);

const target: Texts = fc.oneof(
	{ weight: 4, arbitrary: VERDICTS },
	{
		weight: 1,
		arbitrary: one(
			"NOPE",
			"INPUT",
			"OUTPUT",
			"accept",
			"MARK",
			"REJECT",
			LONGEST,
			TOO_LONG,
			"",
			"a b",
			"-",
			"!",
			"DNAT",
			"ERROR",
			"TWO",
			"log",
		),
	},
);

const number = fc.oneof(
	{ weight: 4, arbitrary: one("1", "1", "2", "3") },
	{
		weight: 1,
		arbitrary: one(
			"0",
			"-1",
			"x",
			"99",
			"4294967296",
			"0x1",
			"1 ",
			"2147483648",
		),
	},
);

/** `-A CHAIN` and a jump. */
const jump = (chain: Texts) =>
	fc
		.tuple(one("-j", "-j", "-g", "--jump", "--goto"), target)
		.chain(([option, name]) =>
			fc.tuple(chain).map(([from]) => ["-A", from, option, name]),
		);

const changing = (chain: Texts) =>
	fc
		.tuple(
			one("-I", "-I", "-R", "--insert", "--replace"),
			chain,
			number,
			plainRule,
		)
		.map(([command, name, at, rule]) => ({
			odd: rule.odd + 1,
			words: [command, name, at, ...rule.words],
		}));

const withoutRule = (chain: Texts) =>
	fc.oneof(
		fc
			.tuple(one("-F", "-Z", "-X", "--flush", "-N", "-D", "-C"), chain)
			.map((words) => words),
		fc.tuple(one("-D", "-Z", "-R", "--delete"), chain, number),
		fc.tuple(
			one("-P", "--policy"),
			chain,
			one("ACCEPT", "DROP", "RETURN", "-", "x"),
		),
		fc.tuple(
			one("-E", "--rename-chain"),
			chain,
			one("TWO", "ACCEPT", "ONE", TOO_LONG, LONGEST, "MARK"),
		),
		fc.tuple(
			one("-N", "--new-chain"),
			one("TWO", "MARK", "ACCEPT", "-x", "!x", TOO_LONG, LONGEST, "a b", ""),
		),
		one("-F", "-Z", "-X", "-P", "-E", "-N", "-A", "-h", "-V").map((word) => [
			word,
		]),
	);

const DECLARATIONS = one(
	":TWO - [0:0]",
	":TWO -",
	":TWO - [5:60]",
	":ONE - [0:0]",
	":TWO - [1:2] x",
	":INPUT ACCEPT [0:0]",
	":OUTPUT DROP [7:420]",
	":OUTPUT ACCEPT",
	": TWO  -",
	":OUTPUT ACCEPT [7:420]",
	":OUTPUT ACCEPT [7]",
	":OUTPUT ACCEPT [x:y]",
	":TWO ACCEPT [0:0]",
	":TWO",
	":",
	":OUTPUT -",
	":OUTPUT RETURN [0:0]",
	":NOPE DROP",
	":ACCEPT - [0:0]",
	":MARK - [0:0]",
	":-x - [0:0]",
	":!x - [0:0]",
	`:${LONGEST} - [0:0]`,
	`:${TOO_LONG} - [0:0]`,
	':"a b" - [0:0]',
	":OUTPUT\tDROP",
	":OUTPUT ACCEPT [ 7: 420 ]",
	":OUTPUT ACCEPT[1:2]",
	":OUTPUT ACCEPT [1:2",
	":OUTPUT accept [0:0]",
);
const ODDITIES = one(
	"",
	"# a comment",
	"#",
	" # a comment",
	" ",
	"\t",
	"COMMIT ",
	" COMMIT",
	"commit",
	"*filter",
	"* raw",
	"*",
	"*nope",
	"-A",
	"-A OUTPUT extra",
	"OUTPUT",
	"-A NOPE -j DROP",
	"-A OUTPUT #",
	"-A OUTPUT -j ACCEPT # why",
	"[1:2]",
	"[1:2] ",
	"[1:2]-A OUTPUT",
	"[1:2] -A OUTPUT -j ACCEPT",
	"[12 -A OUTPUT",
	"[:] -A OUTPUT",
	"[1] -A OUTPUT",
	"[x:y] -A OUTPUT",
	"[1:y] -A OUTPUT",
	"[ 1 : 2 ] -A OUTPUT",
	"[1:2][3:4] -A OUTPUT",
	"[1:2] # x",
	"[1:2] COMMIT",
	"[0x10:2] -A OUTPUT",
	"[1:2 ] -A OUTPUT",
	"-A OUTPUT -c 5 60 -j ACCEPT",
	"-A OUTPUT -c 5,60",
	"-A OUTPUT -c 5",
	"-A OUTPUT -c x 1",
	"-A OUTPUT -c 5 x",
	"[1:2] -A OUTPUT -c 5 60",
	"-t filter -A OUTPUT",
	"-A OUTPUT -t raw",
	"-A OUTPUT -w",
	"-A OUTPUT --wait 5",
	"-A OUTPUT -4",
	"-A OUTPUT -6",
	"-A OUTPUT -M x",
	"-A OUTPUT -A OUTPUT",
	"-A OUTPUT -I OUTPUT",
	"-I OUTPUT",
	"-D OUTPUT 1 -j DROP",
	"-A OUTPUT -n",
	"-A OUTPUT -vv",
	"-v -A OUTPUT",
	"-A OUTPUT -x",
	"-AOUTPUT -jACCEPT",
	"-A OUTPUT -vj ACCEPT",
	"-A OUTPUT -fj ACCEPT",
	"-A OUTPUT --line-numbers",
	"-A OUTPUT \r",
	"-A OUTPUT -j ACCEPT\r",
	"-A OUTPUT -j",
	"-A OUTPUT -m",
	"-A OUTPUT -p",
	"-A OUTPUT !",
	"-A OUTPUT ! !",
	"-A OUTPUT -- x",
	"-A OUTPUT --",
	"-A OUTPUT ! -j ACCEPT",
	"-A OUTPUT ! -m tcp",
	"! -A OUTPUT",
	"-A ! OUTPUT",
	"-P OUTPUT DROP -c 1 2",
);

/** A further line of a table. */
export function furtherLine(table: string): fc.Arbitrary<Line> {
	const chain = chainOf(table);
	const piece = (words: readonly string[]): Line => ({
		kind: "words",
		piece: { words, odd: 1 },
	});
	return fc.oneof(
		{
			weight: 8,
			arbitrary: fc.tuple(chain, plainRule).map(
				([name, rule]): Line => ({
					kind: "words",
					piece: { odd: rule.odd, words: ["-A", name, ...rule.words] },
				}),
			),
		},
		{ weight: 4, arbitrary: jump(chain).map(piece) },
		{
			weight: 2,
			arbitrary: changing(chain).map(
				(one): Line => ({ kind: "words", piece: one }),
			),
		},
		{
			weight: 3,
			arbitrary: withoutRule(chain).map((some) => piece([...some])),
		},
		{ weight: 1, arbitrary: text(1, DECLARATIONS) },
		{ weight: 2, arbitrary: text(1, ODDITIES) },
	);
}
