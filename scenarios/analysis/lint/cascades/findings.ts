/** Findings about cascades: at which rule, and once for rules that several services share. */
import type { Ruleset } from "../../../../sim/contract/ruleset.ts";
import type { RuleRef } from "../../walk/decision.ts";
import type { Edit, Found } from "../finding.ts";
import type { Cascade } from "./cascade.ts";
import { countingWords, ruleOf } from "./rule-edits.ts";

/** The rule at which a cascade is wrong: the first that is to be written anew, or its last one. */
export function placeOf({ steps }: Cascade, repair: readonly Edit[]): RuleRef {
	const edited = new Set(
		repair.flatMap((edit) => (edit.kind === "replace" ? [edit.rule] : [])),
	);
	const refs = steps.map(({ asked }) => asked.at);
	return (refs.find(({ rule }) => edited.has(rule)) ?? refs.at(-1)) as RuleRef;
}

/** The words that count or draw there. */
export function partAt(ruleset: Ruleset, at: RuleRef): string {
	const placed = ruleOf(ruleset, at.rule);
	return placed === null ? at.text : countingWords(placed);
}

/** Services that share the rules have one finding: that of the first of them. */
export function oncePerRule(
	found: readonly { readonly service: string; readonly found: Found }[],
): readonly Found[] {
	const byRule = new Map<string, { found: Found; also: string[] }>();
	for (const { service, found: one } of found) {
		const key = `${one.at.rule} ${one.remedy}`;
		const known = byRule.get(key);
		if (known === undefined) byRule.set(key, { found: one, also: [] });
		else if (!one.message.includes(service)) known.also.push(service);
		else if (!known.found.message.includes(service)) known.also.push(service);
	}
	return [...byRule.values()].map(({ found: one, also }) => {
		const services = [...new Set(also)];
		if (services.length === 0) return one;
		const more =
			services.length > 3
				? `${services.length} more services`
				: services.join(", ");
		return {
			...one,
			happens: `${one.happens} The same rules are those of ${more}.`,
		};
	});
}
