import type { DriverChoice } from "../options/driver-option.ts";
import type { ScenarioOptions, TierKind } from "../options/scenario-options.ts";

export interface CompareOptions extends ScenarioOptions {
	readonly with: DriverChoice<Exclude<TierKind, "model">>;
	readonly verbose: boolean;
}
