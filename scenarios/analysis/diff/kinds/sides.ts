/** Two rulesets on one machine: what is analysed of each, and what both have in common. */
import type { Rule, Ruleset } from "../../../../sim/contract/ruleset.ts";
import { type Analysis, analyseIn } from "../../services/analysis.ts";
import { marksRoute } from "../../services/rules-that-matter.ts";
import { type Links, linksOf } from "../../spaces/links.ts";
import type { Asked, RuleRef } from "../../walk/decision.ts";
import { isOfAny } from "../../walk/walker.ts";
import { assumeWorld } from "../../world/assume-world.ts";
import type { AssumedWorld, GivenWorld } from "../../world/assumed-world.ts";
import { type Alignment, alignRulesets } from "./align.ts";

export interface Side {
	readonly which: "old" | "new";
	readonly ruleset: Ruleset;
	readonly analysis: Analysis;
}

/** What a comparison is about. */
export interface Sides {
	readonly before: Side;
	readonly after: Side;
	readonly alignment: Alignment;
	/** The machine, which has both: what is assumed of it follows from both. */
	readonly world: AssumedWorld;
	readonly links: Links;
	/** Marks are for routing to read, in one of them. */
	readonly marksRoute: boolean;
	/** The new key of what an old rule asks; `null`: no rule asks the same any more. */
	sameKey(asked: Asked): string | null;
}

/** @throws SetupError when what the machine told contradicts itself */
export function sidesOf(
	before: Ruleset,
	after: Ruleset,
	given: GivenWorld,
): Sides {
	const alignment = alignRulesets(before, after);
	const world = assumeWorld(alignment.both, given);
	return {
		before: {
			which: "old",
			ruleset: before,
			analysis: analyseIn(world, before, given),
		},
		after: {
			which: "new",
			ruleset: after,
			analysis: analyseIn(world, after, given),
		},
		alignment,
		world,
		links: linksOf(world),
		marksRoute: [before, after].some((one) =>
			marksRoute(one, world.markRoutes),
		),
		sameKey: (asked) => sameKey(asked, alignment),
	};
}

function sameKey(asked: Asked, { partners }: Alignment): string | null {
	const { key, at } = asked;
	if (isOfAny(asked)) return key;
	const then = partners.get(at.rule);
	if (then === undefined) return null;
	return key.startsWith(at.rule) ? `${then}${key.slice(at.rule.length)}` : key;
}

/** The rule of that name in a side. */
export function ruleIn({ analysis: { walker } }: Side, name: string): RuleRef {
	return walker.rules.find(name);
}

/** Is it one of these rules? */
export function isAmong(
	{ analysis: { walker } }: Side,
	{ rule: name }: RuleRef,
	rules: ReadonlySet<Rule>,
): boolean {
	const rule = walker.rules.ruleAt(name);
	return rule !== null && rules.has(rule);
}
