import { parseRules } from "../../../sim/script/check-rules.ts";
import { analyse } from "../services/analysis.ts";
import type { Facts } from "./facts.ts";

/** Facts of a ruleset of which nothing but its rules is known. */
export function rulesAlone(text: string, file = "my.rules"): Facts {
	return { file, ...analyse(parseRules(text, { file }).ruleset) };
}
