import type { Scenario } from "../../language/scenario.ts";
export const conditionFacts: readonly Scenario[] = [];
