/** Which rules no packet of a whole suite matched: nothing was shown of them. */
import type { PlayableScenario } from "../language/scenario.ts";
import { type RulePlace, rulesOf } from "../result/rule-place.ts";
import type { SavedLine } from "../result/saved-ruleset.ts";

/** A ruleset that scenarios begin with. */
export interface RuleCoverage {
	/** As scenarios name it. */
	readonly name: string;
	readonly scenarios: number;
	readonly rules: number;
	/** Those that matched no packet in any of the scenarios. */
	readonly unmatched: readonly RulePlace[];
}

/** What a rule is known by, wherever it stands after an edit. */
function keyOf(table: string, chain: string, text: string): string {
	return `${table} ${chain} ${text}`;
}

/** Or by where it stands, until an operation may have changed that: some Linux spells rules otherwise. */
function placeKeyOf(table: string, chain: string, number: number): string {
	return `${table} ${chain} #${number}`;
}

/**
 * Rules that had counted something at any of these moments.
 * @param unchanged so many moments are before the first operation
 */
export function matchedRules(
	moments: readonly (readonly SavedLine[])[],
	unchanged: number,
): ReadonlySet<string> {
	return new Set(
		moments.flatMap((lines, at) =>
			lines
				.filter(({ kind, packets }) => kind === "rule" && packets > 0)
				.flatMap(({ table, chain, number, text }) => [
					keyOf(table, chain, text),
					...(at < unchanged ? [placeKeyOf(table, chain, number)] : []),
				]),
		),
	);
}

/** @param played scenarios, with what matched in each; `null` where that is not known */
export function ruleCoverage(
	played: readonly {
		readonly scenario: Pick<PlayableScenario, "setup">;
		readonly matched: ReadonlySet<string> | null;
	}[],
): readonly RuleCoverage[] {
	const groups = new Map<
		string,
		{ name: string; text: string; scenarios: number; matched: Set<string> }
	>();
	for (const { scenario, matched } of played) {
		if (matched === null) continue;
		const { name, text } = scenario.setup.ruleset;
		const key = `${name}\n${text}`;
		const group = groups.get(key) ?? {
			name,
			text,
			scenarios: 0,
			matched: new Set(),
		};
		group.scenarios++;
		for (const one of matched) group.matched.add(one);
		groups.set(key, group);
	}
	return [...groups.values()].map(({ name, text, scenarios, matched }) => {
		const rules = rulesOf({ name, text });
		return {
			name,
			scenarios,
			rules: rules.length,
			unmatched: rules.filter(({ place, text }) => {
				const [table = "", chain = "", , number] = place.split(":");
				const standing = placeKeyOf(table, chain, Number(number));
				return (
					!matched.has(keyOf(table, chain, text)) && !matched.has(standing)
				);
			}),
		};
	});
}
