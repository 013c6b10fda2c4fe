import type { Scenario } from "../../language/scenario.ts";
export const conntrackFacts: readonly Scenario[] = [];
