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

/** Where a rule stands, until an operation may have changed that: then it is known by its text. */
function placeKeyOf(table: string, chain: string, number: number): string {
	return `${table} ${chain} #${number}`;
}

/** Gives rules their keys by text, in their order: of two that are equal, each has its own. */
function textKeys(): (table: string, chain: string, text: string) => string {
	const seen = new Map<string, number>();
	return (table, chain, text) => {
		const key = `${table} ${chain} ${text}`;
		const before = seen.get(key) ?? 0;
		seen.set(key, before + 1);
		return `${key} ${before}`;
	};
}

/**
 * Rules that had counted something at any of these moments.
 * @param unchanged number of moments before rules may first have been replaced
 */
export function matchedRules(
	moments: readonly (readonly SavedLine[])[],
	unchanged: number,
): ReadonlySet<string> {
	return new Set(
		moments.flatMap((lines, at) => {
			const keyOf = textKeys();
			return lines
				.filter(({ kind }) => kind === "rule")
				.flatMap(({ table, chain, number, text, packets }) => {
					const key =
						at < unchanged
							? placeKeyOf(table, chain, number)
							: keyOf(table, chain, text);
					return packets > 0 ? [key] : [];
				});
		}),
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
		{
			setup: PlayableScenario["setup"];
			scenarios: number;
			matched: Set<string>;
		}
	>();
	for (const { scenario, matched } of played) {
		if (matched === null) continue;
		const { setup } = scenario;
		const key = JSON.stringify([setup.ruleset, setup.gateway.linux]);
		const group = groups.get(key) ?? {
			setup,
			scenarios: 0,
			matched: new Set(),
		};
		group.scenarios++;
		for (const one of matched) group.matched.add(one);
		groups.set(key, group);
	}
	return [...groups.values()].map(({ setup, scenarios, matched }) => {
		const rules = rulesOf(setup);
		const keyOf = textKeys();
		return {
			name: setup.ruleset.name,
			scenarios,
			rules: rules.length,
			unmatched: rules.filter(({ place, text }) => {
				const [table = "", chain = "", , number] = place.split(":");
				const keys = [
					placeKeyOf(table, chain, Number(number)),
					keyOf(table, chain, text),
				];
				return !keys.some((key) => matched.has(key));
			}),
		};
	});
}
