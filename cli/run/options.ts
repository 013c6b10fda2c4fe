import type { Linux } from "../../sim/linux/linux.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import type { ScenarioOptions } from "../options/scenario-options.ts";

export interface RunOptions extends ScenarioOptions {
	readonly on: DriverChoice;
	/** In place of the Linux behind `on`. */
	readonly linux?: Linux;
	readonly assume: ReadonlyMap<string, "yes" | "no" | "either">;
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}
