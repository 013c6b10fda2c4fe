/** `--given KIND:NAME`. */

import { keyOfNeed } from "../../sim/contract/need.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { NEEDS } from "../../sim/extension/values/need-words.ts";
import { openPoints } from "../../sim/ruleset/check/open-points.ts";
import { InputError } from "../screen/input-error.ts";

/**
 * What is there, as `keyOfNeed` spells it.
 * @throws InputError
 */
export function readGiven(text: string): string {
	const kinds = Object.keys(NEEDS);
	const at = text.indexOf(":");
	const [kind, name] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
	if (kinds.includes(kind) && name !== "") return text;
	const meant = kinds.includes(kind) ? null : nearest(kind, kinds);
	throw new InputError(
		`--given ${text}: ${at < 0 ? "it is no KIND:NAME" : `there is no kind "${kind}"`}`,
		`${meant === null ? "Write it as set:blocked." : `Did you mean ${meant}:${name}?`} The kinds are ${kinds.join(", ")}.`,
	);
}

/** @throws InputError for one that no rule of these rulesets needs */
export function mustBeNeeded(
	given: readonly string[],
	rulesets: readonly Ruleset[],
): void {
	const needed = rulesets.flatMap(({ tables }) =>
		openPoints(tables).needs.map(keyOfNeed),
	);
	for (const key of given) {
		if (needed.includes(key)) continue;
		const meant = nearest(key, needed);
		throw new InputError(
			`--given ${key}: no rule needs it`,
			meant === null
				? `${needed.length === 0 ? "The rules need nothing besides themselves" : `The rules need ${[...new Set(needed)].slice(0, 5).join(", ")}`}.`
				: `Did you mean ${meant}?`,
		);
	}
}
