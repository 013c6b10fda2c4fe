/** Are two rules the same to `iptables -D` and `-C`? */
import { matches as knownMatches } from "../matches/index.ts";
import type { MatchUse, Rule, RuleHeader, TargetUse } from "./ruleset.ts";

/**
 * Compares everything but the counters (libiptc 1.8.9, `is_same`, `target_same`). A rule with a match
 * whose kernel part keeps a pointer (`-m condition`) never equals what user space builds.
 */
export function sameRule(a: Rule, b: Rule): boolean {
	return (
		sameHeader(a.header, b.header) &&
		a.matches.length === b.matches.length &&
		a.matches.every((use, index) => sameMatch(use, b.matches[index])) &&
		sameTarget(a.target, b.target)
	);
}

function sameHeader(a: RuleHeader, b: RuleHeader): boolean {
	return sameData(a, b);
}

function sameMatch(a: MatchUse, b: MatchUse | undefined): boolean {
	if (a.name !== b?.name || knownMatches.get(a.name)?.neverEqual) return false;
	return sameData(a.options, b.options);
}

function sameTarget(a: TargetUse | null, b: TargetUse | null): boolean {
	return sameData(a, b);
}

/** Plain data, compared by what it holds. */
function sameData(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
	const keys = Object.keys(a);
	return (
		keys.length === Object.keys(b).length &&
		keys.every(
			(key) =>
				Object.hasOwn(b, key) &&
				sameData(
					(a as Readonly<Record<string, unknown>>)[key],
					(b as Readonly<Record<string, unknown>>)[key],
				),
		)
	);
}
