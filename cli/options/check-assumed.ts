/** What `--assume` names has to be something that can be assumed. */
import {
	faultOfKey,
	MOST_EITHER,
} from "../../scenarios/language/check/check-assumptions.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { assumableKeys } from "../../sim/ruleset/check/assumable.ts";
import { InputError } from "../screen/input-error.ts";

/** @throws InputError for a key that names nothing, and for more open ones than can be played */
export function mustBeAssumable(
	assume: ReadonlyMap<string, "yes" | "no" | "either">,
): void {
	for (const [key, value] of assume) {
		const fault = faultOfKey(key);
		if (fault !== null)
			throw new InputError(
				`--assume ${key}=${value}: ${fault.message}`,
				fault.remedy,
			);
	}
	const open = [...assume.values()].filter((value) => value === "either");
	if (open.length > MOST_EITHER)
		throw new InputError(
			`--assume: ${open.length} keys are either, and each is taken both ways`,
			`Let ${MOST_EITHER} of them be either at most, and the others yes or no.`,
		);
}

/** @throws InputError for a key that no rule of these rulesets has */
export function mustBeInRules(
	assume: ReadonlyMap<string, "yes" | "no" | "either"> | undefined,
	rulesets: readonly Ruleset[],
): void {
	if (assume === undefined || assume.size === 0) return;
	const keys = new Set(rulesets.flatMap((one) => [...assumableKeys(one)]));
	for (const [key, value] of assume) {
		if (keys.has(key)) continue;
		const [kind = ""] = key.split(":", 1);
		const alike = [...keys].filter((one) => one.startsWith(`${kind}:`));
		const meant = nearest(key, alike);
		const [first] = alike;
		throw new InputError(
			`--assume ${key}=${value}: no rule has a match of that kind and name`,
			meant !== null
				? `Did you mean ${meant}=${value}?`
				: first === undefined
					? `Nothing in the rules can be assumed as ${kind}:NAME.`
					: `The rules have ${alike.slice(0, 5).join(", ")}${alike.length > 5 ? " …" : ""}.`,
		);
	}
}
