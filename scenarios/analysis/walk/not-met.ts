import type { UnmetRule } from "./decision.ts";

/** Rules that are named; the others are counted. */
const MOST_NAMED = 3;

/** Rules that say where connections go and that no packet met, a sentence each, without an end: whatever they do was not looked at. */
export function notMet(unmet: readonly UnmetRule[]): readonly string[] {
	const left = unmet.filter(({ isTold }) => !isTold);
	const rules = left.slice(0, MOST_NAMED).map(({ rule, line, text }) => {
		const place = line > 0 ? `line ${line}` : rule;
		return `no packet that was walked matches ${place}: ${text}`;
	});
	return left.length > MOST_NAMED
		? [...rules, `nor ${left.length - MOST_NAMED} more rules`]
		: rules;
}
