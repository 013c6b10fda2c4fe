import type { DriverChoice } from "../options/driver-option.ts";
import type { ScenarioOptions } from "../options/scenario-options.ts";

export interface RunOptions extends ScenarioOptions {
	readonly on: DriverChoice;
	readonly assume: ReadonlyMap<string, "yes" | "no" | "either">;
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}
