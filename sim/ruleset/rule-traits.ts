/** What a rule compares and which marks it uses: its header, its matches and its target together. */
import type { Rule } from "../contract/ruleset.ts";
import type { MarkUse } from "../extension/traits.ts";
import { matches } from "../matches/index.ts";
import { targets } from "../targets/index.ts";

/** Bits of marks that a rule reads and writes: those of its matches, in order, then its target's. */
export function marksOf({ matches: uses, target }: Rule): readonly MarkUse[] {
	const ofMatches = uses.flatMap(
		({ name, options }) => matches.get(name)?.marks?.(options) ?? [],
	);
	if (target?.kind !== "extension") return ofMatches;
	const ofTarget = targets.get(target.name)?.marks?.(target.options) ?? [];
	return [...ofMatches, ...ofTarget];
}
