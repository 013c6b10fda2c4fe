/** What a rule remembers, which rules keep it, and that it can be copied and put back. */
import { describe, expect, test } from "vitest";
import type { Ruleset, Table } from "../contract/ruleset.ts";
import { testPorts, testSkb } from "../extension/test-host.ts";
import { parseRuleset } from "../ruleset/parse.ts";
import { Cells } from "./cells.ts";
import { compile } from "./compile.ts";
import { ChainIndexes } from "./lookup/chain-indexes.ts";
import { traverse } from "./traverse.ts";

const NTH = "-m statistic --mode nth --every 3 --packet 0";
const LIMIT = "-m limit --limit 1/hour --limit-burst 2";

/** A mangle table of these rules; each has the handle that stands before it. */
function tableOf(rules: readonly (readonly [number, string])[]): Table {
	const lines = rules.map(([, rule]) => `-A PREROUTING ${rule} -j DROP`);
	const { tables }: Ruleset = parseRuleset(
		["*mangle", ...lines, "COMMIT", ""].join("\n"),
	);
	const [table] = tables;
	if (table === undefined) throw new Error("there is no table");
	const chains = table.chains.map((chain) => ({
		...chain,
		rules: chain.rules.map((rule, at) => ({
			...rule,
			handle: rules[at]?.[0] ?? 0,
		})),
	}));
	return { ...table, chains };
}

/** The cells of such a table, and which of the next packets its rules take: one letter each. */
function played(rules: readonly (readonly [number, string])[], old?: Cells) {
	const ports = testPorts();
	const table = tableOf(rules);
	const cells = new Cells(table, ports);
	if (old !== undefined) cells.keep(old);
	const program = compile(table, ports, {
		early: new Map(),
		cells,
		indexed: new ChainIndexes(0),
	});
	const next = (packets: number) =>
		Array.from({ length: packets }, () => {
			const before = program.counters.slice();
			traverse(program, testSkb(), null);
			const at = [...rules.keys()].findIndex(
				(rule) => program.counters[rule * 2] !== before[rule * 2],
			);
			return at < 0 ? "-" : String(rules[at]?.[0]);
		}).join("");
	return { cells, next };
}

test("every rule has a cell of its own, also where two are written alike", () => {
	const { next } = played([
		[1, NTH],
		[2, NTH],
	]);
	// The second sees two packets of three.
	expect(next(9)).toBe("12-1-21--");
});

test("one rule may remember for several of its matches", () => {
	const { next } = played([[1, `${NTH} ${NTH}`]]);
	expect(next(10)).toBe("1--------1");
});

describe("a table that takes another's place", () => {
	test("keeps what the rules remember that it leaves alone, wherever they stand now", () => {
		const old = played([
			[1, NTH],
			[2, LIMIT],
		]);
		expect(old.next(4)).toBe("1221");
		const later = [
			[3, NTH],
			[2, LIMIT],
			[1, NTH],
		] as const;
		const kept = played(later, old.cells);
		// The third rule is due at the third packet that reaches it; the second has no credit left.
		expect(kept.next(5)).toBe("3--31");
		expect(played(later).next(5)).toBe("32231");
	});

	test("begins anew with a rule that was written anew", () => {
		const old = played([[1, NTH]]);
		old.next(1);
		expect(played([[2, NTH]], old.cells).next(4)).toBe("2--2");
	});
});

test("a copy can be put back again and again", () => {
	const { cells, next } = played([
		[1, NTH],
		[2, LIMIT],
	]);
	next(2);
	const copy = cells.save();
	const first = next(5);
	cells.restore(copy);
	expect(next(5)).toBe(first);
	cells.restore(copy);
	expect(next(5)).toBe(first);
});
