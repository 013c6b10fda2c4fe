/** A ruleset that is analysed, on the machine that is known or assumed. */
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { RulesAndWorld, WorldOptions } from "../options/world-options.ts";
import { loaded } from "./load-rules.ts";

/** Rules, what was told of their machine, and what follows from both. */
export interface Analysed extends RulesAndWorld {
	readonly analysis: Analysis;
}

/**
 * @param file as it was named for RULES
 * @returns `null` where it would not load: its faults are printed
 * @throws InputError, ScenarioError
 */
export async function analysed(
	file: string,
	options: WorldOptions,
): Promise<Analysed | null> {
	const told = await readRulesAndWorld(file, options);
	const ruleset = loaded(told.rules.text, told.rules.name, told.given);
	if (ruleset === null) return null;
	return { ...told, analysis: analyse(ruleset, told.given) };
}
