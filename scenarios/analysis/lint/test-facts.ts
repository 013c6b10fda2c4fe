import { parseRules } from "../../../sim/script/check-rules.ts";
import { analyse } from "../services/analysis.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import type { Facts } from "./facts.ts";

/** Facts of a ruleset of which nothing but its rules is known. */
export function rulesAlone(text: string, file = "my.rules"): Facts {
	return { file, ...analyse(parseRules(text, { file }).ruleset) };
}

/** Facts of a ruleset whose sets are given. */
export function rulesWithSets(text: string, sets: string): Facts {
	const file = "my.rules";
	const given = { ...NOTHING_GIVEN, sets };
	return { file, ...analyse(parseRules(text, { file }).ruleset, given) };
}
