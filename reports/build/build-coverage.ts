/** Which rules no packet of a suite matched → what is shown of it. */
import type { RuleCoverage } from "../../scenarios/details/rule-coverage.ts";
import type { Report } from "../contract/report.ts";

/** Rulesets that are told of, and rules of each. */
const MOST_RULESETS = 100;
const MOST_UNMATCHED = 50;

/** @returns `null` where nothing is known */
export function coverageOf(all: readonly RuleCoverage[]): Report["coverage"] {
	const counted = all.filter(({ rules }) => rules > 0);
	if (counted.length === 0) return null;
	const short = counted
		.filter(({ unmatched }) => unmatched.length > 0)
		.sort((one, other) => other.scenarios - one.scenarios);
	return {
		whole: counted.length - short.length,
		omitted: Math.max(0, short.length - MOST_RULESETS),
		shown: short
			.slice(0, MOST_RULESETS)
			.map(({ name, scenarios, rules, unmatched }) => ({
				name,
				scenarios,
				rules,
				unmatched: unmatched.length,
				shown: unmatched
					.slice(0, MOST_UNMATCHED)
					.map(({ line, text }) => ({ line, text })),
			})),
	};
}
