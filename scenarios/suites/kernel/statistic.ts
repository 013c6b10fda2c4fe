import type { Scenario } from "../../language/scenario.ts";
export const statisticFacts: readonly Scenario[] = [];
