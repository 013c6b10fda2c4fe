/** Sets that rules look up in a way in which no packet is ever in them: the kernel loads such rules without a word. */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { lookupsOf } from "../../../sim/ruleset/rule-traits.ts";
import type { Links } from "../spaces/links.ts";
import type { RuleRef } from "../walk/decision.ts";

/** A sentence for each, without an end. */
export function misfitSets(
	{ tables }: Ruleset,
	{ lists }: Links,
	refOf: (rule: Rule) => RuleRef,
): readonly string[] {
	const rules = tables.flatMap(({ chains }) =>
		chains.flatMap(({ rules: of }) => of),
	);
	return rules.flatMap((one) =>
		lookupsOf(one).flatMap((lookup) => {
			const why = lists.misfitOf(lookup);
			if (why === null) return [];
			const { rule, line } = refOf(one);
			const place = line > 0 ? `line ${line}` : rule;
			const does = lookup.inverted
				? "takes every packet for one that is not in its set"
				: EFFECTS[lookup.how];
			return [`${place} ${does}, whatever the members are: ${why}`];
		}),
	);
}

const EFFECTS = {
	asks: "matches no packet",
	maps: "gives nothing to any packet",
	adds: "adds no packet to its set",
	deletes: "deletes no packet from its set",
} as const;
