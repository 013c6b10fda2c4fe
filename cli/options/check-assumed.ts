/** What `--assume` names has to be something that can be assumed. */
import {
	faultInRules,
	faultOfKey,
	MOST_EITHER,
	strangeAssumptions,
} from "../../scenarios/language/check/check-assumptions.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
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
		const fault = faultInRules(key, value, keys);
		if (fault !== null)
			throw new InputError(
				`--assume ${key}=${value}: ${fault.message}`,
				fault.remedy,
			);
	}
}

/** @throws InputError for a key that no rule of any of these scenarios has; of none, nothing is known */
export function mustBeInScenarios(
	assume: ReadonlyMap<string, "yes" | "no" | "either">,
	scenarios: readonly PlayableScenario[],
): void {
	for (const [key, value] of assume) {
		const faults = scenarios.map(
			({ setup, steps }) =>
				strangeAssumptions({
					setup: { ...setup, assume: { [key]: value } },
					steps,
				})[0],
		);
		const [fault] = faults;
		if (fault !== undefined && !faults.includes(undefined))
			throw new InputError(
				`--assume ${key}=${value}: ${fault.message}`,
				fault.remedy,
			);
	}
}
