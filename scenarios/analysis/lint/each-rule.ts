/** The rules of a ruleset, each with its place. */
import type {
	Chain,
	Rule,
	Ruleset,
	Table,
} from "../../../sim/contract/ruleset.ts";
import { printRule } from "../../../sim/ruleset/print.ts";
import type { RuleRef } from "../walk/decision.ts";

export interface PlacedRule {
	readonly table: Table;
	readonly chain: Chain;
	readonly rule: Rule;
	readonly at: RuleRef;
}

/** Each rule of the linter asks, and a ruleset may have 32,000 rules: they are printed once. */
const known = new WeakMap<Ruleset, readonly PlacedRule[]>();

/** Table by table, chain by chain, in their order. */
export function eachRule(ruleset: Ruleset): readonly PlacedRule[] {
	const placed = known.get(ruleset) ?? placeRules(ruleset);
	known.set(ruleset, placed);
	return placed;
}

const named = new WeakMap<Ruleset, ReadonlyMap<string, PlacedRule>>();

/** By the kernel's names of them: `mangle:PREROUTING:rule:2`. */
export function rulesByName(ruleset: Ruleset): ReadonlyMap<string, PlacedRule> {
	const found =
		named.get(ruleset) ??
		new Map(eachRule(ruleset).map((placed) => [placed.at.rule, placed]));
	named.set(ruleset, found);
	return found;
}

function placeRules({ tables }: Ruleset): readonly PlacedRule[] {
	return tables.flatMap((table) =>
		table.chains.flatMap((chain) =>
			chain.rules.map((rule, index) => ({
				table,
				chain,
				rule,
				at: {
					rule: `${table.name}:${chain.name}:rule:${index + 1}`,
					text: printRule(rule, chain.name),
					line: rule.line,
				},
			})),
		),
	);
}
