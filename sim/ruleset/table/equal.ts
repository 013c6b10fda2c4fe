/**
 * Are two rules the same to `iptables -D` and `-C`? Everything but the counters is compared (libiptc
 * 1.8.9, `is_same`, `target_same`). A rule with a match whose kernel part keeps a pointer
 * (`-m condition`) never equals what user space builds.
 */

import type { MatchUse, Rule } from "../../contract/ruleset.ts";
import { matches as knownMatches } from "../../matches/index.ts";

/** The match for which no rule is the same as this one, not even itself; `null`: there is none. */
export function neverEqual({ matches }: Rule): string | null {
	const found = matches.find(({ name }) => knownMatches.get(name)?.neverEqual);
	return found?.name ?? null;
}

/** @param jumps both lead to the same chain, whatever it is called */
export function sameBut(a: Rule, b: Rule, jumps: boolean): boolean {
	return (
		sameData(a.header, b.header) &&
		sameData(a.asWritten?.needs, b.asWritten?.needs) &&
		a.matches.length === b.matches.length &&
		a.matches.every((use, index) => sameMatch(use, b.matches[index])) &&
		(jumps ? a.target?.kind === b.target?.kind : sameData(a.target, b.target))
	);
}

/**
 * Of the same rules the same, of other rules another.
 * @param to the chain that it jumps to
 */
export function ruleKey(
	rule: Rule,
	to: { readonly id: number } | null,
): string {
	const { header, matches, target, asWritten } = rule;
	const leads = to === null ? target : [target?.kind, to.id];
	const compared = matches.map((use) => [use.name, comparedOf(use)]);
	return textOf([header, compared, leads, asWritten?.needs]);
}

function sameMatch(a: MatchUse, b: MatchUse | undefined): boolean {
	return a.name === b?.name && sameData(comparedOf(a), comparedOf(b));
}

function comparedOf({ name, options }: MatchUse): unknown {
	return knownMatches.get(name)?.compared?.(options) ?? options;
}

/** Plain data as a text, its keys in order. */
function textOf(data: unknown): string {
	if (typeof data !== "object" || data === null)
		return typeof data === "string"
			? JSON.stringify(data)
			: Object.is(data, -0)
				? "-0"
				: String(data);
	if (Array.isArray(data)) return `[${data.map(textOf).join()}]`;
	const fields = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join()}}`;
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
